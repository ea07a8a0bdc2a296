#!/usr/bin/env bash
# Compiles our BPF programs for both processors; the objects are committed, so only those who change them need clang.
# `--check` compiles aside and says whether the committed objects are current (they carry the clang version).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
folder=../internal/capture
check=""
if [ "${1:-}" = "--check" ]; then
  check=yes
  folder="$(mktemp -d)"
  trap 'rm -rf "$folder"' EXIT
  recorded="$(cat clang-version)"
  if ! command -v clang >/dev/null || [ "$(clang --version | head -1)" != "$recorded" ]; then
    echo "skipped: the BPF objects were compiled by $recorded, which is not installed here"
    exit 0
  fi
fi
for arch in x86:amd64 arm64:arm64; do
  object="$folder/gate_${arch#*:}.o"
  clang -target bpf -mcpu=v3 -O2 -g -D"__TARGET_ARCH_${arch%:*}" -Wall -Wno-unused-variable -Wno-unused-function -Werror \
    -ffile-prefix-map="$PWD"=. -c gate.bpf.c -o "$object"
  llvm-strip -g "$object"
  if [ -n "$check" ]; then
    cmp "$object" "../internal/capture/gate_${arch#*:}.o" || { echo "run npm run build:bpf and commit the objects" >&2; exit 1; }
  fi
done
[ -n "$check" ] || clang --version | head -1 > clang-version
