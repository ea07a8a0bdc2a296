package control

import (
	"os"
	"time"

	"flameline.dev/helper/internal/symbolize"
	"flameline.dev/helper/internal/wire"
	"golang.org/x/sys/unix"
)

// cost is what profiling has cost since the helper began.
type cost struct {
	bpfNs, helperCPUNs, symbolizerCPUNs, residentBytes, mapBytes int64
}

func (h *hub) measure() cost {
	c := cost{bpfNs: -1}
	if h.engine != nil {
		c.bpfNs = h.engine.BPFTime()
		c.mapBytes = h.engine.MapBytes()
	}
	c.helperCPUNs = ownCPUNs()
	symbolizerCPU, symbolizerResident := h.symbols.cost()
	c.symbolizerCPUNs = symbolizerCPU
	c.residentBytes = h.ownMemory() + symbolizerResident
	return c
}

// ownCPUNs is the processor time of this process; 0 where it isn't told.
func ownCPUNs() int64 {
	var usage unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return usage.Utime.Nano() + usage.Stime.Nano()
}

// since is the account of a recording that began at `start`: times count from there, memory is what it is now.
func (c cost) since(start cost) wire.CostAccount {
	account := wire.CostAccount{
		BPFNs: -1, HelperCPUNs: c.helperCPUNs - start.helperCPUNs, SymbolizerCPUNs: max(0, c.symbolizerCPUNs-start.symbolizerCPUNs),
		ResidentBytes: c.residentBytes, MapBytes: c.mapBytes,
	}
	if c.bpfNs >= 0 && start.bpfNs >= 0 {
		account.BPFNs = c.bpfNs - start.bpfNs
	}
	return account
}

// memoryFor is how long a measurement of our own memory holds, as the kernel walks all pages for it.
const memoryFor = 15 * time.Second

// ownMemory is our memory with the program's pages, which the symbolizers share.
func (h *hub) ownMemory() int64 {
	if time.Since(h.memoryAt) > memoryFor {
		memory := symbolize.MemoryOf(os.Getpid())
		h.memory, h.memoryAt = memory.Program+memory.Rest, time.Now()
	}
	return h.memory
}
