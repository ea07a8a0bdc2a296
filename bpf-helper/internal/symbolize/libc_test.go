package symbolize

import (
	"flameline.dev/helper/internal/mapped"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLibcHasLinesWhereItsDebugFileIsInstalled(t *testing.T) {
	const libc = "/lib/x86_64-linux-gnu/libc.so.6"
	file, err := os.Open(libc)
	if err != nil {
		t.Skip("no Debian libc for amd64 here")
	}
	defer file.Close()
	note := run(t, "readelf", "-n", libc)
	_, rest, _ := strings.Cut(note, "Build ID: ")
	id, _, _ := strings.Cut(rest, "\n")
	debug := mapped.OpenDebugFile(mapped.Process{PID: os.Getpid(), PeerUID: uint32(os.Getuid())}, id)
	if debug == nil {
		t.Skip("libc6-dbg is not installed")
	}
	defer debug.Close()
	for line := range strings.Lines(run(t, "nm", "-D", "--defined-only", libc)) {
		fields := strings.Fields(line)
		if len(fields) != 3 || !strings.HasPrefix(fields[2], "qsort@@") {
			continue
		}
		local := NewLocal()
		defer local.Close()
		results, err := local.Symbolize(t.Context(), Module{Key: libc, File: file, Debug: debug},
			[]Address{{Addr: number(t, fields[0], 16) + 1}})
		if err != nil {
			t.Fatal(err)
		}
		p := results[0].Positions
		if len(p) == 0 || results[0].Language != "c" || filepath.Base(p[0].File) != "msort.c" || p[0].Line == 0 {
			t.Errorf("%+v", results[0])
		}
		return
	}
}
