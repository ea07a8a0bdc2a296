package main

import (
	"fmt"
	"math"
	"os/exec"
	"strings"
	"testing"

	"flameline.dev/helper/internal/wire"
)

// allocationTolerance is what a line's bytes are held to, where it asked for leastAllocated bytes or more.
const (
	allocationTolerance = 0.1
	leastAllocated      = 100e6
)

// TestAllocationsByFunctionAreTheProgramsOwn compares what was asked for, and what of it was held, with the program's own account.
func TestAllocationsByFunctionAreTheProgramsOwn(t *testing.T) {
	needKernel(t)
	program := exec.Command(compileFile(t, t.TempDir(), "testdata/allocator.c", "-O1", "-pthread", "-fno-optimize-sibling-calls", "-fno-builtin"))
	r, said := recordEvents(t, program, []wire.EventName{wire.EventAlloc, wire.EventHeap})
	found := map[wire.EventName]map[string]float64{wire.EventAlloc: {}, wire.EventHeap: {}}
	for i, event := range r.samples.Event {
		for _, function := range r.stack(i) {
			found[event][function] += float64(r.samples.Value[i])
		}
	}
	compared := 0
	for line := range strings.Lines(said) {
		var function string
		var asked, held float64
		if n, err := fmt.Sscan(line, &function, &asked, &held); n != 3 {
			t.Fatalf("the program said %q: %v", line, err)
		}
		for _, one := range []struct {
			event wire.EventName
			bytes float64
		}{{wire.EventAlloc, asked}, {wire.EventHeap, held}} {
			got := found[one.event][function]
			t.Logf("%-9s %-5s said %11.0f, found %11.0f", function, one.event, one.bytes, got)
			if one.bytes >= leastAllocated {
				compared++
			} else if one.event == wire.EventAlloc {
				t.Errorf("%s asked for %.0f bytes only: too little to compare", function, one.bytes)
			}
			if math.Abs(got-one.bytes) > allocationTolerance*max(one.bytes, leastAllocated) {
				t.Errorf("%s has %.0f bytes of %s, and %.0f were found", function, one.bytes, one.event, got)
			}
		}
	}
	if compared < 10 {
		t.Errorf("only %d sums were compared", compared)
	}
	t.Logf("%d samples, boxes %+v, loss %+v, cost %+v", len(r.samples.Stack), r.boxes, r.last.Loss, r.last.Cost)
}
