package control

import (
	"math/bits"

	"flameline.dev/helper/internal/capture"
	"flameline.dev/helper/internal/target"
)

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
		for rest := total.Recordings; rest != 0; rest &= rest - 1 {
			l := h.live[bits.TrailingZeros64(rest)]
			if l == nil || !target.Visible(l.peer.uid, total.UID) || !l.peer.sees(process) {
				continue
			}
			_ = l
		}
	}
}
