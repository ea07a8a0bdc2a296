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
	pid   uint32
	due   time.Time
	early bool // only to be ahead of the first sample
}

// What may be spent to be ahead of first samples: 3 % of a processor in the long run, so that a build that starts
// thousands of processes is not slowed down. Without it those samples have their leaf only.
const (
	earlyShare = 0.03
	earlyBurst = 500 * time.Millisecond
)

func newSynchronizer(e *Engine) *synchronizer {
	return &synchronizer{engine: e, requests: make(chan syncRequest, 4096)}
}

// request asks for a process after a delay.
func (s *synchronizer) request(pid uint32, delay time.Duration) { s.enqueue(pid, delay, false) }

// requestEarly asks for a process whose first sample may be near, as far as the budget allows.
func (s *synchronizer) requestEarly(pid uint32, delay time.Duration) { s.enqueue(pid, delay, true) }

// enqueue drops the request when the queue is full: the engine asks again when it meets code that it does not know.
func (s *synchronizer) enqueue(pid uint32, delay time.Duration, early bool) {
	select {
	case s.requests <- syncRequest{pid, time.Now().Add(delay), early}:
	default:
	}
}

func (s *synchronizer) run(ctx context.Context) {
	cleanup := time.NewTicker(time.Minute)
	defer cleanup.Stop()
	later := time.NewTimer(time.Hour)
	defer later.Stop()
	var waiting []syncRequest // soonest first
	budget, refilled := earlyBurst, time.Now()
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
			request := waiting[0]
			waiting = waiting[1:]
			if !request.early {
				s.synchronize(request.pid, request.pid)
				continue
			}
			began := time.Now()
			budget = min(earlyBurst, budget+time.Duration(float64(began.Sub(refilled))*earlyShare))
			refilled = began
			if budget > 0 {
				s.synchronize(request.pid, request.pid)
				budget -= time.Since(began)
			}
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

func (s *synchronizer) synchronize(pid, tid uint32) { s.engine.tracer.Synchronize(pid, tid) }
