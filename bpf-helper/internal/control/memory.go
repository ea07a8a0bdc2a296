package control

import (
	"fmt"
	"os"
	"slices"
	"time"

	"flameline.dev/helper/internal/recording"
	"flameline.dev/helper/internal/wire"
)

const (
	// memoryInterval is how often the memory of recorded processes is read: ten microseconds each.
	memoryInterval = time.Second
	// processesPerRound bounds that; the next round goes on with the others.
	processesPerRound = 128
)

// memoryTurns is whose memory is read next.
type memoryTurns struct {
	at   time.Time
	from int32 // a pid
}

// tellMemory reads the memory of the processes of recordings with that event. The hub is locked.
func (h *hub) tellMemory(now time.Time) {
	if now.Sub(h.memoryTurns.at) < memoryInterval {
		return
	}
	h.memoryTurns.at = now
	listening := uint64(0)
	for _, l := range h.live {
		if l != nil && !l.ending && slices.Contains(l.events, wire.EventMemory) {
			listening |= l.bit()
		}
	}
	if listening == 0 {
		return
	}
	var pids []int32
	for pid, entry := range h.wanted {
		if entry.recordings&listening != 0 {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	first, _ := slices.BinarySearch(pids, h.memoryTurns.from)
	pids = append(pids[first:], pids[:first]...)
	if len(pids) > processesPerRound {
		h.memoryTurns.from = pids[processesPerRound]
		pids = pids[:processesPerRound]
	}
	for _, pid := range pids {
		h.tellMemoryOf(pid, h.wanted[pid].recordings&listening)
	}
}

func (h *hub) tellMemoryOf(pid int32, recordings uint64) {
	process := h.table.Get(pid, h.wanted[pid].startNs, nil)
	memory, ok := readMemory(pid)
	if process == nil || !ok {
		return
	}
	for l := range h.telling(recordings, process, process.UID) {
		l.recording.AddMemory(process, monotonic(), memory)
	}
}

// readMemory reads /proc/PID/statm, whose members are size, resident and shared pages; the last are files' and shared memory's.
func readMemory(pid int32) (recording.Memory, bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return recording.Memory{}, false
	}
	var size, resident, shared int64
	if n, _ := fmt.Sscan(string(text), &size, &resident, &shared); n < 3 || resident == 0 {
		return recording.Memory{}, false
	}
	page := int64(os.Getpagesize())
	return recording.Memory{Resident: resident * page, Anonymous: max(resident-shared, 0) * page}, true
}
