package control

import (
	"flameline.dev/helper/internal/capture"
	"flameline.dev/helper/internal/recording"
	"flameline.dev/helper/internal/wire"
)

// countNames are the wire's names of what is counted by file or peer; samples tell the others.
var countNames = map[capture.Counted]wire.CountName{
	capture.Opened: wire.CountOpen, capture.Connected: wire.CountConnect, capture.Accepted: wire.CountAccept,
	capture.LookedUp: wire.CountLookup, capture.BytesCopied: wire.CountCopy, capture.RingCalls: wire.CountRing,
	capture.RingOperations: wire.CountRing,
}

// Calls is called by the engine.
func (h *hub) Calls(totals []capture.CallTotal) {
	h.lock.Lock()
	defer h.lock.Unlock()
	for i := range totals {
		total := &totals[i]
		process := h.table.Get(total.PID, total.StartNs, nil)
		if process == nil {
			continue
		}
		kind := countNames[total.Counted]
		if kind == "" {
			continue
		}
		for l := range h.telling(total.Recordings, process, total.UID) {
			l.recording.AddCount(process, recording.Count{Kind: kind, Subject: total.Subject, Calls: total.Calls, Bytes: total.Bytes})
		}
	}
}
