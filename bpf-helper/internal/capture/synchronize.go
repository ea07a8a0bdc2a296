package capture

import (
	"context"
	"math"
	"time"

	"golang.org/x/sys/unix"
)

// synchronizer lets the engine read the mappings of processes, one at a time: those that the engine asks for, and new
// programs shortly after their exec, before their first sample. Processes that run already when a recording begins come after
// all others: there may be hundreds, the files of one may take a second to read, and a new process may be gone by then.
type synchronizer struct {
	engine    *Engine
	requests  chan syncRequest
	programs  chan *program
	preparing chan uint32
	paced     chan struct{} // the pace has been changed
	pace      readingPace   // of the goroutine that runs
}

type syncRequest struct {
	pid  uint32
	due  time.Time
	kind requestKind
}

type requestKind int

const (
	lookNow   requestKind = iota
	lookEarly             // only to be ahead of the first sample
	takeOver              // the kernel told of mappings, or the process has ended
)

// untilTakenOver is how long a process whose mappings the kernel told of may live before the engine reads them itself: until then an
// interpreter's frames are not known, nor are the lines of what a new program does first.
const untilTakenOver = 200 * time.Millisecond

// What may be spent to be ahead of first samples: 10 % of a processor's time in the long run, so that a build that starts
// thousands of processes is not slowed down. Without it those samples have their leaf only.
const (
	earlyShare = 0.10
	earlyBurst = 2 * time.Second
)

// soon is a time for which no one else is listened to.
const soon = 2 * time.Millisecond

func newSynchronizer(e *Engine) *synchronizer {
	return &synchronizer{engine: e, requests: make(chan syncRequest, 4096), programs: make(chan *program, 64), preparing: make(chan uint32, 16384), paced: make(chan struct{}, 1)}
}

// prepare asks for a process that has run for a while, when there is nothing else to do.
func (s *synchronizer) prepare(pid uint32) {
	select {
	case s.preparing <- pid:
	default:
	}
}

// request asks for a process after a delay.
func (s *synchronizer) request(pid uint32, delay time.Duration) { s.enqueue(pid, delay, lookNow) }

// requestEarly asks for a process whose first sample may be near, as far as the budget allows.
func (s *synchronizer) requestEarly(pid uint32, delay time.Duration) {
	s.enqueue(pid, delay, lookEarly)
}

// takeOver asks for a process of which the engine or the kernel may know mappings.
func (s *synchronizer) takeOver(pid uint32, delay time.Duration) { s.enqueue(pid, delay, takeOver) }

// learn asks for a program's unwind tables. The file is closed when they are read, or when too many wait; then the next process
// that runs it has them read.
func (s *synchronizer) learn(p *program) {
	select {
	case s.programs <- p:
	default:
		_ = p.file.Close()
	}
}

// enqueue drops the request when the queue is full: the engine asks again when it meets code that it does not know.
func (s *synchronizer) enqueue(pid uint32, delay time.Duration, kind requestKind) {
	select {
	case s.requests <- syncRequest{pid, time.Now().Add(delay), kind}:
	default:
	}
}

