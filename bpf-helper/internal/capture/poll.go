package capture

import (
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/cilium/ebpf/ringbuf"
	"go.opentelemetry.io/ebpf-profiler/libpf"
	"go.opentelemetry.io/ebpf-profiler/times"
	"go.opentelemetry.io/ebpf-profiler/tracer"
)

// poll reads ticks and traces until the engine closes. The order of the steps is what makes every sample count once:
// ticks first, then traces; a tick that has no trace by the end of the next round has none at all.
func (e *Engine) poll(ctx context.Context, reader *tracer.TraceReader) {
	defer reader.Close()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	interval := pollInterval
	// Setting it anew begins the interval anew: done at every fork of a build, it would never end.
	pace := func(wanted time.Duration) {
		if wanted != interval {
			interval = wanted
			ticker.Reset(wanted)
		}
	}
	empty, calm := 0, 0 // polls since a sample, and since something said to stay awake
	settled := time.Now()
	for {
		var done chan struct{}
		select {
		case <-ctx.Done():
			return
		case done = <-e.settle:
		case <-e.awake:
			empty, calm = 0, 0
			pace(pollInterval)
			continue
		case <-ticker.C:
		}
		if calm++; calm == pollsBeforeRest {
			pace(calmInterval)
		}
		if empty++; empty == pollsBeforeRest {
			pace(restInterval)
		}
		if e.calls.attached() || e.allocated.attached() { // they come in bursts, and the rings have to be emptied
			empty, calm = 0, 0
			pace(pollInterval)
		}
		e.wakeFollower()
		drained := int64(times.GetKTime())
		if err := e.drainTicks(drained); err != nil {
			if !errors.Is(err, os.ErrClosed) && !errors.Is(err, ringbuf.ErrClosed) {
				e.log.Error("reading ticks failed", "err", err)
			}
			return
		}
		handled, err := reader.Drain(tracesPerPoll, e.addTrace)
		if err != nil {
			e.log.Error("reading traces failed", "err", err)
		}
		if time.Duration(handled)*calmInterval > time.Duration(tracesOfCalm*e.processors)*interval {
			e.stayAwake()
		}
		if handled < tracesPerPoll {
			e.matcher.finishRound()
			e.tracer.Processed(drained - int64(pollInterval))
		}
		samples, stacks, called, faults, drawn := split(e.matcher.take())
		if done != nil || len(samples)+len(stacks)+len(called)+len(faults)+len(drawn) > 0 {
			e.letEventsPass(drained)
		}
		var totals []CallTotal
		var transfers []Sample
		e.catchUp(samples)
		e.catchUp(stacks)
		e.catchUp(called)
		e.catchUp(faults)
		e.catchUp(drawn)
		if err := e.calls.stacks(called); err != nil {
			e.log.Error("reading the names of files and peers failed", "err", err)
		}
		told, err := e.waits.round(stacks)
		if err != nil {
			e.log.Error("reading waits failed", "err", err)
		}
		if told > waitsOfCalm {
			e.stayAwake()
		}
		if now := time.Now(); done != nil || now.Sub(settled) >= settleInterval {
			if err := e.waits.settle(done != nil); err != nil {
				e.log.Error("settling waits failed", "err", err)
			}
			if totals, transfers, err = e.calls.settle(); err != nil {
				e.log.Error("settling calls failed", "err", err)
			}
			settled = now
		}
		waited := e.waits.ledger.take()
		if err := e.memory.round(faults, done != nil); err != nil {
			e.log.Error("reading moves of memory failed", "err", err)
		}
		grown := e.memory.ledger.take()
		blocks, err := e.allocated.round(drawn)
		if err != nil {
			e.log.Error("reading blocks of allocators failed", "err", err)
		}
		if len(samples)+len(stacks)+len(called)+len(faults)+len(drawn) > 0 {
			if empty >= pollsBeforeRest {
				pace(calmInterval)
			}
			empty = 0
		}
		if done != nil || len(samples)+len(waited)+len(totals)+len(grown)+len(blocks) > 0 {
			e.letEventsPass(drained)
		}
		if len(samples) > 0 {
			e.sink.Samples(samples)
		}
		if len(waited) > 0 {
			e.sink.Samples(waited)
		}
		if len(transfers) > 0 {
			e.sink.Samples(transfers)
		}
		if len(totals) > 0 {
			e.sink.Calls(totals)
		}
		if len(grown) > 0 {
			e.sink.Samples(grown)
		}
		if len(blocks) > 0 {
			e.sink.Samples(blocks)
		}
		if counts := e.waits.ledger.takeCounts(); len(counts) > 0 {
			e.sink.Waits(counts)
		}
		if done != nil {
			close(done)
		}
	}
}

// eventsAtMost is how long samples are kept back for process events that came before them.
const eventsAtMost = 500 * time.Millisecond

