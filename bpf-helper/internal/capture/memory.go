package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"os"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/ebpf-profiler/times"
	"golang.org/x/sys/unix"
)

const (
	// growthBetween is how far apart stacks of growth may be in the long run, of each process and on each processor.
	growthBetween = 25 * time.Millisecond
	// growthBurst is so much of that ahead before stacks are thinned to a quarter, and again before each further step: 800 stacks,
	// which stand for 200 MB first and for 800 MB next.
	growthBurst = 800 * growthBetween
	// checkInterval is how often held pages are looked at, and pagesPerCheck how many: a microsecond each.
	checkInterval = 250 * time.Millisecond
	pagesPerCheck = 2000
)

// memory makes samples of what the kernel tells of memory.
type memory struct {
	hooks   *memoryHooks
	ledger  *memoryLedger
	pages   *pageMaps
	checked time.Time

	lock  sync.Mutex // guards what follows
	notes []Lifecycle
}

func newMemory(hooks *memoryHooks) *memory {
	m := &memory{hooks: hooks, pages: &pageMaps{}}
	m.reset()
	return m
}

func (m *memory) reset() {
	size, _ := hugePages()
	page := uint64(os.Getpagesize())
	m.ledger = newMemoryLedger(uint(bits.TrailingZeros64(page)), size/page, m.pages.read)
	text, _ := os.ReadFile("/proc/sys/kernel/numa_balancing")
	hinting := strings.TrimSpace(string(text))
	m.ledger.hinted = hinting != "" && hinting != "0"
	m.lock.Lock()
	m.notes = nil
	m.lock.Unlock()
}

func (m *memory) attach(processors []int) error {
	size, always := hugePages()
	settings := memorySettings{
		BetweenNs: uint64(growthBetween), BurstNs: uint64(growthBurst), PageBits: uint32(bits.TrailingZeros64(uint64(os.Getpagesize()))),
	}
	if size != 0 {
		settings.HugeBits = uint32(bits.TrailingZeros64(size))
	}
	if always {
		settings.HugeAlways = 1
	}
	return m.hooks.attach(processors, settings)
}

// note takes in a process event, from the goroutine that follows them.
func (m *memory) note(event Lifecycle) {
	if !m.hooks.on.Load() || event.Wanted == 0 {
		return
	}
	m.lock.Lock()
	m.notes = append(m.notes, event)
	m.lock.Unlock()
}

// round takes in what came since the last; `faults` are the samples of this round that are stacks of faults. With `all` nothing is
// left open.
func (m *memory) round(faults []Sample, all bool) error {
	if !m.hooks.on.Load() {
		if len(m.ledger.processes) > 0 {
			m.reset()
		}
		return nil
	}
	defer m.pages.close()
	for i := range faults {
		m.ledger.fault(faults[i])
	}
	err := m.hooks.drain(m.ledger.move)
	m.lock.Lock()
	notes := m.notes
	m.notes = nil
	m.lock.Unlock()
	for _, event := range notes {
		switch event.Kind {
		case Forked:
			m.ledger.forked(event.Parent, event.KTime)
		case Executed, Exited:
			m.ledger.ended(event.PID, event.KTime)
		}
	}
	m.ledger.settle(all)
	if now := time.Now(); all || now.Sub(m.checked) >= checkInterval {
		m.checked = now
		most := pagesPerCheck
		if all {
			most = maxHeldPages
		}
		m.ledger.check(most, int64(times.GetKTime()))
	}
	return err
}

// pageMaps reads what the kernel says of pages. The last process's file stays open until `close`.
type pageMaps struct {
	pid    int32
	file   *os.File
	buffer []byte
}

// The bits of an entry of /proc/PID/pagemap: Documentation/admin-guide/mm/pagemap.rst of the kernel.
const (
	pagePresent   = 1 << 63
	pageSwapped   = 1 << 62
	pageOfFile    = 1 << 61 // or shared memory
	pageExclusive = 1 << 56
)

var errNoMemory = errors.New("the process has no memory")

func (m *pageMaps) read(pid int32, first uint64, states []pageState) error {
	if m.file == nil || m.pid != pid {
		m.close()
		file, err := os.Open(fmt.Sprintf("/proc/%d/pagemap", pid))
		if err != nil {
			return err
		}
		m.pid, m.file = pid, file
	}
	if size := 8 * len(states); len(m.buffer) < size {
		m.buffer = make([]byte, size)
	}
	buffer := m.buffer[:8*len(states)]
	n, err := unix.Pread(int(m.file.Fd()), buffer, int64(first*8))
	if err != nil {
		return err
	}
	if n < len(buffer) {
		return errNoMemory
	}
	for i := range states {
		states[i] = stateOf(binary.NativeEndian.Uint64(buffer[8*i:]))
	}
	return nil
}

func stateOf(entry uint64) pageState {
	switch {
	case entry&(pagePresent|pageSwapped) == 0:
		return pageGone
	case entry&pageOfFile == 0 && entry&(pageExclusive|pageSwapped) != 0:
		return pageOwn
	default:
		return pageShared
	}
}

func (m *pageMaps) close() {
	if m.file != nil {
		_ = m.file.Close()
		m.file = nil
	}
}