func (s *synchronizer) run(ctx context.Context) {
	cleanup := time.NewTicker(time.Minute)
	defer cleanup.Stop()
	later := time.NewTimer(time.Hour)
	defer later.Stop()
	paid := time.NewTimer(time.Hour)
	defer paid.Stop()
	var waiting []syncRequest // soonest first
	budget, refilled := earlyBurst, time.Now()
	for {
		s.engine.unread.Store(s.pace.told())
		if rest := s.pace.next(); rest > 0 {
			paid.Reset(rest)
		}
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
		preparing := s.preparing
		if s.isBusy() || due != nil && !time.Now().Before(waiting[0].due) {
			preparing = nil
		}
		select {
		case <-ctx.Done():
			return
		case pid := <-preparing:
			if s.engine.gate.isWanted(pid) { // a recording may be over, and a process gone, before its turn comes
				s.read(pid, pid)
			}
		case request := <-s.engine.tracer.ProcessRequests():
			s.read(uint32(request.PID()), uint32(request.TID()))
		case program := <-s.programs:
			s.learnFile(program)
		case <-s.paced:
			s.pace.set(math.Float64frombits(s.engine.readingShare.Load()), time.Now())
		case <-paid.C:
			s.readWaiting()
		case request := <-s.requests:
			waiting = insertByDue(waiting, request)
		case <-due:
			request := waiting[0]
			waiting = waiting[1:]
			if request.kind != lookEarly {
				s.finish(request)
				continue
			}
			now := time.Now()
			budget = min(earlyBurst, budget+time.Duration(float64(now.Sub(refilled))*earlyShare))
			refilled = now
			if budget > 0 && s.engine.gate.isWanted(request.pid) {
				budget -= s.read(request.pid, request.pid)
			}
		case <-cleanup.C:
			s.engine.tracer.CleanupProcesses()
			s.engine.jit.forgetGone()
			if s.engine.known != nil {
				s.warn(s.engine.known.forgetUnused())
				for _, pid := range s.engine.known.toldProcesses() { // whose request was dropped
					s.finish(syncRequest{pid: pid, kind: takeOver})
				}
			}
		}
	}
}

// read lets the engine read a process as soon as the pace allows, and gives the time that it took now.
func (s *synchronizer) read(pid, tid uint32) time.Duration {
	if !s.pace.allows(time.Now()) {
		s.pace.wait(pid)
		return 0
	}
	began := threadTime()
	s.synchronize(pid, tid)
	took := threadTime() - began
	s.pace.spend(took)
	return took
}

// readWaiting reads those that have waited, as far as the pace allows.
func (s *synchronizer) readWaiting() {
	s.pace.forget(func(pid uint32) bool { return !s.engine.gate.isWanted(pid) })
	for len(s.pace.waiting) > 0 && s.pace.allows(time.Now()) && !s.isBusy() {
		pid := s.pace.take()
		s.read(pid, pid)
	}
}

// learnFile reads a program's unwind tables, unless the pace forbids it: then its process waits, and has them read.
func (s *synchronizer) learnFile(program *program) {
	if !s.pace.allows(time.Now()) {
		_ = program.file.Close()
		return
	}
	began := threadTime()
	s.warn(s.engine.known.learnFile(program))
	s.pace.spend(threadTime() - began)
}

// isBusy says whether something is to be read at once.
func (s *synchronizer) isBusy() bool {
	return len(s.requests) > 0 || len(s.programs) > 0 || len(s.engine.tracer.ProcessRequests()) > 0
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

// synchronize lets the engine read a process's mappings, or forget them if it is gone.
func (s *synchronizer) synchronize(pid, tid uint32) {
	s.engine.tracer.Synchronize(pid, tid)
	if s.engine.known != nil {
		s.warn(s.engine.known.takeOver(pid))
	}
	s.warn(s.engine.jit.look(pid))
}

// finish does what is not only early.
func (s *synchronizer) finish(request syncRequest) {
	switch {
	case request.kind == takeOver && s.isLeft(request.pid):
		s.warn(s.engine.known.takeOver(request.pid))
	case request.kind == lookNow || s.concerns(request.pid):
		if s.pace.share > 0 && isGone(request.pid) {
			s.synchronize(request.pid, request.pid) // what was known is forgotten, which takes no reading
			return
		}
		s.read(request.pid, request.pid)
	}
}

// concerns says whether the engine or the kernel know anything of a process.
func (s *synchronizer) concerns(pid uint32) bool {
	return s.engine.known == nil || s.engine.tracer.Knows(pid) || s.engine.known.isTold(pid)
}

// isLeft says whether a process that the engine never read is gone, so that only the kernel may know of it.
func (s *synchronizer) isLeft(pid uint32) bool {
	return s.engine.known != nil && !s.engine.tracer.Knows(pid) && isGone(pid)
}

func (s *synchronizer) warn(err error) {
	if err != nil {
		s.engine.log.Warn("the kernel's account of mapped files is not complete", "err", err)
	}
}
