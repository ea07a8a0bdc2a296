package main

import (
	"slices"
	"testing"
	"time"

	"flameline.dev/helper/internal/wire"
)

// TestABudgetPacesReadingAndSaysWhoWaits records programs that nobody has read yet, with the least budget there is: their samples are
// counted, who waits is told, and a recording without a budget beside it has all of them read at once.
func TestABudgetPacesReadingAndSaysWhoWaits(t *testing.T) {
	needKernel(t)
	folder := t.TempDir()
	run1(t, folder, "python3", write(t, folder, "loop.py", pythonLoop))
	run1(t, folder, compile(t, folder))
	run1(t, folder, "perl", "-e", "while (1) { $x += $_ for 1 .. 20000 }")
	s := newSegments(t)
	request := wire.StartRequest{
		Type: wire.TypeStart, Recording: 1, Target: workspace(folder), Events: []wire.EventName{wire.EventCPU}, Hz: 99, CPUShare: wire.MinCPUShare,
	}
	s.send(request)
	s.hears(wire.TypeStarted, 1)
	paced := s.all[1]
	for end := time.Now().Add(4 * time.Second); time.Now().Before(end); {
		s.hears(wire.TypeBatch, 1)
	}
	// The first look overdraws what there is for a minute.
	if waiting := paced.last.Loss.Unread; waiting < 1 || waiting > 2 {
		t.Errorf("%d of 3 processes are said to wait after 4 s, not 1 or 2", waiting)
	}
	seen := map[int32]int64{}
	for i := range paced.samples.Value {
		seen[paced.process(i).PID] += paced.samples.Value[i]
	}
	if len(seen) != 3 {
		t.Errorf("samples of %d processes, not of all 3", len(seen))
	}

	request.Recording, request.CPUShare = 2, 0
	s.send(request)
	s.hears(wire.TypeStarted, 2)
	for end := time.Now().Add(20 * time.Second); ; s.hears(wire.TypeBatch, 1) {
		if paced.last.Loss.Unread == 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d still wait beside a recording without a budget", paced.last.Loss.Unread)
		}
	}
	from := len(paced.samples.Value)
	for len(paced.samples.Value) < from+100 {
		s.hears(wire.TypeBatch, 1)
	}
	whole := 0
	for i := from; i < len(paced.samples.Value); i++ {
		stack := paced.stack(i)
		if slices.Contains(stack, "main") || slices.Contains(stack, "<module>") || len(stack) > 3 {
			whole++
		}
	}
	if share := float64(whole) / float64(len(paced.samples.Value)-from); share < 0.9 {
		t.Errorf("%.0f %% of the stacks are whole when all is read", 100*share)
	}
}
