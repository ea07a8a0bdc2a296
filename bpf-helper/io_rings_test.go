package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"flameline.dev/helper/internal/wire"
)

// TestOperationsOfRingsAreCounted compares what was counted of a program that uses io_uring alone with its own account.
func TestOperationsOfRingsAreCounted(t *testing.T) {
	needKernel(t)
	if disabled, err := os.ReadFile("/proc/sys/kernel/io_uring_disabled"); err != nil || strings.TrimSpace(string(disabled)) == "2" {
		t.Skipf("skipped: this kernel has no io_uring, or not for anybody: %s %v", disabled, err)
	}
	folder := t.TempDir()
	program := exec.Command(compileFile(t, folder, "testdata/uring.c", "-g", "-O1"), folder+"/file")
	r, said := recordEvents(t, program, transferEvents)
	var bytes, operations int64
	if n, _ := fmt.Sscan(said, &bytes, &operations); n != 2 {
		t.Skipf("skipped: io_uring is refused here: %v %q", program.ProcessState, said)
	}
	found := counted(r, wire.CountRing, "")
	t.Logf("said %d bytes in %d operations, counted %d in %d", bytes, operations, found.bytes, found.calls)
	if found.bytes != bytes || found.calls != operations {
		t.Errorf("%d bytes in %d operations were counted, not %d in %d", found.bytes, found.calls, bytes, operations)
	}
	for i := range r.samples.Stack {
		if strings.Contains(r.stack(i)[0], folder+"/file") {
			t.Fatalf("a sample has bytes of the ring's: %v", r.stack(i))
		}
	}
}
