package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"flameline.dev/helper/internal/wire"
)

// TestAGoFunctionWithoutAFrameKeepsItsCaller records a function that calls nothing, as most hot ones do.
func TestAGoFunctionWithoutAFrameKeepsItsCaller(t *testing.T) {
	needKernel(t)
	folder := t.TempDir()
	binary := filepath.Join(folder, "worker")
	if out, err := exec.Command("go", "build", "-o", binary, "./testdata/guest/worker.go").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	program := run1(t, folder, binary)
	c := connect(t, startHelper(t, "--user", fmt.Sprint(testUID)).socket)
	c.warm()
	r := c.record(wire.Target{Kind: wire.TargetProcess, PID: int32(program.Process.Pid)}, 199, 3*time.Second)
	works, called := 0, 0
	for i := range r.samples.Stack {
		stack := r.stack(i)
		at := slices.Index(stack, "main.goWorks")
		if at < 0 || len(stack) == at+1 || stack[at+1] == "[broken]" {
			continue // before the engine knew the program
		}
		works++
		if stack[at+1] == "main.main" {
			called++
		}
	}
	if works < 100 || called < works*99/100 {
		t.Errorf("main.main called main.goWorks in %d of %d stacks", called, works)
	}
}
