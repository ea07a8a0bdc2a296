package capture

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"sync"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/features"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
	"go.opentelemetry.io/ebpf-profiler/tracer"
)

// The programs of bpf/allocations.h by the function that each probes, the one that probes their returns, and the maps that only they
// use: loaded while a box is open.
var allocationPrograms = map[string]string{
	"malloc": "allocates_size", "calloc": "allocates_many", "realloc": "allocates_anew", "aligned_alloc": "allocates_aligned",
	"memalign": "allocates_aligned", "posix_memalign": "allocates_into", "free": "frees",
}

const (
	returnProgram = "allocated"
	freeFunction  = "free"
)

var allocationMaps = []string{"allocations_counters", "ways", "allocating", "blocks_held", "blocks", "unwinding", "allocation_stages"}

// The counters of bpf/allocations.h.
const (
	counterStepped uint32 = iota
	counterEmulated
	counterReturns
	counterCalls
	counterBlocksUntold
)

// blockRecord is the twin of struct block_record, and the kinds are those of enum block_kind.
type blockRecord struct {
	KTime int64
	ID    uint64
	Kind  blockKind
	_     uint32
}

type blockKind uint32

const (
	blockHeld       blockKind = 1
	blockFreed      blockKind = 2
	blockFailed     blockKind = 3 // the allocator had nothing
	blockUnfollowed blockKind = 4 // there was no room to remember its address
)

// allocationHooks is the part of the gate that sees calls of allocators.
type allocationHooks struct {
	chain      *tracer.Chain // stays loaded once it was needed
	collection *ebpf.Collection
	records    *ringbuf.Reader
	spent      int64 // by programs that are gone, ns
}

// withoutAllocations takes what only boxes need out of the gate's object.
func withoutAllocations(spec *ebpf.CollectionSpec) {
	for _, name := range allocationPrograms {
		delete(spec.Programs, name)
	}
	delete(spec.Programs, returnProgram)
	for _, name := range allocationMaps {
		delete(spec.Maps, name)
	}
}

// open loads the programs, which share the gate's maps.
func (a *allocationHooks) open(gate *ebpf.Collection) error {
	spec, err := partOfGate(gate.Maps, append(slices.Collect(maps.Values(allocationPrograms)), returnProgram)...)
	if err != nil {
		return err
	}
	for _, program := range spec.Programs {
		program.AttachType = probeKind()
	}
	if a.collection, err = ebpf.NewCollectionWithOptions(spec, ebpf.CollectionOptions{MapReplacements: gate.Maps}); err != nil {
		return fmt.Errorf("load what follows allocations: %w", err)
	}
	if err := a.collection.Maps["allocation_stages"].Put(uint32(0), a.chain.Entry); err != nil {
		a.drop()
		return fmt.Errorf("connect it with the unwinder: %w", err)
	}
	if a.records, err = ringbuf.NewReader(a.collection.Maps["blocks"]); err != nil {
		a.drop()
		return fmt.Errorf("open the ring of blocks: %w", err)
	}
	a.records.SetDeadline(time.Unix(1, 0))
	return nil
}

func (a *allocationHooks) drop() {
	if a.records != nil {
		_ = a.records.Close()
		a.records = nil
	}
	if a.collection != nil {
		a.spent = a.bpfTime()
		a.collection.Close()
		a.collection = nil
	}
}

func (a *allocationHooks) bpfTime() int64 { return a.spent + timeOfPart(a.collection) }

func (a *allocationHooks) close() {
	a.drop()
	if a.chain != nil {
		a.chain.Close()
		a.chain = nil
	}
}

func (a *allocationHooks) drain(visit func(*blockRecord)) error {
	return drain(a.records, func(raw []byte) {
		if len(raw) >= int(unsafe.Sizeof(blockRecord{})) {
			record := *(*blockRecord)(unsafe.Pointer(unsafe.SliceData(raw)))
			visit(&record)
		}
	})
}

