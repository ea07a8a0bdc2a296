package main

import (
	"fmt"
	"os/exec"
	"testing"

	"flameline.dev/helper/internal/wire"
)

// slotsOfWaits is MOST_THREADS of bpf/waits.h.
const slotsOfWaits = 4096

// TestThreadsBeyondTheTableOfWaitsAreCounted records a program of 5,000 threads, each of which waits five times: as many as there is room for are
// followed, and what the others do is counted as lost.
func TestThreadsBeyondTheTableOfWaitsAreCounted(t *testing.T) {
	needKernel(t)
	folder := t.TempDir()
	program := exec.Command(compileFile(t, folder, "testdata/crowd.c", "-O1", "-pthread"), "5000", "5")
	r, said := recordEvents(t, program, []wire.EventName{wire.EventOffCPU})
	var threads, waits int
	var slept float64
	if n, _ := fmt.Sscan(said, &threads, &waits, &slept); n != 3 || threads != 5000 {
		t.Skipf("skipped: 5,000 threads can't be made here: %q", said)
	}
	followed, found := map[int32]bool{}, 0.0
	for i := range r.samples.Stack {
		if thread := r.threads[r.samples.Thread[i]]; thread.Name == "crowd" {
			followed[thread.TID] = true
			found += float64(r.samples.Value[i])
		}
	}
	t.Logf("%d threads slept %d times for %.1f s in all; %d followed, %.1f s found; loss %+v", threads, waits, slept/1e9, len(followed), found/1e9, r.last.Loss)
	// A thread that ends leaves its room to another.
	room := float64(slotsOfWaits) / float64(threads)
	if len(followed) < slotsOfWaits || found < 0.95*room*slept || found > 1.05*slept {
		t.Errorf("%d threads were followed for %.1f s of %.1f, with room for %d", len(followed), found/1e9, slept/1e9, slotsOfWaits)
	}
	if mean := slept / float64(waits); r.last.Loss.Lost < int64(threads-slotsOfWaits) || found+float64(r.last.Loss.Lost)*mean < 0.95*slept {
		t.Errorf("with the %d lost waits of %.0f ms %.1f s are told of %.1f", r.last.Loss.Lost, mean/1e6, (found+float64(r.last.Loss.Lost)*mean)/1e9, slept/1e9)
	}
}
