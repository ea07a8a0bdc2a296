// Package recording turns samples into the batches of one recording: it interns strings, frames, stacks, processes and
// threads into tables that only grow, and sends each row once.
package recording

import (
	"sync"

	"flameline.dev/helper/internal/capture"
	"flameline.dev/helper/internal/target"
	"flameline.dev/helper/internal/wire"
)

// closeAtBytes is the estimated size at which a batch is closed, so that no frame comes near wire.MaxFrameBytes.
const closeAtBytes = wire.MaxFrameBytes * 3 / 4

// maxTableBytes bounds what a recording's tables may take in our memory, estimated from what was sent: a program that
// makes new functions for ever would fill it. Beyond it samples are told with their process and a leaf without a name.
const maxTableBytes = 32 << 20

// maxLabelled bounds the rows of threads with labels, which a program may make up without end: an identifier of each request. Samples
// beyond it are told without their labels, and counted.
const maxLabelled = 1000

// emptyBytes is the estimated size of a batch without rows.
const emptyBytes = 1024

// maxStringBytes bounds a single string; longer ones are cut.
const maxStringBytes = 16 << 10

// Recording holds the tables of one recording and the batch in the making. It is safe for concurrent use.
type Recording struct {
	Number int64
	// Rates are in ticks a second on each processor; 0 while it is paused.
	Rates Rates
	// Numbers are what the client calls processes and threads; nil where that is what we call them.
	Numbers Numbers
	start   int64 // CLOCK_MONOTONIC ns
	stop    int64 // 0 while it runs
	// grownSince is from when on memory is told that goes back: what came before is in no recording of the client.
	grownSince int64
	boot       int64 // the same moment on CLOCK_BOOTTIME, in which processes' starts are told

	lock       sync.Mutex
	strings    map[string]int
	frames     map[*capture.Frame]int
	frameRows  map[capture.Frame]int
	frameCount int
	stacks     map[stackKey]int
	paths      map[int32]*path // by thread
	stackCount int
	processes  map[*target.Process]int
	wakers     map[string]*capture.Frame
	threads    map[threadKey]int
	labelled   int // rows of threads with labels
	marked     []*capture.Frame
	unnamed    map[int]bool               // frames that the symbolizer could not name
	lacking    map[string]bool            // build ids of files without debug information that were told
	credit     map[int]int                // by processor, for thinning
	memory     map[*target.Process]Memory // as it was told last
	loss       wire.LossCounts
	told       wire.LossCounts // as of the last batch
	sequence   int
	batch      wire.Batch
	bytes      int // of the batch, estimated
	rowBytes   int // of all rows of tables so far, estimated
	closed     []wire.Batch
}

// Numbers translates process and thread numbers for a client in a container.
type Numbers interface {
	Process(*target.Process) (pid, parent int32)
	Thread(pid, tid int32) int32
}

type stackKey struct{ parent, frame int }

type threadKey struct {
	process int
	tid     int32
	name    string
	labels  string
}

// New begins a recording at a moment, told by CLOCK_MONOTONIC and by CLOCK_BOOTTIME.
func New(number int64, hz int, startKTime, startBoottime int64) *Recording {
	r := &Recording{
		Number: number, grownSince: startKTime, start: startKTime, boot: startBoottime,
		strings: map[string]int{"": 0}, frames: map[*capture.Frame]int{}, frameRows: map[capture.Frame]int{},
		stacks: map[stackKey]int{}, paths: map[int32]*path{}, processes: map[*target.Process]int{}, threads: map[threadKey]int{}, credit: map[int]int{},
		memory:  map[*target.Process]Memory{},
		unnamed: map[int]bool{}, lacking: map[string]bool{},
	}
	r.Rates.Set(startKTime, hz)
	r.begin()
	// String 0 is "", and is sent like every other string.
	r.batch.Strings = append(r.batch.Strings, "")
	return r
}

func (r *Recording) begin() {
	r.batch = wire.Batch{
		Type: wire.TypeBatch, Recording: r.Number, Sequence: r.sequence,
		Strings: []string{}, Processes: []wire.ProcessRow{}, Threads: []wire.ThreadRow{},
		Frames: wire.FrameColumns{
			Language: []wire.Language{}, Function: []int{}, File: []int{}, Line: []int{}, Column: []int{}, Module: []int{},
			Address: []string{},
		},
		Stacks: wire.StackColumns{Parent: []int{}, Frame: []int{}},
		Samples: wire.SampleColumns{
			Stack: []int{}, Thread: []int{}, TimeNs: []int64{}, Event: []wire.EventName{}, Value: []int64{},
		},
		Counts:  wire.CountColumns{Process: []int{}, Kind: []wire.CountName{}, Subject: []int{}, Calls: []int64{}, Bytes: []int64{}},
		Memory:  wire.MemoryColumns{Process: []int{}, TimeNs: []int64{}, Resident: []int64{}, Anonymous: []int64{}},
		Updates: []wire.FrameUpdate{},
	}
	r.sequence++
	r.bytes = emptyBytes
}

