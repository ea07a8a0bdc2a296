package capture

import (
	"context"
	"time"
)

// synchronizer lets the engine read the mappings of processes, one at a time: those that the engine asks for, and new
// programs shortly after their exec, before their first sample.
type synchronizer struct {
	engine   *Engine
	requests chan syncRequest
}

type syncRequest struct {
	pid uint32
	due time.Time
}

func newSynchronizer(e *Engine) *synchronizer {
	return &synchronizer{engine: e, requests: make(chan syncRequest, 4096)}
}

// request asks for a process after a delay. When the queue is full the engine's own requests must do.
func (s *synchronizer) request(pid uint32, delay time.Duration) {
	select {
	case s.requests <- syncRequest{pid, time.Now().Add(delay)}:
	default:
	}
}

func (s *synchronizer) run(ctx context.Context) {
	cleanup := time.NewTicker(time.Minute)
	defer cleanup.Stop()
	later := time.NewTimer(time.Hour)
	defer later.Stop()
	var waiting []syncRequest // in order of their being due, as all delays but the shortest are equal
	for {
		var due <-chan time.Time
		if len(waiting) > 0 {
			later.Reset(time.Until(waiting[0].due))
			due = later.C
		}
		select {
		case <-ctx.Done():
			return
		case request := <-s.engine.tracer.ProcessRequests():
			s.synchronize(uint32(request.PID()), uint32(request.TID()))
		case request := <-s.requests:
			waiting = insertByDue(waiting, request)
		case <-due:
			pid := waiting[0].pid
			waiting = waiting[1:]
			s.synchronize(pid, pid)
		case <-cleanup.C:
			s.engine.tracer.CleanupProcesses()
		}
	}
}

func insertByDue(waiting []syncRequest, request syncRequest) []syncRequest {
	at := len(waiting)
	for at > 0 && waiting[at-1].due.After(request.due) {
		at--
	}
	waiting = append(waiting, syncRequest{})
	copy(waiting[at+1:], waiting[at:])
	waiting[at] = request
	return waiting
}

func (s *synchronizer) synchronize(pid, tid uint32) {
	s.engine.tracer.Synchronize(pid, tid)
	s.engine.gateLock.Lock()
	s.engine.gate.markSynchronized(pid)
	s.engine.gateLock.Unlock()
}
