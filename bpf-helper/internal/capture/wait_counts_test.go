package capture

import (
	"testing"
	"time"
)

func TestWaitsAreCountedForTheRecordingsThatWantThem(t *testing.T) {
	const ms = int64(time.Millisecond)
	b := newLedgerBench()
	counted := func() (sum WaitCount) {
		for _, count := range b.takeCounts() {
			if count.Recordings != 5 {
				t.Errorf("recordings %b were told of waits that 101 want", count.Recordings)
			}
			sum = sum.plus(count)
		}
		return sum
	}
	expect := func(when string, waits, stacks int64) {
		t.Helper()
		if got := counted(); got.Waits != waits || got.Stacks != stacks {
			t.Errorf("%s: %d waits and %d stacks were counted, not %d and %d", when, got.Waits, got.Stacks, waits, stacks)
		}
	}
	b.settle(1, &threadRecord{Waits: 100}, ms, false)
	expect("before it is known who wants them", 0, 0)
	sample := b.stackAt(1, 2*ms, "wait")
	sample.Recordings = 5
	b.stack(sample)
	record := b.endAt(1, 2*ms, 3*ms, true, 0.5)
	record.Recordings = 5
	b.end(record)
	b.settle(1, &threadRecord{Waits: 250}, 4*ms, false)
	expect("after a stack", 250, 1)
	b.countTo(1, 260)
	expect("at the thread's end", 10, 0)
	// Another thread, gone before anyone looked: what was told of it counts.
	record.TID = 2
	b.end(record)
	b.end(record)
	b.finishSettling(5 * ms)
	b.finishSettling(6 * ms)
	expect("of a short thread", 2, 0)
	b.countTo(1, 40)
	expect("of another thread with the number", 40, 0)
}