// Unresolved is a frame of machine code that was just sent for the first time.
type Unresolved struct {
	Index int
	Frame *capture.Frame
}

// EventNames are the wire's names of the events that samples are of.
var EventNames = [len(capture.Wants{})]wire.EventName{
	capture.CPU: wire.EventCPU, capture.Wait: wire.EventOffCPU, capture.Memory: wire.EventMemory, capture.Read: wire.EventRead,
	capture.Write: wire.EventWrite, capture.Send: wire.EventSend, capture.Receive: wire.EventReceive,
	capture.Alloc: wire.EventAlloc, capture.Heap: wire.EventHeap,
}

// Add adds one sample of a process, taken when the engine ticked `rate` times a second; a recording with a lower rate
// keeps its share of them. It returns the frames that are new and have no name yet.
func (r *Recording) Add(sample *capture.Sample, process *target.Process, rate int) []Unresolved {
	r.lock.Lock()
	defer r.lock.Unlock()
	hz := r.Rates.At(sample.KTime)
	if hz == 0 {
		return nil
	}
	event, value, at := EventNames[sample.Event], sample.Value, sample.KTime
	switch sample.Event {
	case capture.CPU:
		value = int64(1_000_000_000 / hz)
	case capture.Wait:
		at, value = r.within(sample.KTime, sample.Value)
	case capture.Memory, capture.Heap:
		if value < 0 && sample.Since < r.grownSince {
			return nil // it was taken before
		}
	default:
	}
	if at < r.start || value == 0 || (sample.Event != capture.Memory && sample.Event != capture.Heap && value < 0) || (sample.Event != capture.Wait && r.isOver(at)) || (sample.Event == capture.CPU && !r.keep(sample.Processor, hz, rate)) {
		return nil
	}
	frames, outcome := sample.Frames, sample.Outcome
	if r.rowBytes > maxTableBytes {
		frames, outcome = nil, capture.LeafOnly
	}
	if sample.WokenBy != "" && len(frames) > 1 && r.rowBytes <= maxTableBytes {
		frames = r.withWaker(frames, sample.WokenBy)
	}
	if sample.Event == capture.Heap {
		defer func(before wire.LossCounts) { r.loss = before }(r.loss) // counted with the allocation
	}
	switch outcome {
	case capture.LeafOnly:
		r.loss.LeafOnly++
	case capture.Truncated:
		r.loss.Truncated++
		frames = r.under(&cutFrame, frames)
	case capture.Broken:
		r.loss.Broken++
		frames = r.under(&brokenFrame, frames)
	case capture.Whole:
	}
	stack, unresolved := r.path(sample.TID, frames)
	if stack < 0 {
		frame, _ := r.frame(&noFrame)
		stack = r.stack(-1, frame)
	}
	thread := r.thread(r.process(process), process, sample)
	s := &r.batch.Samples
	s.Stack = append(s.Stack, stack)
	s.Thread = append(s.Thread, thread)
	s.TimeNs = append(s.TimeNs, at-r.start)
	s.Event = append(s.Event, event)
	s.Value = append(s.Value, value)
	r.grow(70)
	return unresolved
}

// within cuts a wait down to what of it lies in the recording.
func (r *Recording) within(end, length int64) (int64, int64) {
	if r.stop != 0 && end > r.stop {
		length -= end - r.stop
		end = r.stop
	}
	return end, min(length, end-r.start)
}

// At is a moment of CLOCK_MONOTONIC since the recording's start, in ns.
func (r *Recording) At(ktime int64) int64 { return ktime - r.start }

// End notes the recording's end: waits that go on count up to it.
func (r *Recording) End(ktime int64) {
	r.lock.Lock()
	r.stop = ktime
	r.lock.Unlock()
}

// SetRate changes the rate from a moment of CLOCK_MONOTONIC on, and gives that moment since the start.
func (r *Recording) SetRate(ktime int64, hz int) int64 {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.Rates.Set(ktime, hz)
	return ktime - r.start
}

// noFrame stands for a stack of which nothing is known.
var noFrame = capture.Frame{Language: wire.Native, Function: "[unknown]"}

// cutFrame and brokenFrame stand for the outer frames that a stack lacks, where it would begin: else its innermost frames would
// look as if the thread had begun with them.
var (
	cutFrame    = capture.Frame{Language: wire.Native, Function: "[truncated]"}
	brokenFrame = capture.Frame{Language: wire.Native, Function: "[broken]"}
)

