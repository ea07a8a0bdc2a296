package capture

import (
	"os"

	"flameline.dev/helper/internal/wire"
)

// Module is a file that is mapped as code. The same file is the same Module for every process.
type Module struct {
	// Path is absolute, as the first process that mapped it saw it; "[vdso]" for the kernel's own.
	Path    string
	BuildID string // GNU build id in hex, or ""
	FileID  string // hash of the file's ends, in hex
	JIT     *JIT   // set where it is no file, but code that a virtual machine has made
	open    func() (*os.File, error)
}

// Open gives the mapped file itself, read-only, whatever lies at its path now.
func (m *Module) Open() (*os.File, error) { return m.open() }

// Frame is one frame; frames are interned, so that equal frames have the same pointer for as long as the engine keeps them.
type Frame struct {
	Language wire.Language
	Function string
	File     string
	Line     int
	Column   int
	Module   *Module // nil for interpreted and kernel frames
	Address  uint64  // in the module's own address space; a caller's address points into its call
}

// Outcome says how much of the stack is in a sample.
type Outcome int

// The outcomes, each counted apart in wire.LossCounts.
const (
	Whole Outcome = iota
	LeafOnly
	Truncated
	Broken
)

// Event is what a sample counts.
type Event int

// The events of bpf/gate.bpf.c.
const (
	CPU     Event = 0
	Wait    Event = 1
	Memory  Event = 2
	Read    Event = 3
	Write   Event = 4
	Send    Event = 5
	Receive Event = 6
	Alloc   Event = 7 // bytes asked of an allocator
	Heap    Event = 8 // those of them that are held
)

// isCall says whether an event is of what a process transfers.
func (e Event) isCall() bool { return e >= Read && e <= Receive }

// Wants are the recordings (one bit each) that want each event.
type Wants [9]uint64

// Calls are the recordings that want what processes transfer.
func (w *Wants) Calls() uint64 { return w[Read] | w[Write] | w[Send] | w[Receive] }

// Allocations are the recordings with an open box.
func (w *Wants) Allocations() uint64 { return w[Alloc] | w[Heap] }

func (w *Wants) any() bool { return *w != Wants{} }

// Sample is one tick of the clock in one thread of a wanted process, time that it waited, or memory that it took or gave back.
type Sample struct {
	Event Event
	// Value of a wait is the time in ns that it stands for, up to KTime, that of a call the bytes; 0 for a tick, which stands for the
	// clock's period. Of memory and the heap it is bytes, below 0 where memory went back that had been taken with this stack at Since.
	Value      int64
	Since      int64
	PID        int32
	TID        int32
	UID        uint32
	StartNs    uint64 // the process's start since boot: with PID, its identity
	Processor  int
	KTime      int64
	Recordings uint64
	Thread     string
	Labels     *Labels  // of the task that it works on; nil for none
	Frames     []*Frame // leaf first; shared, not to be changed
	Outcome    Outcome

	// Waker of a wait that is over; WokenBy says who that is to whoever is told, "" for nothing.
	Waker   Waker
	WokenBy string

	// Of the stack of a wait.
	wait      waitKey
	place     placeKey
	preempted bool
	class     WaitClass
	// Of the stack of a call.
	called placeOfCalls
	// Of memory and allocations: see tickRecord. `allocator` is the number of what was called.
	allocator       uint32
	amount, subject uint64
	flags           tickFlags
	missed          bool // the page was not there when it was looked at
}
