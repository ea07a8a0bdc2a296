package main

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"testing"
)

// shortProcesses is how many the test below starts; FLAMELINE_SHORT_PROCESSES=2000 is the full measure.
const shortProcesses = 200

// TestShortProcessesAreCountedAndPartlyWhole starts a program of 20 ms again and again: each has samples, and at least a third of
// those in its work have whole stacks.
func TestShortProcessesAreCountedAndPartlyWhole(t *testing.T) {
	needKernel(t)
	count := shortProcesses
	if text := os.Getenv("FLAMELINE_SHORT_PROCESSES"); text != "" {
		count, _ = strconv.Atoi(text)
	}
	folder := t.TempDir()
	binary := compile(t, folder)
	script := write(t, folder, "many.sh", fmt.Sprintf("i=0; while [ $i -lt %d ]; do %s once; i=$((i+1)); done\n", count, binary))
	c := connect(t, startHelper(t, "--user", fmt.Sprint(testUID)).socket)
	c.warm()
	r := c.recordUntil(workspace(folder), 999, func() { _ = exec.Command("sh", script).Run() })
	samples, whole, processes, first := 0, 0, map[int]bool{}, -1
	for i := range r.samples.Stack {
		process := r.threads[r.samples.Thread[i]].Process
		if r.processes[process].Executable != binary {
			continue
		}
		if first < 0 {
			first = process
		}
		processes[process] = true
		if stack := r.stack(i); process != first && slices.Contains(stack, "burn") {
			samples++
			if slices.Contains(stack, "main") {
				whole++
			}
		}
	}
	share := float64(whole) / float64(max(1, samples))
	t.Logf("%d of %d processes have samples; %d samples in burn, %.1f %% of them with main; loss %+v",
		len(processes), count, samples, 100*share, r.last.Loss)
	if len(processes) < count*95/100 {
		t.Errorf("%d of %d processes have samples", len(processes), count)
	}
	// The mappings of each process are read once it runs, so the first milliseconds of each have their leaf only.
	if share < 0.3 {
		t.Errorf("%.1f %% of the samples have whole stacks", 100*share)
	}
}
