package main

import (
	"math"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"flameline.dev/helper/internal/wire"
)

var transferEvents = []wire.EventName{wire.EventRead, wire.EventWrite, wire.EventSend, wire.EventReceive}

// TestBytesAreThoseOfTheProgram compares what was recorded of each function with the program's own account.
func TestBytesAreThoseOfTheProgram(t *testing.T) {
	needKernel(t)
	folder := t.TempDir()
	program := exec.Command(compileFile(t, folder, "testdata/transfer.c", "-g", "-O1", "-pthread"), "4000", folder)
	r, said := recordEvents(t, program, transferEvents)
	found := map[string]float64{}
	leaves := map[string]map[string]float64{}
	for i := range r.samples.Stack {
		stack := r.stack(i)
		for _, name := range stack {
			found[name] += float64(r.samples.Value[i])
		}
		for _, name := range stack[1:] {
			if leaves[name] == nil {
				leaves[name] = map[string]float64{}
			}
			leaves[name][string(r.samples.Event[i])+" "+stack[0]] += float64(r.samples.Value[i])
		}
	}
	for line := range strings.Lines(said) {
		parts := strings.Fields(line)
		bytes, err := strconv.ParseFloat(parts[3], 64)
		if err != nil {
			t.Fatalf("the program said %q", line)
		}
		t.Logf("%-20s said %12.0f found %12.0f %+.2f %% %v", parts[0], bytes, found[parts[0]], 100*(found[parts[0]]-bytes)/bytes, leaves[parts[0]])
		if parts[0] == "copying" {
			continue
		}
		if math.Abs(found[parts[0]]-bytes) > 0.05*bytes {
			t.Errorf("%s transferred %.0f bytes and %.0f were found", parts[0], bytes, found[parts[0]])
		}
	}
	t.Logf("%d samples, loss %+v, cost %+v", len(r.samples.Stack), r.last.Loss, r.last.Cost)
}
