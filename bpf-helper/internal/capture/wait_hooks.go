package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

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
	Count   uint16
	Window  uint16
	Stacks  uint16
	_       uint16
}

type threadRecord struct {
	TID     uint32
	Woken   uint32
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
	Marks   [16]uint64
	Places  [16]placeRecord
	Waker   wakerRecord
	_       [24]byte // the kernel's is a whole number of lines of the cache
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
	markNone      = 0
	markFound     = 1
	markFirstSlot = 3
)

const marksInRow = 64

// waitHooks is the part of the gate that sees threads go off the processor and come back.
type waitHooks struct {
	collection *ebpf.Collection
	switched   *ebpf.Program // nil where the kernel refused it
	marks      *ebpf.Memory
	slots      *ebpf.Memory
	stale      map[uint32]uint32 // by slot: whose it was when its thread's mark was another one
	ended      *ringbuf.Reader
	hook       link.Link
	waking     link.Link // nil where who wakes is not noted now
	wakingLock sync.Mutex
	on         atomic.Bool // attached; another goroutine asks
	perfEvents []int
}

// limitMarks gives the map of marks room for each thread id there can be.
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
	if w.slots, err = collection.Maps["threads"].Memory(); err != nil {
		return fmt.Errorf("map the states of threads: %w", err)
	}
	for slot := range collection.Maps["threads"].MaxEntries() {
		if err := w.free(slot); err != nil {
			return fmt.Errorf("make room for threads: %w", err)
		}
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
	if mark, err := w.markOf(tid); err != nil || mark != markNone {
		return false
	}
	return w.setMark(tid, markFound) == nil
}

// unmark leaves the thread's slot to threads, as the kernel may be giving it back at this moment.
func (w *waitHooks) unmark(tid uint32) { _ = w.setMark(tid, markNone) }

const markBytes = 2

func (w *waitHooks) markOf(tid uint32) (uint16, error) {
	var mark [markBytes]byte
	_, err := w.marks.ReadAt(mark[:], int64(tid)*markBytes)
	return binary.NativeEndian.Uint16(mark[:]), err
}

func (w *waitHooks) setMark(tid uint32, mark uint16) error {
	_, err := w.marks.WriteAt(binary.NativeEndian.AppendUint16(nil, mark), int64(tid)*markBytes)
	return err
}

func (w *waitHooks) free(slot uint32) error {
	return w.collection.Maps["free_slots"].Put(nil, slot)
}

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

func (w *waitHooks) takeBack(slot uint32, at int64) error {
	if _, err := w.slots.WriteAt(make([]byte, unsafe.Sizeof(threadRecord{}.TID)), at); err != nil {
		return err
	}
	return w.free(slot)
}

// threads reads the state of all threads that were switched out since they were marked. Slots that no mark leads to any more, now and
// when it was called before, are given back. The state is good until the visit ends.
func (w *waitHooks) threads(visit func(tid uint32, thread *threadRecord)) error {
	var thread threadRecord
	raw := unsafe.Slice((*byte)(unsafe.Pointer(&thread)), unsafe.Sizeof(thread))
	stale := map[uint32]uint32{}
	for slot := range w.collection.Maps["threads"].MaxEntries() {
		at := int64(slot) * int64(len(raw))
		if _, err := w.slots.ReadAt(raw[:unsafe.Sizeof(thread.TID)], at); err != nil {
			return err
		}
		tid := thread.TID
		if tid == 0 {
			continue
		}
		if mark, err := w.markOf(tid); err != nil || uint32(mark) != slot+markFirstSlot {
			if w.stale[slot] != tid {
				stale[slot] = tid
				continue
			}
			if err := w.takeBack(slot, at); err != nil {
				return err
			}
			continue
		}
		if _, err := w.slots.ReadAt(raw, at); err != nil {
			return err
		}
		visit(tid, &thread)
	}
	w.stale = stale
	return nil
}
