package capture

import (
	"fmt"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
	"go.opentelemetry.io/ebpf-profiler/tracer"
)

// callProgram is the program of bpf/calls.h; callMaps are the maps that only it uses. They are loaded while a recording wants
// them, all others with the gate.
const callProgram = "called"

var callMaps = []string{"places", "calling", "call_stages", "subject_records", "subject_rooms", "subjects", "completing"}

// subjectRecord is the twin of the structure in bpf/subjects.h.
type subjectRecord struct {
	Key        uint64
	Kind       uint32
	PID        uint32
	Family     uint32
	Port       uint32
	LocalPort  uint32
	IsDatagram uint32
	Address    [16]byte
	Length     uint32
	IsCut      uint32
	Path       [1024 + 256]byte
}

// callHooks is the part of the gate that sees system calls.
type callHooks struct {
	chain      *tracer.Chain // stays loaded once it was needed
	collection *ebpf.Collection
	hook       link.Link
	records    *ringbuf.Reader
	spent      int64 // by programs that are gone, ns
	rings      ringHooks
}

// withoutCalls takes what only recordings of calls need out of the gate's object.
func withoutCalls(spec *ebpf.CollectionSpec) {
	delete(spec.Programs, callProgram)
	delete(spec.Programs, ringProgram)
	for _, name := range callMaps {
		delete(spec.Maps, name)
	}
}

// attach loads the program, which shares the gate's maps, and lets it see every system call.
func (c *callHooks) attach(gate *ebpf.Collection) error {
	if c.collection != nil {
		return nil
	}
	spec, err := partOfGate(gate.Maps, callProgram)
	if err != nil {
		return err
	}
	if c.collection, err = ebpf.NewCollectionWithOptions(spec, ebpf.CollectionOptions{MapReplacements: gate.Maps}); err != nil {
		return fmt.Errorf("load what follows system calls: %w", err)
	}
	if err := c.connect(); err != nil {
		c.detach()
		return err
	}
	// Without it calls of io_uring_enter are counted.
	_ = c.rings.attach(gate, c.collection)
	return nil
}

func (c *callHooks) connect() error {
	if err := c.collection.Maps["call_stages"].Put(uint32(0), c.chain.Entry); err != nil {
		return fmt.Errorf("connect it with the unwinder: %w", err)
	}
	var err error
	if c.records, err = ringbuf.NewReader(c.collection.Maps["subject_records"]); err != nil {
		return fmt.Errorf("open the ring of files and peers: %w", err)
	}
	c.records.SetDeadline(time.Unix(1, 0))
	c.hook, err = link.AttachRawTracepoint(link.RawTracepointOptions{Name: "sys_exit", Program: c.collection.Programs[callProgram]})
	if err != nil {
		return fmt.Errorf("follow system calls: %w", err)
	}
	return nil
}

func (c *callHooks) detach() {
	c.rings.detach()
	if c.hook != nil {
		_ = c.hook.Close()
		c.hook = nil
	}
	if c.records != nil {
		_ = c.records.Close()
		c.records = nil
	}
	if c.collection != nil {
		c.spent += timeOfPart(c.collection)
		c.collection.Close()
		c.collection = nil
	}
}

func (c *callHooks) bpfTime() int64 { return c.spent + timeOfPart(c.collection) + c.rings.bpfTime() }

func (c *callHooks) close() {
	c.detach()
	if c.chain != nil {
		c.chain.Close()
	}
}

// drain hands over what the files and peers are called that were met since the last call.
func (c *callHooks) drain(visit func(*subjectRecord)) error {
	return drain(c.records, func(raw []byte) {
		if len(raw) >= int(unsafe.Sizeof(subjectRecord{})) {
			record := *(*subjectRecord)(unsafe.Pointer(unsafe.SliceData(raw)))
			visit(&record)
		}
	})
}

// places reads all counts.
func (c *callHooks) places(visit func(placeOfCalls, *callPlaceRecord)) error {
	return eachEntry(c.collection.Maps["places"], 512, visit)
}

func (c *callHooks) forget(key placeOfCalls) { _ = c.collection.Maps["places"].Delete(key) }
