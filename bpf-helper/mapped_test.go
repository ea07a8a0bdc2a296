package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"flameline.dev/helper/internal/wire"
)

// TestReadsOfMappedFilesAreCounted compares the page faults that read a device with the program's own account: of a time in which the
// process lives on, and of the moment before it ends.
func TestReadsOfMappedFilesAreCounted(t *testing.T) {
	needKernel(t)
	folder := t.TempDir()
	program := exec.Command(compileFile(t, folder, "testdata/mapper.c", "-g", "-O1"), filepath.Join(folder, "mapped"))
	r, said := recordProcess(t, program, wire.Target{Kind: wire.TargetProcess}, []wire.EventName{wire.EventCPU})
	var first, last int64
	if _, err := fmt.Sscanf(said, "first %d\nlast %d\n", &first, &last); err != nil {
		t.Fatalf("the program said %q", said)
	}
	if first < 100 || last < 100 {
		t.Skipf("the file system of %s keeps what it is told to drop: only %d and %d page faults read a device", folder, first, last)
	}
	found, bytes := int64(0), int64(0)
	for _, c := range r.counts {
		if c.kind == wire.CountMap && c.subject == "" {
			found, bytes = found+c.calls, bytes+c.bytes
		}
	}
	t.Logf("said %d and %d, found %d with %d bytes", first, last, found, bytes)
	// The program's own pages and the libraries' may be read, too.
	if most := first + last + 200; found < first+last || found > most {
		t.Errorf("%d page faults were found, and the program says %d", found, first+last)
	}
	if bytes != found*int64(os.Getpagesize()) {
		t.Errorf("%d bytes for %d page faults", bytes, found)
	}
}
