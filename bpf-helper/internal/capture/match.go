package capture

import (
	"go.opentelemetry.io/ebpf-profiler/libpf"
)

// matcher joins the gate's ticks with the engine's traces. A tick and its trace are written in one interrupt on one
// processor, the tick first, so a trace belongs to the latest tick of its processor that is not younger than it:
//
//	processor 0   tick ──trace      tick (no trace)     tick ──trace
//	time          10    10.02       20                  30    30.03
type matcher struct {
	fresh   map[uint32][]*tickRecord // by processor, in order of time; read in this round
	old     map[uint32][]*tickRecord // read in the round before: their traces must be here by now
	current *tickRecord              // the tick whose trace the engine is working on
	leaf    func(*tickRecord) []*Frame
	samples []Sample
	names   map[[16]byte]string
	labels  labelTable
	task    *Labels // of the current trace
}

// maxNames bounds the names of threads that are kept; beyond it they are made anew.
const maxNames = 4096

func newMatcher(leaf func(*tickRecord) []*Frame) matcher {
	return matcher{leaf: leaf, fresh: map[uint32][]*tickRecord{}, old: map[uint32][]*tickRecord{}}
}

func (m *matcher) addTick(tick *tickRecord) {
	list := append(m.fresh[tick.Processor], tick)
	// A tick of the clock may interrupt the making of another's record, and is written first.
	for i := len(list) - 1; i > 0 && list[i-1].KTime > tick.KTime; i-- {
		list[i-1], list[i] = list[i], list[i-1]
	}
	m.fresh[tick.Processor] = list
}

// startTrace finds the tick of a trace that the engine is about to turn into frames.
func (m *matcher) startTrace(trace *libpf.EbpfTrace) {
	m.giveUp()
	m.current, m.task = m.takeTick(trace.CpuID, uint32(trace.TID), trace.KTime), nil
	if m.current != nil {
		m.task = m.labels.of(trace)
	}
}

// maxTraceDelayNs is the longest that may pass between a tick and the start of its unwinding: one interrupt's work,
// with room for a hypervisor that takes the processor away in between.
const maxTraceDelayNs = 20_000_000

func (m *matcher) takeTick(processor, tid uint32, ktime int64) *tickRecord {
	for _, ticks := range []map[uint32][]*tickRecord{m.fresh, m.old} {
		list := ticks[processor]
		for i := len(list) - 1; i >= 0; i-- {
			tick := list[i]
			if tick.KTime > ktime {
				continue
			}
			if tick.TID != tid || ktime-tick.KTime > maxTraceDelayNs {
				break
			}
			ticks[processor] = append(list[:i], list[i+1:]...)
			return tick
		}
	}
	return nil
}

// finishTrace makes a sample of the current tick and its stack. A trace without a tick is one whose tick was lost,
// which the gate has counted.
func (m *matcher) finishTrace(frames []*Frame, outcome Outcome) {
	tick := m.current
	if tick == nil {
		return
	}
	m.current = nil
	if len(frames) == 0 {
		frames, outcome = m.leaf(tick), LeafOnly
	} else if outcome == Broken && tick.Flags&noProgram != 0 {
		outcome = Whole
	}
	m.emit(tick, frames, outcome)
	m.samples[len(m.samples)-1].Labels = m.task
}

// giveUp makes a sample with its leaf only of a tick whose trace the engine did not turn into frames.
func (m *matcher) giveUp() {
	if tick := m.current; tick != nil {
		m.current = nil
		m.emit(tick, m.leaf(tick), LeafOnly)
	}
}

// finishRound makes samples with their leaf only of the ticks that stayed without a trace.
func (m *matcher) finishRound() {
	m.giveUp()
	for processor, ticks := range m.old {
		for _, tick := range ticks {
			m.emit(tick, m.leaf(tick), LeafOnly)
		}
		delete(m.old, processor)
	}
	m.old, m.fresh = m.fresh, m.old
}

func (m *matcher) emit(tick *tickRecord, frames []*Frame, outcome Outcome) {
	sample := Sample{
		Event: Event(tick.Event), Value: int64(tick.Amount), wait: waitKey{tick.TID, tick.Began}, place: placeKey{tick.TID, tick.Mark}, preempted: tick.Preempted != 0,
		amount: tick.Amount, subject: tick.Subject, flags: tick.Flags,
		PID: int32(tick.PID), TID: int32(tick.TID), UID: tick.UID, StartNs: tick.StartBoottime,
		Processor: int(tick.Processor), KTime: tick.KTime, Recordings: tick.Recordings, Thread: m.name(tick.Comm),
		Frames: frames, Outcome: outcome,
	}
	if sample.Event == Alloc {
		sample.allocator = tick.Preempted
	}
	if sample.Event.isCall() {
		sample.called = placeOfCalls{Subject: tick.Subject, PID: tick.PID, Counted: uint16(sample.Event - Read), Mark: uint16(tick.Mark)}
	}
	m.samples = append(m.samples, sample)
}

func (m *matcher) name(comm [16]byte) string {
	name, isKnown := m.names[comm]
	if !isKnown {
		if m.names == nil || len(m.names) >= maxNames {
			m.names = map[[16]byte]string{}
		}
		name = commString(comm)
		m.names[comm] = name
	}
	return name
}

// take gives the samples made since the last call; they are valid until the next.
func (m *matcher) take() []Sample {
	samples := m.samples
	m.samples = m.samples[:0]
	return samples
}
