package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"flameline.dev/helper/internal/wire"
)

// TestWhoEndsAWaitIsTold records a program whose waits are each ended by a thread that it names.
func TestWhoEndsAWaitIsTold(t *testing.T) {
	needKernel(t)
	folder := t.TempDir()
	r, said := recordWaits(t, exec.Command(compileFile(t, folder, "testdata/woken.c", "-pthread"), "160"))
	wakers := map[string]string{}
	for line := range strings.Lines(said) {
		function, waker, _ := strings.Cut(strings.TrimSpace(line), " ")
		wakers[function] = waker
	}
	if len(wakers) == 0 {
		t.Fatalf("the program said %q", said)
	}
	all, right := map[string]int{}, map[string]int{}
	for i := range r.samples.Stack {
		stack := r.stack(i)
		// One that is ready to run waits for nobody.
		if r.samples.Event[i] != wire.EventOffCPU || stack[0] == "[run queue]" {
			continue
		}
		for function, waker := range wakers {
			if !slices.Contains(stack, function) {
				continue
			}
			all[function]++
			if len(stack) > 1 && slices.Contains(strings.Fields(strings.Trim(stack[1], "[]")), waker) {
				right[function]++
			} else {
				t.Logf("%s: %v", function, stack[:min(len(stack), 6)])
			}
		}
	}
	for function, waker := range wakers {
		t.Logf("%s: %d of %d by %s", function, right[function], all[function], waker)
		if all[function] < 20 || float64(right[function]) < 0.95*float64(all[function]) {
			t.Errorf("of %d samples of %s %d were ended by %s", all[function], function, right[function], waker)
		}
	}
}
