#!/usr/bin/env bash
# Builds the helper: a static, stripped binary.
#
#   bash bpf-helper/build.sh [--arch amd64|arm64] [--output FILE] [--version TEXT]
#                                     default: this machine's, dist/flameline-helper, the version of package.json
#   bash bpf-helper/build.sh --vendor-only                            only what `go vet` and `go test` need
#
# The engine is vendored (ignored by git) and our files under engine-patches/ are copied over it, so that every Go tool
# sees the same sources without flags. A few of its functions are not called any more: ours are in their place.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
arch="$(go env GOARCH)"
output="../dist/flameline-helper"
vendor_only=""
version=""
while [ $# -gt 0 ]; do
  case "$1" in
    --arch) arch="$2"; shift 2 ;;
    --output) output="$(cd "$OLDPWD" && realpath -m "$2")"; shift 2 ;;
    --version) version="$2"; shift 2 ;;
    --vendor-only) vendor_only=yes; shift ;;
    *) echo "build.sh: unknown argument $1; try --arch, --output, --version or --vendor-only" >&2; exit 2 ;;
  esac
done

engine=vendor/go.opentelemetry.io/ebpf-profiler
# What is imported decides what is vendored.
imports="$(find . -path ./vendor -prune -o -name '*.go' -print0 | sort -z | xargs -0 grep -hoE '"[a-z0-9-]+\.[a-z]+/[^"]+"$' | sort -u)"
state="$( (cat go.mod go.sum build.sh; echo "$imports") | sha256sum)"
# Another build at the same time must not see half a vendor folder: making it takes the lock alone, building shares it.
exec 9>.vendor.lock
flock 9
if [ "$(cat vendor/.state 2>/dev/null || true)" != "$state" ]; then
  rm -rf .vendor.new
  # -e: a package that only the engine's own tests import is not served by every proxy.
  go mod vendor -e -o .vendor.new 2> >(grep -v "sig-profiling\|not available\|pdata.test imports" >&2 || true)
  test -d ".vendor.new/${engine#vendor/}" || { echo "build.sh: go mod vendor did not bring the engine" >&2; exit 1; }
  (cd engine-patches && find . -name '*.go') | while read -r file; do
    install -m 644 "engine-patches/$file" ".vendor.new/${engine#vendor/}/$file"
  done
  # The engine's own ways to send what it saw are not ours; without them go gRPC and protobuf, a third of the program.
  (cd ".vendor.new/${engine#vendor/}/reporter" && rm -r internal samples/attrmgr.go && find . -maxdepth 1 -name '*.go' ! -name iface.go -delete)
  echo "$state" > .vendor.new/.state
  rm -rf .vendor.old
  [ ! -d vendor ] || mv vendor .vendor.old
  mv .vendor.new vendor
  rm -rf .vendor.old
fi
(cd engine-patches && find . -name '*.go') | while read -r file; do
  cmp -s "engine-patches/$file" "$engine/$file" || install -m 644 "engine-patches/$file" "$engine/$file"
done
# calls FILE OLD NEW puts a call of a function of ours in the place of the engine's.
calls() {
  ! grep -q "$2" "$engine/$1" || sed -i "s/$2/$3/" "$engine/$1"
  grep -qF "$3" "$engine/$1" || { echo "build.sh: the engine's $1 has changed: $2 is not in it" >&2; exit 1; }
}
calls interpreter/python/python.go "= walkLocationTable$" "= lineInLocationTable"
calls interpreter/python/python.go "= walkLineTable$" "= lineInLineTable"
calls interpreter/nodev8/v8.go "(i.mapBaselineCodeOffsetToBytecode(" "(i.bytecodeAtBaselineOffset("
calls processmanager/manager.go "pm.findMappingForTrace(pid, fileID, address)" "pm.mappingOf(pid, fileID, address)"
calls process/process.go "return os.Open(filename)" "return OpenFile(filename)"
calls processmanager/processinfo.go "pm.getELFInfo(" "pm.survivingELFInfo("
calls processmanager/processinfo.go "interpreterMapping := isInterpreterMapping(" "interpreterMapping := notedInterpreterMapping("
calls processmanager/processinfo.go "pm.eim.AddOrIncRef(" "pm.survivingAdd("
calls libpf/pfelf/file.go "if h2&1 != 0 {" "if endsChain(h2, offs-f.gnuHash.addr) {"
calls libpf/pfelf/file.go "for i != 0 && i < hdr.numSymbols {" "for links := 0; inChain(i, hdr.numSymbols, links); links++ {"
calls libpf/pfelf/notes.go "buf = make(\[\]byte, alignedSize)" "if buf = roomForNote(alignedSize); buf == nil { return errLargeNote }"
calls libpf/pfbufio/reader.go "r.nbuf = n + preserve" "r.nbuf = r.took(n) + preserve"
calls nativeunwind/stackdeltatypes/stackdeltatypes.go "append(\*deltas, StackDelta{Offset: offset, Info: info})" "append(*deltas, counted(StackDelta{Offset: offset, Info: info}))"
calls nativeunwind/stackdeltatypes/stackdeltatypes.go "append(intervals.Blocks, &bb)" "append(intervals.Blocks, countedBlock(bb))"
calls nativeunwind/elfunwindinfo/elfgopclntab.go "p.pcStart = p.pcEnd$" "pfbufio.Spend(4); p.pcStart = (p.pcEnd)"
calls processmanager/processinfo.go "data.Attach(pm.ebpf, pid, bias, pr.GetRemoteMemory())" "SurvivingAttach(data, pm.ebpf, pid, bias, pr.GetRemoteMemory())"
calls processmanager/execinfomanager/manager.go "= make(\[\]uint16, numPages)" "= make([]uint16, spanned(numPages))"
calls processmanager/processinfo.go "= pm.newFrameMapping(" "= pm.notedFrameMapping("
calls processmanager/processinfo.go ":= pr.GetMappingFileLastModified(mapping)" ":= lastModified(pr, mapping)"
calls tracer/tracer.go "noPrealloc := probeNoPrealloc()" "noPrealloc := withOurSizes(adaption)"
calls tracer/systemconfig.go "err := determineStackPtregs(coll, maps, vars); err" "err := agreedStackPtregs(coll, maps, vars); err"
calls nativeunwind/elfunwindinfo/elfgopclntab.go "if fileStrategy == strategyFramePointer {" \
  "if fileStrategy = g.strategyFor(fun, fileStrategy); strategyFramePointer == fileStrategy {"
[ -z "$vendor_only" ] || exit 0
flock -s 9

[ -n "$version" ] || version="$(sed -n 's/^  "version": "\(.*\)",$/\1/p' ../package.json | head -1)"
mkdir -p "$(dirname "$output")"
CGO_ENABLED=0 GOOS=linux GOARCH="$arch" go build -trimpath -buildvcs=false \
  -ldflags "-s -w -X flameline.dev/helper/internal/wire.HelperVersion=${version:-0.0.0}" -o "$output" .
# What is installed as a service, and run as root, is compared with this.
(cd "$(dirname "$output")" && sha256sum "$(basename "$output")") > "$output.sha256"