func (a *allocationHooks) counter(index uint32) (sum int64) {
	var perCPU []uint64
	if a.collection == nil || a.collection.Maps["allocations_counters"].Lookup(index, &perCPU) != nil {
		return 0
	}
	for _, value := range perCPU {
		sum += int64(value)
	}
	return sum
}

// probe puts probes on functions of a file, by their offsets, that only a process's calls hit. A function's return is probed before
// its entry, so that what was drawn is heard of again.
func (a *allocationHooks) probe(pid int32, file *os.File, functions map[string]uint64) ([]link.Link, error) {
	executable, err := link.OpenExecutable(fmt.Sprintf("/proc/self/fd/%d", file.Fd()))
	if err != nil {
		return nil, err
	}
	entries := map[string][]uint64{}
	var returns, emulated []uint64
	probed := map[uint64]bool{}
	for function, offset := range functions {
		name := allocationPrograms[function]
		if a.collection.Programs[name] == nil || probed[offset] {
			continue
		}
		probed[offset] = true
		code := make([]byte, beginBytes)
		n, _ := file.ReadAt(code, int64(offset))
		skip, isEmulated := cheapPlace(code[:n])
		if offset += skip; isEmulated {
			emulated = append(emulated, offset)
		}
		entries[name] = append(entries[name], offset)
		if function != freeFunction {
			returns = append(returns, offset)
		}
	}
	links, err := attachProbes(executable, a.collection.Programs[returnProgram], pid, returns, nil, true)
	for name, offsets := range entries {
		if err != nil {
			break
		}
		var more []link.Link
		more, err = attachProbes(executable, a.collection.Programs[name], pid, offsets, emulated, false)
		links = append(links, more...)
	}
	if err != nil {
		unprobe(links)
		return nil, err
	}
	return links, nil
}

// probeKind is how probes are attached: all of a file's at a time from Linux 6.6 on, which takes no more than CAP_PERFMON. For single
// ones newer kernels, and older ones that were mended, want CAP_SYS_ADMIN, which the helper has given up.
var probeKind = sync.OnceValue(func() ebpf.AttachType {
	if features.HaveBPFLinkUprobeMulti() == nil {
		return ebpf.AttachTraceUprobeMulti
	}
	return ebpf.AttachNone
})

// attachProbes puts a program on places of a file, some of which begin with an instruction that is emulated, or on the returns of the
// functions there, for one process.
func attachProbes(file *link.Executable, program *ebpf.Program, pid int32, offsets, emulated []uint64, returns bool) ([]link.Link, error) {
	cookies := make([]uint64, len(offsets))
	for i, offset := range offsets {
		cookies[i] = uint64(counterStepped)
		if slices.Contains(emulated, offset) {
			cookies[i] = uint64(counterEmulated)
		}
	}
	if probeKind() == ebpf.AttachTraceUprobeMulti {
		attach := file.UprobeMulti
		if returns {
			attach = file.UretprobeMulti
		}
		one, err := attach(nil, program, &link.UprobeMultiOptions{Addresses: offsets, Cookies: cookies, PID: uint32(pid)})
		if err != nil {
			return nil, fmt.Errorf("probe a process: %w", err)
		}
		return []link.Link{one}, nil
	}
	attach := file.Uprobe
	if returns {
		attach = file.Uretprobe
	}
	var links []link.Link
	for i, offset := range offsets {
		one, err := attach("", program, &link.UprobeOptions{Address: offset, PID: int(pid), Cookie: cookies[i]})
		if err != nil {
			return links, fmt.Errorf("probe a process: %w", err)
		}
		links = append(links, one)
	}
	return links, nil
}

// unprobe takes probes away. For each the kernel waits until nobody is in it, so several go at a time.
func unprobe(links []link.Link) {
	const atATime = 16
	var removing sync.WaitGroup
	for first := range min(atATime, len(links)) {
		removing.Go(func() {
			for i := first; i < len(links); i += atATime {
				_ = links[i].Close()
			}
		})
	}
	removing.Wait()
}
