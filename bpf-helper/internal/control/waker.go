package control

import (
	"fmt"

	"flameline.dev/helper/internal/capture"
	"flameline.dev/helper/internal/target"
)

// wokenBy says who ended a wait, as far as the recording's client may know: a thread of the same process by its name and number,
// another process by its name. Names are the processes' own and hide nothing but what they are.
func (h *hub) wokenBy(l *live, sample *capture.Sample) string {
	w := sample.Waker
	if w.PID == 0 {
		return ""
	}
	process := h.table.Get(w.PID, w.StartNs, func() *target.Process {
		return &target.Process{
			PID: w.PID, Name: w.Thread, UID: w.UID, StartNs: w.StartNs, Root: "/", Namespace: target.UnknownNamespace,
		}
	})
	switch {
	case !target.Visible(l.peer.uid, w.UID) || !target.Visible(l.peer.uid, process.UID):
		return "another user's process"
	case !l.peer.sees(process):
		return "a process outside of this container"
	case w.PID == sample.PID:
		tid := w.TID
		if l.recording.Numbers != nil {
			tid = l.recording.Numbers.Thread(w.PID, w.TID)
		}
		return fmt.Sprintf("%s %d", w.Thread, tid)
	case process.Name == w.Thread || process.Name == "":
		return w.Thread
	default:
		return fmt.Sprintf("%s of %s", w.Thread, process.Name)
	}
}
