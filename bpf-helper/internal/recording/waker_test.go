package recording

import (
	"testing"

	"flameline.dev/helper/internal/capture"
	"flameline.dev/helper/internal/target"
	"flameline.dev/helper/internal/wire"
)

func TestWhoEndedAWaitStandsBelowItsClass(t *testing.T) {
	r := New(1, 99, 0, 0)
	shared := frames("[lock]", "futex_wait", "take")
	for _, by := range []string{"worker 12", "", "worker 12"} {
		r.Add(&capture.Sample{Event: capture.Wait, Value: 5, KTime: 10, Frames: shared, WokenBy: by}, &target.Process{}, 99)
	}
	batch := r.Take(20, wire.CostAccount{})[0]
	leaf := func(sample int) (names []string) {
		for at := batch.Samples.Stack[sample]; at >= 0; at = batch.Stacks.Parent[at] {
			names = append(names, batch.Strings[batch.Frames.Function[batch.Stacks.Frame[at]]])
		}
		return names
	}
	check(t, "a wait that somebody ended", leaf(0), "[[lock] [woken by worker 12] futex_wait take]")
	check(t, "one of which nobody knows", leaf(1), "[[lock] futex_wait take]")
	check(t, "the same stack", batch.Samples.Stack[2] == batch.Samples.Stack[0], "true")
	check(t, "the shared frames", len(shared), "3")
}
