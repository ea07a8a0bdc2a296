package capture

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"flameline.dev/helper/internal/wire"
	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"go.opentelemetry.io/ebpf-profiler/rlimit"
	"go.opentelemetry.io/ebpf-profiler/tracer"
)

// allocations makes samples of what processes ask of their allocators, while a box is open.
type allocations struct {
	ledger *allocationLedger // of the goroutine that polls
	names  []*Frame          // what is called, which stands for the allocator's own frame

	lock    sync.Mutex // guards what follows
	hooks   allocationHooks
	open    bool
	closing int // rounds until what is left in the rings has been read; then the programs go
	probes  map[int32][]link.Link
	traps   *trapPrices // nil before they were measured
	calls   AllocationCalls

	removing sync.WaitGroup // of probes
}

// AllocationCalls are what probes have seen since the helper began, and what they have taken of the machine, in ns: TrapNs is how often
// they were hit times the measured price of a hit, BPFNs the kernel's account of what ran in them.
type AllocationCalls struct {
	Calls         int64
	TrapNs, BPFNs int64
	Lost          int64
}

// allocators are those of enum allocator in bpf/allocations.h.
var allocators = []string{"malloc", "calloc", "realloc", "aligned_alloc", "posix_memalign"}

// roundsToClose is how many polls a stack and its tick can be apart, and one for what was freed meanwhile.
const roundsToClose = 4

func newAllocations(frames *frameTable) *allocations {
	var names []*Frame
	for _, name := range allocators {
		names = append(names, frames.leafFrame(Frame{Language: wire.Kernel, Function: "[" + name + "]"}))
	}
	return &allocations{names: names, ledger: newAllocationLedger(), probes: map[int32][]link.Link{}}
}

// load loads the unwinder that probes need; as long as the engine, the first time.
func (a *allocations) load(engine *tracer.Tracer) error {
	a.lock.Lock()
	defer a.lock.Unlock()
	if a.hooks.chain != nil {
		return nil
	}
	restoreLimit, err := rlimit.MaximizeMemlock()
	if err != nil {
		return fmt.Errorf("raise the limit of locked memory: %w", err)
	}
	defer restoreLimit()
	defer hurry(loadNice)()
	if a.hooks.chain, err = engine.LoadProbeChain(probeKind()); err != nil {
		return fmt.Errorf("load the unwinder for probes: %w", err)
	}
	return nil
}

func (a *allocations) isLoaded() bool {
	a.lock.Lock()
	defer a.lock.Unlock()
	return a.hooks.chain != nil
}

// begin loads what the probes run. Nothing is probed yet.
func (a *allocations) begin(gate *ebpf.Collection) error {
	a.lock.Lock()
	defer a.lock.Unlock()
	a.open, a.closing = true, 0
	if a.hooks.collection != nil {
		return nil
	}
	if err := a.hooks.open(gate); err != nil {
		a.open = false
		return err
	}
	if a.traps == nil {
		prices := measureTraps(a.hooks.collection.Programs[allocationPrograms[freeFunction]])
		a.traps = &prices
	}
	return nil
}

// end takes all probes away; what they have written is still read.
func (a *allocations) end() {
	a.lock.Lock()
	defer a.lock.Unlock()
	if !a.open {
		return
	}
	a.open, a.closing = false, roundsToClose
	var links []link.Link
	for pid, some := range a.probes {
		links = append(links, some...)
		delete(a.probes, pid)
	}
	a.removing.Go(func() { unprobe(links) })
}

// errClosed says that the box is closed.
var errClosed = errors.New("allocations are not followed any more")

// probe puts probes on a file's functions for one process.
func (a *allocations) probe(pid int32, file *os.File, functions map[string]uint64) error {
	a.lock.Lock()
	defer a.lock.Unlock()
	if !a.open {
		return errClosed
	}
	links, err := a.hooks.probe(pid, file, functions)
	a.probes[pid] = append(a.probes[pid], links...)
	return err
}

func (a *allocations) unprobe(pid int32) {
	a.lock.Lock()
	links := a.probes[pid]
	delete(a.probes, pid)
	a.removing.Add(1)
	a.lock.Unlock()
	defer a.removing.Done()
	unprobe(links)
}

// account sums up. The hooks' counters go with their programs, so they are taken over before.
func (a *allocations) account() AllocationCalls {
	a.lock.Lock()
	defer a.lock.Unlock()
	return a.sum()
}

func (a *allocations) sum() AllocationCalls {
	sum := a.calls
	sum.Calls += a.hooks.counter(counterCalls)
	sum.Lost += a.hooks.counter(counterBlocksUntold)
	if a.traps != nil {
		// The trap of a return has no instruction to run either.
		sum.TrapNs += a.hooks.counter(counterStepped)*a.traps.stepped +
			(a.hooks.counter(counterEmulated)+a.hooks.counter(counterReturns))*a.traps.emulated
	}
	sum.BPFNs = a.hooks.bpfTime()
	return sum
}

func (a *allocations) bpfTime() int64 {
	a.lock.Lock()
	defer a.lock.Unlock()
	return a.hooks.bpfTime()
}

func (a *allocations) maps() map[string]*ebpf.Map {
	a.lock.Lock()
	defer a.lock.Unlock()
	return mapsOfParts(allocationMaps, a.hooks.collection)
}

// round takes in what came since the last; `stacks` are the samples of this round that are of allocations.
func (a *allocations) round(stacks []Sample) ([]Sample, error) {
	a.lock.Lock()
	defer a.lock.Unlock()
	if a.hooks.collection == nil {
		return nil, nil
	}
	for _, sample := range stacks {
		if at := int(sample.allocator); at < len(a.names) && len(sample.Frames) > 0 {
			sample.Frames = append([]*Frame{a.names[at]}, sample.Frames[1:]...)
		}
		a.ledger.stack(sample)
	}
	err := a.hooks.drain(a.ledger.heard)
	a.ledger.settle()
	samples := a.ledger.take()
	if !a.open {
		if a.closing--; a.closing <= 0 {
			a.calls = a.sum()
			a.calls.Lost += a.ledger.lost
			a.hooks.drop()
			a.ledger = newAllocationLedger()
		}
	}
	return samples, err
}

// attached says whether rings have to be read often.
func (a *allocations) attached() bool {
	a.lock.Lock()
	defer a.lock.Unlock()
	return a.hooks.collection != nil
}

func (a *allocations) close() {
	a.end()
	a.removing.Wait()
	a.lock.Lock()
	defer a.lock.Unlock()
	a.hooks.close()
}
