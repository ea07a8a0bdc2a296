package capture

import (
	"math"
	"time"

	"flameline.dev/helper/internal/wire"
)

// waitLedger joins the stacks of waits with their lengths and makes samples of them:
//
//	stack taken as the thread goes ──┐
//	                                 ├─► a sample of what the wait was, or of 1/chance times that for a short one
//	length known as it comes back ───┘
//	length without a stack (long waits) ─► a sample with the last stack of the same place
//	open for a second ─► a sample of its time so far
//
// It belongs to the goroutine that polls.
type waitLedger struct {
	length  int64 // ns; shorter waits are short
	stacks  map[waitKey]*openWait
	over    map[waitKey]*overWait
	places  map[placeKey]Sample
	threads map[uint32]*shortWaits
	leaf    func(Frame) *Frame
	samples []Sample
	counts  map[uint64]WaitCount // by recordings
}

// waitKey is one wait: a thread is switched out only once at a time.
type waitKey struct {
	tid   uint32
	began int64
}

// placeKey is where a thread waits, as far as the kernel can tell cheaply.
type placeKey struct {
	tid  uint32
	mark uint64
}

// openWait is a wait that may still go on.
type openWait struct {
	sample Sample
	known  bool  // it has its stack
	told   int64 // the moment up to which samples have been made; 0 for none
}

// overWait is a wait that is over, whose stack was taken and has not come yet.
type overWait struct {
	record waitRecord
	rounds int
}

const (
	// certain is the square of a chance of 1, as in bpf/waits.h.
	certain = 1 << 24
	// maxWaits bounds each of the ledger's tables.
	maxWaits = 1 << 14
	// roundsToStack is how often the rings are read before a stack is given up.
	roundsToStack = 4
	// openTooLong is the time after which an open wait is told.
	openTooLong = int64(time.Second)
	// settlingsToForget is how long a thread is remembered that the kernel does not know any more.
	settlingsToForget = 4
)

func newWaitLedger(leaf func(Frame) *Frame, length time.Duration) *waitLedger {
	return &waitLedger{
		length: int64(length), leaf: leaf, stacks: map[waitKey]*openWait{}, over: map[waitKey]*overWait{},
		places: map[placeKey]Sample{}, threads: map[uint32]*shortWaits{}, counts: map[uint64]WaitCount{},
	}
}

// stack notes the stack of a wait that has just begun.
func (l *waitLedger) stack(sample Sample) {
	sample.class = classify(sample.Frames, sample.preempted)
	class := l.leaf(Frame{Language: wire.Kernel, Function: "[" + string(sample.class) + "]"})
	sample.Frames = append([]*Frame{class}, sample.Frames...)
	if known, isKnown := l.places[sample.place]; isKnown && sample.Outcome != Whole && known.Outcome == Whole {
		sample.Frames, sample.Outcome = known.Frames, Whole
	}
	if len(l.places) >= maxWaits {
		clear(l.places)
	}
	l.places[sample.place] = sample
	l.counts[sample.Recordings] = l.counts[sample.Recordings].plus(WaitCount{Stacks: 1})
	l.thread(uint32(sample.TID)).waits.recordings = sample.Recordings
	if over := l.over[sample.wait]; over != nil {
		delete(l.over, sample.wait)
		l.finish(&over.record, sample)
		return
	}
	wait := l.open(sample.wait)
	wait.sample, wait.known = sample, true
}

func (l *waitLedger) open(key waitKey) *openWait {
	wait := l.stacks[key]
	if wait == nil {
		if len(l.stacks) >= maxWaits {
			clear(l.stacks)
		}
		wait = &openWait{}
		l.stacks[key] = wait
	}
	return wait
}

// end notes that a wait is over.
func (l *waitLedger) end(record *waitRecord) {
	key := waitKey{record.TID, record.Began}
	thread := l.thread(record.TID)
	thread.waits.told++
	thread.waits.recordings = record.Recordings
	wait := l.stacks[key]
	switch {
	case wait != nil && wait.known:
		l.finish(record, wait.sample)
	case record.Taken != 0 && len(l.over) < maxWaits:
		l.over[key] = &overWait{record: *record}
	default:
		l.finish(record, l.guess(record.TID, record.Mark, record))
	}
}

