package control

import (
	"runtime"
	"slices"
	"sync"
	"time"

	"flameline.dev/helper/internal/capture"
	"flameline.dev/helper/internal/wire"
)

const (
	// boxShare is how much of the machine following allocations may take: measured over costWindow, looked at every costInterval.
	boxShare     = 0.05
	costInterval = 100 * time.Millisecond
	costWindow   = 500 * time.Millisecond
	// longestLook is how long the beginning waits for the probes of processes that run: reading a large file takes its time.
	longestLook = 2 * time.Second
)

// allocationEvents are recorded as long as a box is open.
var allocationEvents = []wire.EventName{wire.EventAlloc, wire.EventHeap}

func wantsAllocations(events []wire.EventName) bool {
	return slices.ContainsFunc(events, func(e wire.EventName) bool { return slices.Contains(allocationEvents, e) })
}

// box is the time in which a recording follows allocations.
type box struct {
	opened time.Time
	until  time.Time
	before capture.AllocationCalls
}

// costMark is what boxes had taken at a moment.
type costMark struct {
	at time.Time
	ns int64
}

// allocator is a running recording that can follow allocations.
type allocator interface {
	running
	followAllocations(seconds int) error
}

// allocations opens a box in a recording. What it needs may take seconds to load.
func (c *connection) allocations(request wire.AllocationsRequest) {
	c.running.Add(1)
	go func() {
		defer c.running.Done()
		err := c.source.load(allocationEvents)
		if err == nil {
			var run running
			var a *attempt
			if a, run, err = c.steer(request.Recording); a != nil {
				if able, ok := run.(allocator); ok {
					err = able.followAllocations(request.Seconds)
				} else {
					err = refuse(wire.BadRequest, "recording %d has no allocations to follow", request.Recording)
				}
			}
		}
		if err != nil {
			c.fail(request.Recording, err)
		}
	}()
}

// followAllocations opens a box, or lets the open one last longer.
func (l *live) followAllocations(seconds int) error {
	l.hub.lock.Lock()
	defer l.hub.lock.Unlock()
	if l.ending || l.hz == 0 {
		return refuse(wire.BadRequest, "recording %d is not recording now", l.recording.Number)
	}
	for _, event := range allocationEvents {
		if !slices.Contains(l.events, event) {
			l.events = append(slices.Clone(l.events), event)
		}
	}
	return l.openBox(seconds)
}

// openBox begins to follow allocations. The hub is locked.
func (l *live) openBox(seconds int) error {
	h := l.hub
	if seconds == 0 {
		seconds = wire.DefaultAllocationSeconds
	}
	now := time.Now()
	l.box = &box{opened: now, until: now.Add(time.Duration(seconds) * time.Second)}
	if err := h.applyRates(); err != nil {
		l.box = nil
		_ = h.applyRates()
		return explainLoad(err)
	}
	l.box.before = h.engine.AllocationCalls()
	var looking sync.WaitGroup
	for pid, entry := range h.wanted {
		h.probers.follow(pid, entry, false, &looking)
	}
	go h.beginBox(l, l.box, &looking)
	if !h.watching {
		h.watching = true
		go h.watchBoxes()
	}
	return nil
}

// beginBox begins the time of a box when the processes that run have their probes, or almost.
func (h *hub) beginBox(l *live, b *box, looking *sync.WaitGroup) {
	looked := make(chan struct{})
	go func() { defer close(looked); looking.Wait() }()
	select {
	case <-looked:
	case <-time.After(longestLook):
	}
	h.lock.Lock()
	defer h.lock.Unlock()
	if l.box != b {
		return // closed already
	}
	now := time.Now()
	b.until, b.opened = now.Add(b.until.Sub(b.opened)), now
	l.sendBox(wire.BoxOpen, "", 0)
}

// sendBox tells how a box gets on. The hub is locked, or the box is closed.
func (l *live) sendBox(state, reason string, seconds float64) {
	now := l.hub.engine.AllocationCalls()
	spent := now.TrapNs + now.BPFNs - l.box.before.TrapNs - l.box.before.BPFNs
	share := 0.0
	if seconds > 0 {
		share = float64(spent) / (seconds * 1e9 * float64(runtime.NumCPU()))
	}
	l.send(wire.Allocations{
		Type: wire.TypeAllocations, Recording: l.recording.Number, TimeNs: l.recording.At(monotonic()), State: state, Reason: reason,
		Seconds: int(l.box.until.Sub(l.box.opened).Round(time.Second) / time.Second),
		Calls:   now.Calls - l.box.before.Calls, CostNs: spent, Share: share,
		Lost: now.Lost - l.box.before.Lost, Processes: l.hub.probers.count(),
	})
}

// boxBits are the recordings with an open box. The hub is locked.
func (h *hub) boxBits() (bits uint64) {
	for _, l := range h.live {
		if l != nil && l.box != nil && !l.ending {
			bits |= l.bit()
		}
	}
	return bits
}

// closeBoxes ends those that `chosen` chooses; probes that nobody needs are gone when the client hears of it. The hub is not locked.
func (h *hub) closeBoxes(reason string, chosen func(*live) bool) {
	h.lock.Lock()
	var closed []*live
	now := time.Now()
	for _, l := range h.live {
		if l != nil && l.box != nil && chosen(l) {
			closed = append(closed, l)
		}
	}
	boxes := make([]*box, len(closed))
	for i, l := range closed {
		boxes[i], l.box = l.box, nil
	}
	if len(closed) == 0 {
		h.lock.Unlock()
		return
	}
	if err := h.applyRates(); err != nil {
		h.log.Error("taking probes of allocators away failed", "err", err)
	}
	left := h.boxBits()
	h.probers.keep(h.wanted, left)
	h.lock.Unlock()
	h.engine.AwaitUnprobed()
	h.lock.Lock()
	defer h.lock.Unlock()
	for i, l := range closed {
		open := l.box // a new one may be open by now
		l.box = boxes[i]
		l.sendBox(wire.BoxClosed, reason, now.Sub(boxes[i].opened).Seconds())
		l.box = open
	}
}

// watchBoxes ends boxes in time, and all of them when they cost too much.
func (h *hub) watchBoxes() {
	var marks []costMark
	for {
		time.Sleep(costInterval)
		now := time.Now()
		h.closeBoxes(wire.BoxTime, func(l *live) bool { return now.After(l.box.until) })
		h.lock.Lock()
		if h.boxBits() == 0 {
			h.watching = false
			h.lock.Unlock()
			return
		}
		h.lock.Unlock()
		calls := h.engine.AllocationCalls()
		marks = append(marks, costMark{now, calls.TrapNs + calls.BPFNs})
		for len(marks) > 2 && now.Sub(marks[1].at) >= costWindow {
			marks = marks[1:]
		}
		first := marks[0]
		passed := now.Sub(first.at)
		if passed < costWindow {
			continue
		}
		if share := float64(marks[len(marks)-1].ns-first.ns) / (float64(passed) * float64(runtime.NumCPU())); share > boxShare {
			h.log.Info("following allocations costs too much and ends", "share", share)
			h.closeBoxes(wire.BoxCost, func(*live) bool { return true })
			marks = nil
		}
	}
}
