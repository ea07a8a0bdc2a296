#!/usr/bin/env bash
# The whole test run; see scripts/test.mjs for its stages and docs/testing.md for what each needs.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/bootstrap.sh
exec node scripts/test.mjs "$@"