// under puts a frame outside of all others, which come leaf first and are shared; the result holds until the next call.
func (r *Recording) under(root *capture.Frame, frames []*capture.Frame) []*capture.Frame {
	if len(frames) == 0 {
		frames = []*capture.Frame{&noFrame}
	}
	r.marked = append(append(r.marked[:0], frames...), root)
	return r.marked
}

// isOver says whether a moment lies behind the recording's end.
func (r *Recording) isOver(ktime int64) bool { return r.stop != 0 && ktime >= r.stop }

// keep thins a faster clock down to the recording's rate, evenly on each processor.
func (r *Recording) keep(processor, hz, rate int) bool {
	if rate <= hz {
		return true
	}
	r.credit[processor] += hz
	if r.credit[processor] < rate {
		return false
	}
	r.credit[processor] -= rate
	return true
}

// addRow notes a row of a table, which is kept for as long as the recording runs.
func (r *Recording) addRow(bytes int) {
	r.rowBytes += bytes
	r.grow(bytes)
}

// grow notes that the batch has become larger, and closes it when it is large enough. A row refers only to rows before
// it, so a batch may be closed between any two.
func (r *Recording) grow(bytes int) {
	r.bytes += bytes
	if r.bytes >= closeAtBytes {
		r.closed = append(r.closed, r.batch)
		r.begin()
	}
}

// Position is one source position of a frame.
type Position struct {
	Function, File     string
	Line, FunctionLine int
}

// Update says what a frame of machine code is, innermost position first; no positions say that no one knows.
func (r *Recording) Update(frame int, language wire.Language, positions []Position) {
	r.lock.Lock()
	defer r.lock.Unlock()
	if len(positions) == 0 {
		if !r.unnamed[frame] {
			r.unnamed[frame] = true
			r.loss.UnresolvedFrames++
		}
		return
	}
	if r.unnamed[frame] { // a debug file came late
		delete(r.unnamed, frame)
		r.loss.UnresolvedFrames--
	}
	update := wire.FrameUpdate{Frame: frame, Language: language}
	for _, p := range positions {
		update.Positions = append(update.Positions, wire.FramePosition{
			Function: r.text(p.Function), File: r.text(p.File), Line: p.Line, FunctionLine: p.FunctionLine,
		})
	}
	r.batch.Updates = append(r.batch.Updates, update)
	r.grow(60 + 60*len(positions))
}

// maxLacking bounds the files of which is told that they have no debug information.
const maxLacking = 1000

// Lacks tells the client, once, that a file has no debug information.
func (r *Recording) Lacks(buildID string) {
	r.lock.Lock()
	defer r.lock.Unlock()
	if r.lacking[buildID] || len(r.lacking) >= maxLacking {
		return
	}
	r.lacking[buildID] = true
	r.batch.DebugFiles = append(r.batch.DebugFiles, buildID)
	r.addRow(jsonBytes(buildID))
}

// Lose counts samples that were lost before we had them.
func (r *Recording) Lose(samples int64) {
	r.lock.Lock()
	r.loss.Lost += samples
	r.lock.Unlock()
}

// SetUnread notes how many processes wait to be read, now.
func (r *Recording) SetUnread(processes int64) {
	r.lock.Lock()
	r.loss.Unread = processes
	r.lock.Unlock()
}

// CountWaits counts waits that are over, and those of which the stack was taken.
func (r *Recording) CountWaits(waits, stacks int64) {
	r.lock.Lock()
	r.loss.Waits += waits
	r.loss.WaitStacks += stacks
	r.lock.Unlock()
}

// Changed says whether there is anything to tell since the last batch.
func (r *Recording) Changed() bool {
	r.lock.Lock()
	defer r.lock.Unlock()
	return len(r.closed) > 0 || r.bytes > emptyBytes || r.loss != r.told
}

// Take closes the batch at a time of CLOCK_MONOTONIC and gives all batches that are ready, at least one.
func (r *Recording) Take(ktime int64, cost wire.CostAccount) []wire.Batch {
	r.lock.Lock()
	defer r.lock.Unlock()
	batches := append(r.closed, r.batch)
	r.closed = nil
	r.told = r.loss
	r.begin()
	for i := range batches {
		batches[i].TimeNs = ktime - r.start
		batches[i].Loss = r.loss
		batches[i].Cost = cost
	}
	return batches
}

// Stopped describes the recording's end.
func (r *Recording) Stopped(reason string, ktime int64) wire.Stopped {
	r.lock.Lock()
	defer r.lock.Unlock()
	return wire.Stopped{
		Type: wire.TypeStopped, Recording: r.Number, Reason: reason, DurationNs: ktime - r.start, Batches: r.sequence - 1,
	}
}
