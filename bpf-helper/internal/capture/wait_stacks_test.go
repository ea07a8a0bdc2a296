package capture

import "testing"

func TestDenseWaitsHaveHalfTheStacksAndNeverFewer(t *testing.T) {
	for _, step := range []struct{ waits, stacks float64 }{{0, 40}, {100, 40}, {1500, 40}, {2000, 30}, {3000, 20}, {100_000, 20}} {
		if got := stacksAt(step.waits); got != step.stacks {
			t.Errorf("at %v waits a second %v stacks, want %v", step.waits, got, step.stacks)
		}
	}
}
