#!/usr/bin/env bash
# Installs, builds, and opens VS Code with the extension and an example running under the profiler; see scripts/start.mjs.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/bootstrap.sh
exec node scripts/start.mjs "$@"
