package control

import (
	"flameline.dev/helper/internal/capture"
	"flameline.dev/helper/internal/target"
	"flameline.dev/helper/internal/wire"
)

// wanted is one process of the kernel's set.
type wanted struct {
	recordings uint64
	startNs    uint64
}

// want sets the recordings that want a process, here and in the kernel.
func (h *hub) want(pid int32, startNs, recordings uint64) {
	if h.wanted[pid].recordings != recordings {
		if err := h.engine.Want(pid, recordings); err != nil {
			h.log.Warn("the kernel's set of processes could not be changed", "err", err)
		}
	}
	if recordings == 0 {
		delete(h.wanted, pid)
		delete(h.bytes.told, pid)
	} else {
		if h.wanted[pid].recordings == 0 {
			h.beginBytes(pid)
		}
		h.wanted[pid] = wanted{recordings, startNs}
	}
	h.probers.follow(pid, h.wanted[pid], false, nil)
}

// judge decides anew which recordings want a process. A recording that has wanted it, or from whose process it was
// forked, goes on wanting it for as long as it may. It says whether a recording wants it that did not before.
func (h *hub) judge(p *target.Process) (isNewlyWanted bool) {
	before := uint64(0)
	if entry := h.wanted[p.PID]; target.SameStart(entry.startNs, p.StartNs) {
		before = entry.recordings
	}
	recordings := uint64(0)
	var ancestors []*target.Process
	for _, l := range h.live {
		if l == nil || l.ending || l.hz == 0 || l.selection.Excludes(p) || !l.peer.sees(p) {
			continue
		}
		if before&l.bit() == 0 {
			if ancestors == nil {
				ancestors = h.table.Ancestors(p)
			}
			if !l.selection.Wants(p, ancestors) {
				continue
			}
		}
		recordings |= l.bit()
		l.seen = true
	}
	h.want(p.PID, p.StartNs, recordings)
	if recordings&^before == 0 {
		return false
	}
	h.engine.FollowWaits(p.PID, p.StartNs, p.UID, recordings)
	return true
}

// rescan judges all processes there are.
func (h *hub) rescan() error {
	processes, err := h.table.Scan(func(p *target.Process) bool {
		_, isWanted := h.wanted[p.PID]
		return !isWanted && !p.Kernel
	})
	if err != nil {
		return err
	}
	present := make(map[int32]bool, len(processes))
	for _, p := range processes {
		present[p.PID] = true
		if h.judge(p) {
			h.engine.Prepare(p.PID)
		}
	}
	for pid, entry := range h.wanted {
		if !present[pid] {
			h.want(pid, entry.startNs, 0)
		}
	}
	h.checkExited()
	return nil
}

// Lifecycle is called by the engine.
func (h *hub) Lifecycle(event capture.Lifecycle) {
	h.lock.Lock()
	defer h.lock.Unlock()
	switch event.Kind {
	case capture.Forked:
		h.wanted[event.PID] = wanted{event.Wanted, event.StartNs}
		if h.judge(h.table.Forked(event.PID, event.Parent, event.UID, event.StartNs)) {
			h.engine.PrepareNew(event.PID)
		}
	case capture.Executed:
		if event.Wanted == 0 && !h.concerns(event.UID) {
			return
		}
		if event.Wanted != 0 {
			h.wanted[event.PID] = wanted{event.Wanted, event.StartNs}
		}
		if h.judge(h.table.Executed(event.PID, event.Parent, event.UID, event.StartNs, event.Filename, event.Command)) {
			h.engine.PrepareNew(event.PID)
		}
		h.probers.follow(event.PID, h.wanted[event.PID], true, nil)
	case capture.Exited:
		if entry, known := h.wanted[event.PID]; known && target.SameStart(entry.startNs, event.StartNs) {
			h.addBytes(event.PID, entry, event.Transferred)
		}
		h.table.Exited(event.PID)
		h.want(event.PID, event.StartNs, 0)
		h.checkExited()
	}
}

// concerns says whether any recording may be about a user's processes beside those that it wants already. An exec of a setuid program concerns those that
// had the process before, as they lose it.
func (h *hub) concerns(uid uint32) bool {
	for _, l := range h.live {
		if l != nil && !l.ending && l.selection.FindsOthers() && (uid == capture.MixedUID || target.Visible(l.peer.uid, uid)) {
			return true
		}
	}
	return false
}

// checkExited ends the recordings of a process that has gone with all that it left behind.
func (h *hub) checkExited() {
	wanting := uint64(0)
	for _, entry := range h.wanted {
		wanting |= entry.recordings
	}
	for _, l := range h.live {
		if l != nil && !l.ending && l.hz != 0 && l.seen && l.selection.EndsWithProcess() && wanting&l.bit() == 0 {
			go l.finish(wire.StopTargetExited)
		}
	}
}
