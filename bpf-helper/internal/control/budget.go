package control

import (
	"time"

	"flameline.dev/helper/internal/capture"
)

// readingPart is the part of a budget that reading the files of programs may take: the rest is for sampling. Where there is nothing to
// read the client gives sampling all of it.
const readingPart = 0.5

// readingPace gives the share of one processor that reading may take; 0 for no limit. The hub is locked.
func (h *hub) readingPace() float64 { return h.budget() * readingPart }

// budget gives the share of one processor that all recordings together may take: none, 0, where any recording has no budget, and else what
// the largest one allows, so that nobody's small budget slows somebody else's recording. The hub is locked.
func (h *hub) budget() float64 {
	largest := 0.0
	for _, l := range h.live {
		if l == nil || l.ending || l.hz == 0 {
			continue
		}
		if l.cpuShare == 0 {
			return 0
		}
		largest = max(largest, l.cpuShare)
	}
	return largest * float64(capture.Processors())
}

// isMeasureDue says whether the cost is to be measured anew: once a second, and earlier where there is a budget of which we alone have taken
// a second's worth since, so that the client can act before more is gone. The hub is locked.
func (h *hub) isMeasureDue(now time.Time) bool {
	if now.Sub(h.measuredAt) > measureInterval {
		return true
	}
	budget := h.budget()
	return budget > 0 && time.Duration(ownCPUNs()-h.measured.helperCPUNs) > time.Duration(budget*float64(time.Second))
}

// tellUnread tells each recording how many of its processes wait to be read. The hub is locked.
func (h *hub) tellUnread(unread []uint32) {
	for _, l := range h.live {
		if l == nil || l.cpuShare == 0 {
			continue
		}
		waiting := int64(0)
		for _, pid := range unread {
			if h.wanted[int32(pid)].recordings&l.bit() != 0 {
				waiting++
			}
		}
		l.recording.SetUnread(waiting)
	}
}
