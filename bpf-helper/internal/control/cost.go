package control

import (
	"os"
	"strconv"
	"strings"

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
	var usage unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &usage) == nil {
		c.helperCPUNs = usage.Utime.Nano() + usage.Stime.Nano()
	}
	symbolizerCPU, symbolizerResident := h.symbols.cost()
	c.symbolizerCPUNs = symbolizerCPU
	c.residentBytes = residentBytes() + symbolizerResident
	return c
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

func residentBytes() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
