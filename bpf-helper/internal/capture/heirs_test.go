package capture

import "testing"

func TestAnHeirHasItsParentUntilItRunsAnotherProgram(t *testing.T) {
	var h heirs
	h.note(Lifecycle{Kind: Forked, PID: 7, Parent: 3})
	h.note(Lifecycle{Kind: Forked, PID: 8, Parent: 3})
	h.note(Lifecycle{Kind: Executed, PID: 8})
	h.note(Lifecycle{Kind: Exited, PID: 7}) // its last samples come later
	if h.parent(7) != 3 || h.parent(8) != 0 || h.parent(9) != 0 {
		t.Errorf("the parents are %d, %d and %d", h.parent(7), h.parent(8), h.parent(9))
	}
	h.note(Lifecycle{Kind: Forked, PID: 7, Parent: 5}) // the number is used again
	if h.parent(7) != 5 {
		t.Errorf("the parent is %d", h.parent(7))
	}
	for pid := range int32(2 * maxHeirs) {
		h.note(Lifecycle{Kind: Forked, PID: 100 + pid, Parent: 5})
	}
	if len(h.parents) > maxHeirs || h.parent(99+2*maxHeirs) != 5 {
		t.Errorf("%d heirs are kept", len(h.parents))
	}
}
