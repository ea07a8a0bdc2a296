package capture

import (
	"bytes"

	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"github.com/cilium/ebpf/features"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"
)

// The counters of bpf/gate.bpf.c.
const (
	counterTicksLost = iota
	counterLifecycleLost
	counterWantedFull
	counterUnwinderMissed
	counterWaitsLost
	counterThreadsFull
	counterUntoldBudget
	counterUntoldLocked
	counterUntoldRoom
	counterCallsUncounted
	counterMovesLost
	counterCount
)

// The stages of bpf/gate.bpf.c.
const (
	stageUnwind uint32 = iota
	stageTell
	stageEnd
)

// gate is our program in front of the engine's unwinder, with the maps that steer it.
type gate struct {
	collection *ebpf.Collection
	program    *ebpf.Program
	hooks      []link.Link
	perfEvents []int
	ticks      *ringbuf.Reader
	lifecycle  *ringbuf.Reader
	waits      waitHooks
	memory     memoryHooks
	bytes      []*ebpf.Program // empty where the kernel can't tell what sockets transfer
}

// loadGate loads the gate and lets it tail-call into `unwinder`, which finds mappings in `pages`. Nothing is attached yet.
func loadGate(unwinder unwinderPrograms, pages *ebpf.Map, processors int) (*gate, error) {
	spec, err := ebpf.LoadCollectionSpecFromReader(bytes.NewReader(gateObject))
	if err != nil {
		return nil, fmt.Errorf("read the gate's object: %w", err)
	}
	// A second of ticks at the highest rate on every processor, so that a busy machine loses none.
	spec.Maps["ticks"].MaxEntries = ringBytes(processors * 999 * 160)
	limitMarks(spec)
	withoutCalls(spec)
	withoutAllocations(spec)
	spec.Maps[pagesMap].MaxEntries = pages.MaxEntries()
	if features.HaveProgramHelper(ebpf.PerfEvent, asm.FnFindVma) != nil {
		delete(spec.Programs, "gate_with_mapping")
	}
	more := spec.Copy()
	for _, name := range slices.Concat(memoryPrograms, bytesPrograms) {
		delete(spec.Programs, name)
	}
	collection, err := newGateCollection(spec, pages)
	if err != nil {
		return nil, fmt.Errorf("load the gate: %w", err)
	}
	name := "gate"
	if collection.Programs["gate_with_mapping"] != nil {
		name = "gate_with_mapping"
	}
	g := &gate{collection: collection, program: collection.Programs[name]}
	if err := g.open(unwinder); err != nil {
		g.close()
		return nil, err
	}
	g.bytes = loadBytes(more, collection.Maps)
	if err := g.memory.load(more, collection.Maps); err != nil {
		g.close()
		return nil, err
	}
	return g, nil
}

// pagesMap is the engine's map of what processes have mapped, which our programs fill too.
const pagesMap = "pid_page_to_mapping_info"

