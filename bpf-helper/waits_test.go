package main

import (
	"fmt"
	"io"
	"math"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"flameline.dev/helper/internal/wire"
)

// warmUp is the time in which the helper reads what a program has mapped: before that its stacks are not whole.
const warmUp = 2 * time.Second

var offCPU = []wire.EventName{wire.EventOffCPU}

// TestWaitsAreMeasuredAndClassed compares the waits of a program with what it says itself of them: total, by function, by class.
func TestWaitsAreMeasuredAndClassed(t *testing.T) {
	needKernel(t)
	folder := t.TempDir()
	binary := compileFile(t, folder, "testdata/waiter.c", "-pthread")
	program := exec.Command(binary, "25", filepath.Join(folder, "data"))
	// Something else must want the processors, or nothing waits for one.
	for range runtime.NumCPU() {
		run1(t, "/", "sh", "-c", "while :; do :; done")
	}
	r, said := recordWaits(t, program)
	w := tallyWaits(t, r, said)
	if r.last.Loss.Waits < r.last.Loss.WaitStacks || r.last.Loss.WaitStacks < 200 {
		t.Errorf("the stacks of %d of %d waits were taken", r.last.Loss.WaitStacks, r.last.Loss.Waits)
	}
	for name := range w.said {
		if math.Abs(w.said[name]-w.found[name]) > 0.03*w.saidTotal {
			t.Errorf("%s waited %.1f ms and %.1f ms were found", name, w.said[name]/1e6, w.found[name]/1e6)
		}
	}
	if math.Abs(w.saidTotal-w.foundTotal) > 0.05*w.saidTotal {
		t.Errorf("the program waited %.1f ms and %.1f ms were found", w.saidTotal/1e6, w.foundTotal/1e6)
	}
}

// recordWaits starts a program that waits for our word, records its waits to its end, and gives what it said of them itself.
func recordWaits(t *testing.T, program *exec.Cmd) (r *recorded, said string) {
	t.Helper()
	return recordEvents(t, program, offCPU)
}

// recordEvents is recordWaits for other events.
func recordEvents(t *testing.T, program *exec.Cmd, events []wire.EventName) (r *recorded, said string) {
	t.Helper()
	return recordProcess(t, program, wire.Target{Kind: wire.TargetProcess}, events)
}

// recordProcess is recordEvents of a target whose process is the program's.
func recordProcess(t *testing.T, program *exec.Cmd, target wire.Target, events []wire.EventName) (r *recorded, said string) {
	t.Helper()
	input, _ := program.StdinPipe()
	output, _ := program.StdoutPipe()
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	helper := startHelper(t, "--user", fmt.Sprint(testUID))
	c := connect(t, helper.socket)
	c.warm()
	target.PID = int32(program.Process.Pid)
	r = c.recordEvents(target, events, 99, func() {
		waitForRest(t, helper)
		_, _ = input.Write([]byte("g"))
		text, _ := io.ReadAll(output)
		said = string(text)
		_ = program.Wait()
	})
	return r, said
}

// waitTally is how long each function of testdata/waiter.c waited, in ns, as it said itself and as was recorded.
type waitTally struct {
	said, found           map[string]float64
	saidTotal, foundTotal float64
}

// tallyWaits puts together what was recorded of testdata/waiter.c and what it said. The classes must be right.
func tallyWaits(t *testing.T, r *recorded, said string) waitTally {
	t.Helper()
	w := waitTally{said: map[string]float64{}, found: map[string]float64{}}
	for line := range strings.Lines(said) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		ns, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatalf("the program said %q", line)
		}
		w.said[name] = ns
		w.saidTotal += ns
	}
	if w.saidTotal == 0 {
		t.Fatal("the program did not say how long it waited")
	}
	classes := map[string]string{
		"sleeping": "[sleep]", "locking": "[lock]", "piping": "[pipe]", "receiving": "[network]", "reaping": "[child]",
		"syncing": "[disk]", "faulting": "[page-in]", "computing": "[run queue]",
	}
	right, preempted := map[string]float64{}, map[string]float64{}
	for i := range r.samples.Stack {
		if r.samples.Event[i] != wire.EventOffCPU {
			continue
		}
		stack := r.stack(i)
		for name, class := range classes {
			if slices.Contains(stack, name) {
				value := float64(r.samples.Value[i])
				w.found[name] += value
				w.foundTotal += value
				switch stack[0] {
				case class:
					right[name] += value
				case "[run queue]": // something else had the processor, which is not the function's doing
					preempted[name] += value
				default:
					t.Logf("%s: %.1f ms as %v", name, value/1e6, stack[:min(len(stack), 12)])
				}
			}
		}
	}
	for name := range classes {
		own := w.found[name] - preempted[name]
		share := right[name] / max(own, 1)
		t.Logf("%-10s said %8.2f ms, found %8.2f ms, class right in %5.1f %%", name, w.said[name]/1e6, w.found[name]/1e6, 100*share)
		if own > 0 && share < 0.95 {
			t.Errorf("of %s's waits %.1f %% have the class %s", name, 100*share, classes[name])
		}
	}
	t.Logf("total said %.2f ms, found %.2f ms; %d samples, loss %+v", w.saidTotal/1e6, w.foundTotal/1e6, len(r.samples.Stack), r.last.Loss)
	return w
}

// TestTotalsHoldWhereStacksAreThinned records a program that switches some hundred thousand times a second.
func TestTotalsHoldWhereStacksAreThinned(t *testing.T) {
	needKernel(t)
	folder := t.TempDir()
	program := exec.Command(compileFile(t, folder, "testdata/pingpong.c", "-O1", "-pthread"), "4")
	r, said := recordWaits(t, program)
	total, found := 0.0, 0.0
	for line := range strings.Lines(said) {
		_, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		ns, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatalf("the program said %q", line)
		}
		total += ns
	}
	for i := range r.samples.Stack {
		if !slices.Contains(r.stack(i), "[waiting since before the recording]") { // for our word to begin
			found += float64(r.samples.Value[i])
		}
	}
	t.Logf("said %.1f ms, found %.1f ms with %d samples; loss %+v; BPF %.1f ms, helper %.1f ms", total/1e6, found/1e6, len(r.samples.Stack),
		r.last.Loss, float64(r.last.Cost.BPFNs)/1e6, float64(r.last.Cost.HelperCPUNs)/1e6)
	if math.Abs(found-total) > 0.02*total {
		t.Errorf("%.1f ms were found of %.1f", found/1e6, total/1e6)
	}
}