// finishRound gives up stacks that did not come.
func (l *waitLedger) finishRound() {
	for key, over := range l.over {
		if over.rounds++; over.rounds > roundsToStack {
			delete(l.over, key)
			l.finish(&over.record, l.guess(over.record.TID, over.record.Mark, &over.record))
		}
	}
}

// guess gives the last stack of the same place, or a leaf that says that there is none.
func (l *waitLedger) guess(tid uint32, mark uint64, record *waitRecord) Sample {
	if sample, known := l.places[placeKey{tid, mark}]; known {
		return sample
	}
	return Sample{
		Event: Wait, PID: int32(record.PID), TID: int32(record.TID), UID: record.UID, StartNs: record.StartBoottime,
		Recordings: record.Recordings, Thread: commString(record.Comm), Outcome: LeafOnly, class: WaitUnknown,
		Frames: []*Frame{l.leaf(Frame{Language: wire.Kernel, Function: "[" + string(WaitUnknown) + "]"})},
	}
}

// finish makes a sample of a wait that is over.
func (l *waitLedger) finish(record *waitRecord, sample Sample) {
	key := waitKey{record.TID, record.Began}
	from := record.Left
	if wait := l.stacks[key]; wait != nil {
		from = max(from, wait.told)
		delete(l.stacks, key)
	}
	sample.KTime, sample.Waker = record.Ended, Waker{}
	if sample.class.hasWaker() {
		sample.Waker = record.Waker.waker()
	}
	if record.Ended-record.Left >= l.length {
		sample.Value = record.Ended - from
		l.samples = append(l.samples, sample)
		return
	}
	chance := math.Sqrt(float64(min(record.Chance, certain)) / certain)
	sample.Value = int64(float64(record.Ended-record.Left) / max(chance, 1.0/certain))
	place := l.thread(record.TID).place(record.Mark)
	place.pending = append(place.pending, sample)
}

func (l *waitLedger) thread(tid uint32) *shortWaits {
	thread := l.threads[tid]
	if thread == nil {
		thread = &shortWaits{places: map[uint64]*shortPlace{}}
		l.threads[tid] = thread
	}
	return thread
}

// settle brings a thread's short waits in line with the kernel's count, and tells of a wait that has been open for long.
func (l *waitLedger) settle(tid uint32, state *threadRecord, now int64, all bool) {
	thread := l.thread(tid)
	thread.gone = 0
	l.countTo(tid, state.Waits)
	l.samples = thread.settle(state, l.samples, l.lastAt(tid), now)
	if state.Began == 0 || now <= state.Began {
		return
	}
	key := waitKey{tid, state.Began}
	from := state.Left
	if wait := l.stacks[key]; wait != nil {
		from = max(from, wait.told)
	}
	if now-from < openTooLong && !all {
		return
	}
	wait := l.open(key)
	sample, known := wait.sample, wait.known
	if !known {
		if sample, known = l.places[placeKey{tid, state.Mark}]; !known {
			return // it will be told when it is over
		}
	}
	wait.told = now
	sample.KTime, sample.Value = now, now-from
	l.samples = append(l.samples, sample)
}

// lastAt gives the last stack of each of a thread's places.
func (l *waitLedger) lastAt(tid uint32) func(mark uint64) (Sample, bool) {
	return func(mark uint64) (Sample, bool) {
		sample, known := l.places[placeKey{tid, mark}]
		return sample, known
	}
}

// finishSettling forgets threads that the kernel has not mentioned for a while.
func (l *waitLedger) finishSettling(now int64) {
	for tid, thread := range l.threads {
		if thread.gone++; thread.gone == 1 {
			continue
		}
		l.samples = thread.release(l.samples, l.lastAt(tid), now)
		l.countTold(&thread.waits)
		if thread.gone > settlingsToForget {
			delete(l.threads, tid)
		}
	}
}

// take gives the samples made since the last call; they are valid until the next.
func (l *waitLedger) take() []Sample {
	samples := l.samples
	l.samples = l.samples[:0]
	return samples
}