// letEventsPass waits until the process events before a moment have been handed over: a sample of a process that is gone
// says whose it is only if its exec has been heard of.
func (e *Engine) letEventsPass(ktime int64) {
	deadline := time.Now().Add(eventsAtMost)
	for e.followed.Load() < ktime && (e.gate.lifecycle.AvailableBytes() > 0 || e.following.Load()) && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
}

// wakeFollower has process events read that were not urgent.
func (e *Engine) wakeFollower() {
	if e.gate.lifecycle.AvailableBytes() > 0 && !e.following.Load() {
		_ = e.gate.lifecycle.Flush()
	}
}

// split parts samples that are done from the stacks of waits, of calls, of page faults and of allocations, in place.
func split(samples []Sample) (done, waits, calls, faults, drawn []Sample) {
	rank := func(s Sample) int {
		switch {
		case s.Event == Wait:
			return 1
		case s.Event.isCall():
			return 2
		case s.Event == Memory:
			return 3
		case s.Event == Alloc:
			return 4
		default:
			return 0
		}
	}
	slices.SortStableFunc(samples, func(a, b Sample) int { return rank(a) - rank(b) })
	var begin [5]int
	for i := range begin {
		begin[i], _ = slices.BinarySearchFunc(samples, i, func(s Sample, r int) int { return rank(s) - r })
	}
	return samples[:begin[1]], samples[begin[1]:begin[2]], samples[begin[2]:begin[3]], samples[begin[3]:begin[4]], samples[begin[4]:]
}

func (e *Engine) addTick(tick *tickRecord) {
	if tick.Flags&wasTold != 0 {
		e.sync.takeOver(tick.PID, untilTakenOver)
	}
	e.matcher.addTick(tick)
}

// drainTicks reads the ticks that are in the ring now.
func (e *Engine) drainTicks(now int64) error {
	e.drained = now
	return e.gate.drainTicks(e.addTick)
}

func (e *Engine) addTrace(trace *libpf.EbpfTrace) {
	m := &e.matcher
	if trace.KTime > e.drained {
		_ = e.drainTicks(int64(times.GetKTime())) // its tick has come since; an error shows at the next poll
	}
	if m.startTrace(trace); m.current == nil {
		return
	}
	by := inheriting{e.tracer.Frames(), func() libpf.PID { return e.elder(m.current) }}
	m.finishTrace(e.frames.convert(trace, by, make([]*Frame, 0, int(trace.NumFrames)+int(trace.NumKernelFrames))))
}

// follow hands over process events until the gate closes.
func (e *Engine) follow() {
	var record ringbuf.Record
	for {
		e.following.Store(false)
		err := e.gate.lifecycle.ReadInto(&record)
		e.following.Store(true)
		if errors.Is(err, ringbuf.ErrFlushed) {
			continue
		}
		if err != nil {
			if !errors.Is(err, ringbuf.ErrClosed) {
				e.log.Error("reading process events failed", "err", err)
			}
			return
		}
		event, ok := decodeLifecycle(record.RawSample)
		if !ok {
			continue
		}
		e.followed.Store(event.KTime - 1) // those before it
		e.heirs.note(event)
		if event.Wanted != 0 {
			e.keepUp(event)
			runtime.Gosched() // what follows takes longer than a short process has
		}
		e.memory.note(event)
		if event.Kind == mapping || event.Kind == unknownMapping {
			continue
		}
		e.sink.Lifecycle(event)
	}
}

// keepUp lets the engine read what a wanted process has mapped, ahead of its next sample. Where the kernel tells the
// unwinder of mappings, that is needed only for files that it does not know yet.
func (e *Engine) keepUp(event Lifecycle) {
	pid := uint32(event.PID)
	switch event.Kind {
	case Forked:
		e.stayAwake()
		// A child of an interpreter has its parent's code, which the kernel tells, and its parent's interpreter, which it can't. One that
		// runs another program next is read then.
		if e.known == nil || e.tracer.Interprets(uint32(event.Parent)) {
			e.sync.requestEarly(pid, 0)
		}
	case Executed:
		e.stayAwake()
		e.noteProgram(event.PID)
	case mapping:
		e.sync.requestEarly(pid, afterMapping)
	case unknownMapping:
		e.sync.requestEarly(pid, 0)
	case Exited:
		e.sync.takeOver(pid, pollInterval)
	}
}

// noteProgram gets to know what a process has just begun to run.
func (e *Engine) noteProgram(pid int32) {
	if e.known == nil {
		if p := e.modules.noteProgram(pid, e.modules.hasFile); p != nil {
			_ = p.file.Close()
		}
		return
	}
	if p := e.modules.noteProgram(pid, e.known.knows); p != nil {
		e.sync.learn(p)
		e.sync.requestEarly(uint32(pid), afterMapping)
	}
}
