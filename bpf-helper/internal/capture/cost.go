package capture

import (
	"time"

	"github.com/cilium/ebpf"
)

// BPFTime is the time that our programs and the engine's have run, in ns; -1 where the kernel does not say. The
// unwinder runs inside the gate's tail call, so its time is the gate's.
func (e *Engine) BPFTime() int64 {
	if e.stats == nil {
		return -1
	}
	total := int64(0)
	for _, program := range e.gate.programs() {
		stats, err := program.Stats()
		if err != nil {
			return -1
		}
		total += stats.Runtime.Nanoseconds()
	}
	return total + e.calls.bpfTime() + e.allocated.bpfTime()
}

// mapBytesFor is how long a sum of the maps' memory holds: asking the kernel costs a millisecond, and they change little.
const mapBytesFor = 5 * time.Second

// MapBytes is the memory of all maps, as the kernel accounts it.
func (e *Engine) MapBytes() int64 {
	e.mapLock.Lock()
	defer e.mapLock.Unlock()
	if time.Since(e.mapSummed) > mapBytesFor {
		e.mapBytes, e.mapSummed = e.sumMapBytes(), time.Now()
	}
	return e.mapBytes
}

func (e *Engine) sumMapBytes() int64 {
	total := int64(0)
	for _, maps := range []map[string]*ebpf.Map{e.tracer.Maps(), e.gate.collection.Maps, e.calls.maps(), e.allocated.maps()} {
		for _, m := range maps {
			info, err := m.Info()
			if err != nil {
				continue
			}
			if bytes, known := info.Memlock(); known {
				total += int64(bytes)
			}
		}
	}
	return total
}
