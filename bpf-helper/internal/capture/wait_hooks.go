package capture

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"
)

// placeRecord, threadRecord, settingsRecord and waitRecord are twins of the structures in bpf/waits.h.
type placeRecord struct {
	Square  uint64
	TakenAt uint64
	ShortNs uint64
	Count   uint32
	Window  uint16
	Stacks  uint16
}

type threadRecord struct {
	Began   int64
	Left    int64
	Mark    uint64
	Chance  uint32
	Taken   uint8
	At      uint8
	Window  uint16
	Strange uint64
	ShortNs uint64
	Waits   uint64
	Waker   wakerRecord
	Marks   [16]uint64
	Places  [16]placeRecord
}

type settingsRecord struct {
	Scale  uint64
	Length uint64
	Stacks uint64
}

type waitRecord struct {
	Began         int64
	Left          int64
	Ended         int64
	Mark          uint64
	Recordings    uint64
	StartBoottime uint64
	PID           uint32
	TID           uint32
	UID           uint32
	Chance        uint32
	Taken         uint32
	Forgotten     uint32 // ns; not a wait then
	Waits         uint64 // of a thread that is gone; not a wait then
	Waker         wakerRecord
	Comm          [16]byte
}

// The values of the map `marks`.
const (
	markNone  = 0
	markFound = 1
)

const marksInRow = 64

// waitHooks is the part of the gate that sees threads go off the processor and come back.
type waitHooks struct {
	collection *ebpf.Collection
	switched   *ebpf.Program // nil where the kernel refused it
	marks      *ebpf.Memory
	ended      *ringbuf.Reader
	hook       link.Link
	waking     link.Link // nil where who wakes is not noted now
	wakingLock sync.Mutex
	on         atomic.Bool // attached; another goroutine asks
	perfEvents []int
}

// limitMarks gives the map of marks a byte for each thread id there can be.
func limitMarks(spec *ebpf.CollectionSpec) {
	highest := 1 << 22
	if text, err := os.ReadFile("/proc/sys/kernel/pid_max"); err == nil {
		if value, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && value > 0 && value < highest {
			highest = value
		}
	}
	spec.Maps["marks"].MaxEntries = uint32(highest/marksInRow + 1)
}

func (w *waitHooks) open(collection *ebpf.Collection) error {
	w.collection = collection
	for _, name := range []string{"switched", "switched_anywhere"} {
		if w.switched = collection.Programs[name]; w.switched != nil {
			break
		}
	}
	var err error
	if w.marks, err = collection.Maps["marks"].Memory(); err != nil {
		return fmt.Errorf("map the marks of threads: %w", err)
	}
	if w.ended, err = ringbuf.NewReader(collection.Maps["waits"]); err != nil {
		return fmt.Errorf("open the ring of waits: %w", err)
	}
	w.ended.SetDeadline(time.Unix(1, 0))
	return nil
}

// attach lets the programs see every switch. Order matters: a stack that is asked for must be taken at the same switch.
func (w *waitHooks) attach(processors []int) error {
	if w.attached() {
		return nil
	}
	if w.switched == nil {
		return errors.New("the kernel does not let us follow waits")
	}
	switches := unix.PerfEventAttr{Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_CONTEXT_SWITCHES, Sample: 1, Bits: unix.PerfBitDisabled}
	var err error
	if w.perfEvents, err = openEvents(switches, w.collection.Programs["gate_of_waits"], processors); err != nil {
		w.detach()
		return fmt.Errorf("the event of switches: %w", err)
	}
	if w.hook, err = link.AttachTracing(link.TracingOptions{Program: w.switched}); err != nil {
		w.detach()
		return fmt.Errorf("follow switches: %w", err)
	}
	w.on.Store(true)
	return nil
}

func (w *waitHooks) attached() bool { return w.on.Load() }

// attachWaking lets the kernel note who ends waits.
func (w *waitHooks) attachWaking() error {
	w.wakingLock.Lock()
	defer w.wakingLock.Unlock()
	program := w.collection.Programs["waking"]
	if w.waking != nil || program == nil || !w.attached() {
		return nil
	}
	var err error
	w.waking, err = link.AttachTracing(link.TracingOptions{Program: program})
	return err
}

func (w *waitHooks) detachWaking() {
	w.wakingLock.Lock()
	defer w.wakingLock.Unlock()
	if w.waking != nil {
		_ = w.waking.Close()
		w.waking = nil
	}
}

func (w *waitHooks) detach() {
	w.on.Store(false)
	w.detachWaking()
	if w.hook != nil {
		_ = w.hook.Close()
		w.hook = nil
	}
	closeEvents(&w.perfEvents)
}

func (w *waitHooks) close() {
	if w.ended != nil {
		_ = w.ended.Close()
	}
}

// mark lets the kernel follow a thread from now on; false if it does so already.
func (w *waitHooks) mark(tid uint32) bool {
	var now [1]byte
	if _, err := w.marks.ReadAt(now[:], markOffset(tid)); err != nil || now[0] != markNone {
		return false
	}
	_, err := w.marks.WriteAt([]byte{markFound}, markOffset(tid))
	return err == nil
}

func (w *waitHooks) unmark(tid uint32) {
	_, _ = w.marks.WriteAt([]byte{markNone}, markOffset(tid))
	_ = w.collection.Maps["threads"].Delete(tid)
}

func markOffset(tid uint32) int64 { return int64(tid) }

func (w *waitHooks) set(settings settingsRecord) error {
	return w.collection.Maps["wait_settings"].Put(uint32(0), settings)
}

// drain hands over every wait in the ring now.
func (w *waitHooks) drain(visit func(*waitRecord)) error {
	return drain(w.ended, func(raw []byte) {
		if wait, ok := decodeWait(raw); ok {
			visit(wait)
		}
	})
}

// threads reads the state of all threads that were switched out since they were marked.
func (w *waitHooks) threads(visit func(tid uint32, thread *threadRecord)) error {
	return eachEntry(w.collection.Maps["threads"], 256, visit)
}
