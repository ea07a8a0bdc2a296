package capture

import (
	"sync"

	"go.opentelemetry.io/ebpf-profiler/libpf"
	"go.opentelemetry.io/ebpf-profiler/processmanager"
)

// heirs are processes that were forked and run no other program since, with their parents. What such a process interpreted can be read
// from its parent once it is gone: what was there at the fork is at the same addresses in both.
type heirs struct {
	lock    sync.Mutex
	parents map[int32]int32
}

// maxHeirs bounds them; beyond it they are noted anew.
const maxHeirs = 8192

func (h *heirs) note(event Lifecycle) {
	h.lock.Lock()
	defer h.lock.Unlock()
	switch event.Kind {
	case Forked:
		if h.parents == nil || len(h.parents) >= maxHeirs {
			h.parents = map[int32]int32{}
		}
		h.parents[event.PID] = event.Parent
	case Executed:
		delete(h.parents, event.PID)
	}
}

// parent gives a process's parent, 0 for none.
func (h *heirs) parent(pid int32) int32 {
	h.lock.Lock()
	defer h.lock.Unlock()
	return h.parents[pid]
}

// elder is who may be asked in the stead of a tick's process, 0 for nobody. A process that forges its frames has others' memory read in its
// stead, so whoever is told of it has to be told of its parent, too.
func (e *Engine) elder(tick *tickRecord) libpf.PID {
	e.letEventsPass(tick.KTime) // its fork may not have been heard of
	parent := e.heirs.parent(int32(tick.PID))
	if parent == 0 || tick.Recordings&^e.gate.wantedBy(uint32(parent)) != 0 {
		return 0
	}
	return libpf.PID(parent)
}

// inheriting asks a process's parent for what its own memory doesn't tell.
type inheriting struct {
	*processmanager.ProcessManager
	elder func() libpf.PID
}

// UserFrame is that of a converter. Only Python's frames carry a checksum by which the parent's memory is known to hold the same.
func (i inheriting) UserFrame(pid libpf.PID, frame libpf.EbpfFrame, frames *libpf.Frames) (lasting bool) {
	before := len(*frames)
	if i.ProcessManager.UserFrame(pid, frame, frames) {
		return true
	}
	if frame.Type().Interpreter() != libpf.Python {
		return false
	}
	elder := i.elder()
	if elder == 0 {
		return false
	}
	*frames = (*frames)[:before]
	return i.ProcessManager.UserFrame(elder, frame, frames)
}
