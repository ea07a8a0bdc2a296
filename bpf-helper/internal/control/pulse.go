package control

import (
	"math/bits"
	"time"

	"flameline.dev/helper/internal/capture"
	"flameline.dev/helper/internal/target"
)

const (
	// batchInterval makes four batches a second.
	batchInterval = 250 * time.Millisecond
	// quietInterval is how often a recording says that it lives when nothing happens.
	quietInterval = time.Second
	// measureInterval is how old the accounts of cost and loss in a batch may be: asking costs about as much as a sample.
	measureInterval = time.Second
	// rescanInterval finds processes that changed into a workspace folder, and mends what lost events left behind. On a
	// machine with thousands of processes a scan takes long, and comes less often: rescanShare of one processor.
	rescanInterval = 5 * time.Second
	rescanShare    = 0.004
)

// tick sends batches and rescans until the process ends.
func (h *hub) tick(engine *capture.Engine) {
	nextScan := time.Now().Add(rescanInterval)
	pause := time.NewTimer(batchInterval)
	for range pause.C {
		h.lock.Lock()
		interval := quietInterval
		if h.listening {
			interval = batchInterval
			if now := time.Now(); now.Sub(h.countedAt) >= measureInterval {
				h.countedAt = now
				h.count(engine)
				h.tellUnread(engine.Unread())
				if time.Now().After(h.bytes.next) {
					h.tellBytes()
				}
			}
			h.tellMemory(time.Now())
			if began := time.Now(); began.After(nextScan) {
				if err := h.rescan(); err != nil {
					h.log.Warn("scanning processes failed", "err", err)
				}
				took := time.Since(began)
				nextScan = began.Add(max(rescanInterval, time.Duration(float64(took)/rescanShare)))
			}
		}
		for _, l := range h.live {
			switch {
			case l == nil || l.ending && !l.naming:
			case l.naming: // says that we are still there
				h.sendBatches(l, l.stoppedAt)
			default:
				h.sendBatches(l, monotonic())
			}
		}
		h.lock.Unlock()
		pause.Reset(interval)
	}
}

// count takes note of what the kernel had no room for.
func (h *hub) count(engine *capture.Engine) {
	now := engine.Counters()
	// A thread without room loses one wait at each switch.
	refused := now.ThreadsRefused - h.counted.ThreadsRefused
	if lost := now.TicksLost + now.WaitsLost - h.counted.TicksLost - h.counted.WaitsLost + refused; lost > 0 {
		for _, l := range h.live {
			if l != nil {
				// Whose they were is not known, so each recording counts them all.
				l.recording.Lose(int64(lost))
			}
		}
	}
	if now.ProcessesRefused != h.counted.ProcessesRefused || now.EventsLost != h.counted.EventsLost {
		h.log.Warn("the kernel had no room for all processes; some of their samples may be missing until the next scan",
			"refused", now.ProcessesRefused, "events lost", now.EventsLost)
	}
	if refused > 0 {
		h.log.Warn("too many threads to follow the waits of all", "switches without", refused)
	}
	if now.MappingsUntold != h.counted.MappingsUntold {
		h.log.Warn("the kernel could not tell the unwinder of all new mappings; some stacks are incomplete",
			"times", now.MappingsUntold-h.counted.MappingsUntold, "changing", now.MappingsLocked-h.counted.MappingsLocked)
	}
	h.counted = now
}

// sendBatches closes a recording's batch at a time of the monotonic clock and sends what is ready.
func (h *hub) sendBatches(l *live, at int64) {
	now := time.Now()
	if (!l.ending || l.naming) && !l.recording.Changed() && now.Sub(l.sentAt) < quietInterval {
		return
	}
	l.sentAt = now
	if l.ending && !l.naming || h.isMeasureDue(now) {
		h.measured, h.measuredAt = h.measure(), now
	}
	for _, batch := range l.recording.Take(at, h.measured.since(l.startCost)) {
		l.send(batch)
	}
}

// Samples is called by the engine.
func (h *hub) Samples(samples []capture.Sample) {
	h.lock.Lock()
	defer h.lock.Unlock()
	for i := range samples {
		sample := &samples[i]
		process := h.table.Get(sample.PID, sample.StartNs, func() *target.Process {
			return &target.Process{
				PID: sample.PID, Name: sample.Thread, UID: sample.UID, StartNs: sample.StartNs, Root: "/", Namespace: target.UnknownNamespace,
			}
		})
		for l := range h.telling(sample.Recordings, process, sample.UID) {
			sample.WokenBy = h.wokenBy(l, sample)
			l.add(sample, process)
		}
	}
}

// Waits is called by the engine.
func (h *hub) Waits(counts []capture.WaitCount) {
	h.lock.Lock()
	defer h.lock.Unlock()
	for _, count := range counts {
		for rest := count.Recordings; rest != 0; rest &= rest - 1 {
			if l := h.live[bits.TrailingZeros64(rest)]; l != nil {
				l.recording.CountWaits(count.Waits, count.Stacks)
			}
		}
	}
}