// newGateCollection loads what the kernel accepts of the programs that we can do without: older kernels can't walk mappings,
// some have no tracepoint for mappings, and some refuse a tail call next to a callback.
func newGateCollection(spec *ebpf.CollectionSpec, pages *ebpf.Map) (*ebpf.Collection, error) {
	var first error
	tells := []string{"tell_mappings", "tell_before_mapping"}
	reductions := [][]string{
		{"mapping"}, tells, {tells[0], tells[1], "mapping"}, {tells[0], tells[1], "gate_with_mapping"},
		{tells[0], tells[1], "mapping", "gate_with_mapping"},
	}
	whole := slices.Clone(reductions)
	for _, more := range [][]string{{"waking"}, {"switched", "waking"}} {
		for _, without := range whole {
			reductions = append(reductions, slices.Concat(without, more))
		}
	}
	for _, without := range reductions {
		reduced := spec.Copy()
		for _, name := range without {
			delete(reduced.Programs, name)
		}
		if slices.Contains(without, tells[0]) {
			if err := reduced.Variables["forks_are_urgent"].Set(uint32(1)); err != nil {
				return nil, fmt.Errorf("set up the gate: %w", err)
			}
		}
		collection, err := ebpf.NewCollectionWithOptions(reduced, ebpf.CollectionOptions{
			MapReplacements: map[string]*ebpf.Map{pagesMap: pages},
		})
		if err == nil {
			return collection, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// unwinderPrograms are where the engine's programs begin and end, and its table of them.
type unwinderPrograms struct {
	first, last *ebpf.Program
	programs    *ebpf.Map
	lastIndex   uint32
}

func (g *gate) open(unwinder unwinderPrograms) error {
	stages := g.collection.Maps["stages"]
	if err := errors.Join(
		stages.Put(stageUnwind, unwinder.first),
		stages.Put(stageEnd, unwinder.last),
		unwinder.programs.Put(unwinder.lastIndex, g.collection.Programs["unwound"]),
	); err != nil {
		return fmt.Errorf("connect the gate with the unwinder: %w", err)
	}
	if g.tells() {
		if err := stages.Put(stageTell, g.collection.Programs["tell_mappings"]); err != nil {
			return fmt.Errorf("connect the gate with what tells mappings: %w", err)
		}
	}
	var err error
	if g.ticks, err = ringbuf.NewReader(g.collection.Maps["ticks"]); err != nil {
		return fmt.Errorf("open the ring of ticks: %w", err)
	}
	// A deadline in the past: reading returns at once when the ring is empty.
	g.ticks.SetDeadline(time.Unix(1, 0))
	if g.lifecycle, err = ringbuf.NewReader(g.collection.Maps["lifecycle"]); err != nil {
		return fmt.Errorf("open the ring of process events: %w", err)
	}
	return g.waits.open(g.collection)
}

// programs are all that can run.
func (g *gate) programs() []*ebpf.Program {
	programs := slices.Collect(maps.Values(g.collection.Programs))
	programs = append(programs, g.bytes...)
	for _, program := range []*ebpf.Program{g.memory.growth, g.memory.moved} {
		if program != nil {
			programs = append(programs, program)
		}
	}
	return programs
}

// tells says whether the unwinder is told of a new process's mappings in the kernel.
func (g *gate) tells() bool { return g.collection.Programs["tell_mappings"] != nil }

// attach follows processes and opens a clock event of `hz` ticks a second on every processor, which the gate sees; none
// for 0.
func (g *gate) attach(hz int, processors []int) error {
	g.detach()
	followers := slices.Clone(g.bytes)
	for _, name := range []string{"forked", "executed", "exited", "mapping", "tell_before_mapping"} {
		if program := g.collection.Programs[name]; program != nil {
			followers = append(followers, program)
		}
	}
	for _, program := range followers {
		hook, err := link.AttachTracing(link.TracingOptions{Program: program})
		if err != nil {
			g.detach()
			return fmt.Errorf("follow processes (%s): %w", program, err)
		}
		g.hooks = append(g.hooks, hook)
	}
	if err := g.setClock(hz, processors); err != nil {
		g.detach()
		return err
	}
	return nil
}

// setClock changes the clock event alone: who follows processes misses none meanwhile.
func (g *gate) setClock(hz int, processors []int) error {
	closeEvents(&g.perfEvents)
	if hz == 0 {
		return nil
	}
	clock := unix.PerfEventAttr{
		Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_CPU_CLOCK,
		Sample: uint64(hz), Bits: unix.PerfBitFreq | unix.PerfBitDisabled,
	}
	var err error
	if g.perfEvents, err = openEvents(clock, g.program, processors); err != nil {
		return fmt.Errorf("the clock event: %w", err)
	}
	return nil
}

// openEvents opens an event on every processor and attaches a program to it. What was opened is given back on error, too.
func openEvents(attr unix.PerfEventAttr, program *ebpf.Program, processors []int) ([]int, error) {
	attr.Size = uint32(unix.PERF_ATTR_SIZE_VER1)
	var opened []int
	for _, cpu := range processors {
		fd, err := unix.PerfEventOpen(&attr, -1, cpu, -1, unix.PERF_FLAG_FD_CLOEXEC)
		if errors.Is(err, unix.ENODEV) {
			continue // taken offline since we looked
		}
		if err != nil {
			return opened, fmt.Errorf("open it on processor %d: %w", cpu, err)
		}
		opened = append(opened, fd)
		if err := unix.IoctlSetInt(fd, unix.PERF_EVENT_IOC_SET_BPF, program.FD()); err != nil {
			return opened, fmt.Errorf("attach the gate on processor %d: %w", cpu, err)
		}
		if err := unix.IoctlSetInt(fd, unix.PERF_EVENT_IOC_ENABLE, 0); err != nil {
			return opened, fmt.Errorf("enable it on processor %d: %w", cpu, err)
		}
	}
	return opened, nil
}

// closeEvents ends what openEvents began.
func closeEvents(opened *[]int) {
	for _, fd := range *opened {
		_ = unix.Close(fd)
	}
	*opened = nil
}

func (g *gate) detach() {
	closeEvents(&g.perfEvents)
	for _, hook := range g.hooks {
		_ = hook.Close()
	}
	g.hooks = nil
}

func (g *gate) close() {
	g.waits.detach()
	g.waits.close()
	g.memory.detach()
	g.memory.close()
	for _, program := range g.bytes {
		_ = program.Close()
	}
	g.detach()
	if g.ticks != nil {
		_ = g.ticks.Close()
	}
	if g.lifecycle != nil {
		_ = g.lifecycle.Close()
	}
	g.collection.Close()
}

// want sets the recordings that want a process; none removes it.
func (g *gate) want(pid uint32, recordings uint64) error {
	wanted := g.collection.Maps["wanted"]
	if recordings == 0 {
		if err := wanted.Delete(pid); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			return fmt.Errorf("forget process %d: %w", pid, err)
		}
		return nil
	}
	var value wantedValue
	if err := wanted.Lookup(pid, &value); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
		return fmt.Errorf("look up process %d: %w", pid, err)
	}
	value.Recordings = recordings
	if err := wanted.Put(pid, value); err != nil {
		return fmt.Errorf("want process %d: %w", pid, err)
	}
	return nil
}

// isWanted says whether any recording wants a process.
func (g *gate) isWanted(pid uint32) bool { return g.wantedBy(pid) != 0 }

// wantedBy gives the recordings that want a process.
func (g *gate) wantedBy(pid uint32) uint64 {
	var value wantedValue
	if g.collection.Maps["wanted"].Lookup(pid, &value) != nil {
		return 0
	}
	return value.Recordings
}

// setListening sets the recordings that want an event.
func (g *gate) setListening(event Event, recordings uint64) error {
	return g.collection.Maps["listening"].Put(uint32(event), recordings)
}

func (g *gate) setInheriting(recordings uint64) error {
	return g.collection.Maps["inheriting"].Put(uint32(0), recordings)
}

func (g *gate) counter(index uint32) uint64 {
	var perCPU []uint64
	if g.collection.Maps["counters"].Lookup(index, &perCPU) != nil {
		return 0
	}
	sum := uint64(0)
	for _, value := range perCPU {
		sum += value
	}
	return sum
}

// drainTicks hands over every tick in the ring now.
func (g *gate) drainTicks(visit func(*tickRecord)) error {
	return drain(g.ticks, func(raw []byte) {
		if tick, ok := decodeTick(raw); ok {
			visit(tick)
		}
	})
}

// drain hands over every record that is in a ring now; the ring's deadline lies in the past.
func drain(ring *ringbuf.Reader, visit func(raw []byte)) error {
	var record ringbuf.Record
	for ring.AvailableBytes() > 0 { // else it asks the kernel
		if err := ring.ReadInto(&record); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				return nil
			}
			return err
		}
		visit(record.RawSample)
	}
	return nil
}

func ringBytes(atLeast int) uint32 {
	size := 1 << 20
	for size < atLeast && size < 1<<27 {
		size <<= 1
	}
	return uint32(size)
}
