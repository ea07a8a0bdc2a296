package control

import (
	"os"
	"time"

	"flameline.dev/helper/internal/capture"
	"flameline.dev/helper/internal/recording"
	"flameline.dev/helper/internal/wire"
)

const (
	// bytesInterval is how often the bytes of processes are told. Where they have more than bytesAtOnce threads it is longer, so that
	// reading them takes a small part of a processor.
	bytesInterval = time.Second
	bytesAtOnce   = 100
)

// bytesBook remembers what was told of each process.
type bytesBook struct {
	told map[int32]capture.Transferred
	next time.Time
}

// beginBytes notes where a process stands that was there before it was wanted.
func (h *hub) beginBytes(pid int32) {
	if now, threads := h.engine.Transferred(pid); threads > 0 {
		h.bytes.told[pid] = now
	}
}

// tellBytes tells what the wanted processes have transferred since the last time.
func (h *hub) tellBytes() {
	all := 0
	for pid, entry := range h.wanted {
		now, threads := h.engine.Transferred(pid)
		if all += threads; threads > 0 {
			h.addBytes(pid, entry, now)
		}
	}
	h.bytes.next = time.Now().Add(bytesInterval * time.Duration(1+all/bytesAtOnce))
}

func (h *hub) addBytes(pid int32, entry wanted, now capture.Transferred) {
	before := h.bytes.told[pid]
	if now.Sent < before.Sent || now.Received < before.Received || now.Read < before.Read || now.Written < before.Written {
		return // it is just ending, and its end tells the rest
	}
	now.MajorFaults = max(now.MajorFaults, before.MajorFaults)
	added := now.Since(before)
	h.bytes.told[pid] = now
	if added == (capture.Transferred{}) {
		return
	}
	process := h.table.Get(pid, entry.startNs, nil)
	if process == nil {
		return
	}
	for l := range h.telling(entry.recordings, process, process.UID) {
		for kind, bytes := range map[wire.CountName]int64{
			wire.CountRead: added.Read, wire.CountWrite: added.Written, wire.CountSend: added.Sent, wire.CountReceive: added.Received,
		} {
			if bytes > 0 {
				l.recording.AddCount(process, recording.Count{Kind: kind, Bytes: bytes})
			}
		}
		if faults := added.MajorFaults; faults > 0 {
			l.recording.AddCount(process, recording.Count{Kind: wire.CountMap, Calls: faults, Bytes: faults * int64(os.Getpagesize())})
		}
	}
}
