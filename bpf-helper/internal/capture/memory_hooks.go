package capture

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"github.com/cilium/ebpf/ringbuf"
	"golang.org/x/sys/unix"
)

// memorySettings and moveRecord are twins of memory_settings and memory_move in bpf/memory.h.
type memorySettings struct {
	BetweenNs  uint64
	BurstNs    uint64
	PageBits   uint32
	HugeBits   uint32
	HugeAlways uint32
	_          uint32
}

// What else than a moved length moveRecord.Length can say: a page came, or a stretch opened, whose stack was not taken.
const (
	pageCame      = 0
	stretchOpened = 1
)

// moveRecord is memory that mremap has moved, or that came without its stack being taken.
type moveRecord struct {
	KTime         int64
	StartBoottime uint64
	From          uint64
	To            uint64
	Length        uint64
	PID           uint32
	_             uint32
}

// The programs of bpf/memory.h, of which one sees faults.
const (
	growthWithAreas = "gate_of_growth_with_areas"
	growthPlain     = "gate_of_growth"
	moveProgram     = "moved"
)

var memoryPrograms = []string{growthWithAreas, growthPlain, moveProgram}

// memoryHooks is the part of the gate that sees memory come and move.
type memoryHooks struct {
	settings   *ebpf.Map
	refused    error         // why growth is nil
	growth     *ebpf.Program // nil where the kernel refused it
	moved      *ebpf.Program // nil where the kernel can't tell of moves (before 5.15)
	moves      *ringbuf.Reader
	hook       link.Link
	perfEvents []int
	on         atomic.Bool
}

// load loads what the kernel accepts of our programs, which use the gate's maps.
func (m *memoryHooks) load(spec *ebpf.CollectionSpec, maps map[string]*ebpf.Map) error {
	for _, name := range []string{growthWithAreas, growthPlain} {
		if m.growth, m.refused = loadOne(spec, maps, name); m.refused == nil {
			break
		}
	}
	m.moved, _ = loadOne(spec, maps, moveProgram)
	m.settings = maps["memory_settings"]
	var err error
	if m.moves, err = ringbuf.NewReader(maps["moves"]); err != nil {
		return fmt.Errorf("open the ring of moves: %w", err)
	}
	m.moves.SetDeadline(time.Unix(1, 0))
	return nil
}

// loadOne loads a program beside those that are loaded, whose maps it uses.
func loadOne(spec *ebpf.CollectionSpec, maps map[string]*ebpf.Map, name string) (*ebpf.Program, error) {
	one := spec.Copy()
	for other := range one.Programs {
		if other != name {
			delete(one.Programs, other)
		}
	}
	if one.Programs[name] == nil {
		return nil, errors.ErrUnsupported
	}
	collection, err := ebpf.NewCollectionWithOptions(one, ebpf.CollectionOptions{MapReplacements: maps})
	if err != nil {
		return nil, err
	}
	defer collection.Close()
	return collection.DetachProgram(name), nil
}

// attach lets the programs see every minor fault.
func (m *memoryHooks) attach(processors []int, settings memorySettings) error {
	if m.on.Load() {
		return nil
	}
	if m.growth == nil {
		return fmt.Errorf("the kernel does not let us follow page faults: %w", m.refused)
	}
	if err := m.settings.Put(uint32(0), settings); err != nil {
		return fmt.Errorf("set how growth is followed: %w", err)
	}
	faults := unix.PerfEventAttr{
		Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_PAGE_FAULTS_MIN, Sample: 1, Sample_type: unix.PERF_SAMPLE_ADDR,
		Bits: unix.PerfBitDisabled,
	}
	var err error
	if m.perfEvents, err = openEvents(faults, m.growth, processors); err != nil {
		m.detach()
		return fmt.Errorf("the event of page faults: %w", err)
	}
	if m.moved != nil {
		if m.hook, err = link.AttachTracing(link.TracingOptions{Program: m.moved}); err != nil {
			m.detach()
			return fmt.Errorf("follow moved memory: %w", err)
		}
	}
	m.on.Store(true)
	return nil
}

func (m *memoryHooks) detach() {
	m.on.Store(false)
	if m.hook != nil {
		_ = m.hook.Close()
		m.hook = nil
	}
	closeEvents(&m.perfEvents)
}

func (m *memoryHooks) close() {
	for _, program := range []*ebpf.Program{m.growth, m.moved} {
		if program != nil {
			_ = program.Close()
		}
	}
	if m.moves != nil {
		_ = m.moves.Close()
	}
}

// drain hands over every move in the ring now.
func (m *memoryHooks) drain(visit func(*moveRecord)) error {
	return drain(m.moves, func(raw []byte) {
		if len(raw) >= int(unsafe.Sizeof(moveRecord{})) {
			move := *(*moveRecord)(unsafe.Pointer(unsafe.SliceData(raw)))
			visit(&move)
		}
	})
}

const hugeFolder = "/sys/kernel/mm/transparent_hugepage/"

// hugePages gives the size of a huge page, 0 where there are none, and whether any program gets them or only who asks.
func hugePages() (size uint64, always bool) {
	chosen := func(name string) string {
		text, _ := os.ReadFile(hugeFolder + name)
		_, rest, _ := strings.Cut(string(text), "[")
		word, _, _ := strings.Cut(rest, "]")
		return word
	}
	text, err := os.ReadFile(hugeFolder + "hpage_pmd_size")
	if err != nil {
		return 0, false
	}
	if size, err = strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64); err != nil || size == 0 {
		return 0, false
	}
	// From 6.8 on each size has its own word, which may be to take the common one.
	word := chosen(fmt.Sprintf("hugepages-%dkB/enabled", size>>10))
	if word == "" || word == "inherit" {
		word = chosen("enabled")
	}
	if word == "never" {
		return 0, false
	}
	return size, word == "always"
}
