package capture

import (
	"errors"
	"math/bits"
	"os"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/ebpf-profiler/times"
)

const (
	// growthBetween is how far apart stacks of growth may be in the long run, of each process and on each processor.
	growthBetween = 40 * time.Millisecond
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
	m.ledger = newMemoryLedger(uint(bits.TrailingZeros64(page)), size/page, m.pages)
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
		m.ledger.check(most)
		err = errors.Join(err, m.hooks.drain(m.ledger.move))
		m.ledger.confirm(int64(times.GetKTime()))
	}
	return err
}
