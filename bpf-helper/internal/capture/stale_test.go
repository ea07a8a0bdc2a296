package capture

import (
	"testing"
	"time"
)

func TestAYoungProcessIsReadAgainOftenAndAnOldOneSeldom(t *testing.T) {
	start := time.Unix(1000, 0)
	count := func(stale *staleCode, from, to time.Duration) int {
		readings := 0
		for at := from; at < to; at += 10 * time.Millisecond {
			if stale.due(7, start.Add(at)) {
				readings++
			}
		}
		return readings
	}
	stale := &staleCode{}
	if stale.due(7, start) || stale.due(7, start.Add(50*time.Millisecond)) {
		t.Error("a process that may be gone at once is read again at once")
	}
	if got := count(stale, 0, 10*time.Second); got < 45 || got > 50 {
		t.Errorf("%d readings in the first 10 s", got)
	}
	count(stale, 10*time.Second, 600*time.Second)
	if got := count(stale, 600*time.Second, 660*time.Second); got < 11 || got > 13 {
		t.Errorf("%d readings in the eleventh minute", got)
	}
	if got := count(stale, 700*time.Second, 701*time.Second); got != 5 {
		t.Errorf("%d readings in a second after it was calm for long", got)
	}
	stale.due(8, start.Add(701*time.Second))
	if !stale.due(8, start.Add(701*time.Second+shortestStaleness)) {
		t.Error("another process has to wait")
	}
}

func TestProcessesThatAreRememberedAreBounded(t *testing.T) {
	stale := &staleCode{}
	for pid := range int32(3 * maxStale) {
		stale.due(pid, time.Unix(1000, 0))
	}
	if len(stale.processes) > maxStale {
		t.Errorf("%d processes are remembered", len(stale.processes))
	}
}
