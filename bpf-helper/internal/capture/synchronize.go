package capture

import (
	"context"
	"time"

	"golang.org/x/sys/unix"
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

// What may be spent to be ahead of first samples: 10 % of a processor's time in the long run, so that a build that starts
// thousands of processes is not slowed down. Without it those samples have their leaf only.
const (
	earlyShare = 0.10
	earlyBurst = 2 * time.Second
)

// soon is a time for which no one else is listened to.
const soon = 2 * time.Millisecond

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
			rest := time.Until(waiting[0].due)
			if rest < soon {
				pause(rest)
				rest = 0
			}
			later.Reset(rest)
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
			now := time.Now()
			budget = min(earlyBurst, budget+time.Duration(float64(now.Sub(refilled))*earlyShare))
			refilled = now
			if budget > 0 {
				began := threadTime()
				s.synchronize(request.pid, request.pid)
				budget -= threadTime() - began
			}
		case <-cleanup.C:
			s.engine.tracer.CleanupProcesses()
		}
	}
}

// threadTime is what this thread has worked. On a busy machine it is far less than what has passed.
func threadTime() time.Duration {
	var now unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &now) != nil {
		return 0
	}
	return time.Duration(now.Nano())
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
