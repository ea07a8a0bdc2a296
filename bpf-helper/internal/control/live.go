package control

import (
	"fmt"
	"iter"
	"math/bits"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"flameline.dev/helper/internal/capture"
	"flameline.dev/helper/internal/recording"
	"flameline.dev/helper/internal/target"
	"flameline.dev/helper/internal/wire"
)

// settle is how long samples taken before a recording's end may take to arrive: two polls of the engine and a bit.
const settle = 150 * time.Millisecond

// live is a recording that runs.
type live struct {
	hub       *hub
	slot      int
	peer      peer
	selection *target.Selection
	recording *recording.Recording
	before    *recording.Recording // the one that it was renewed from, until that has ended
	turning   sync.WaitGroup       // done when it has
	hz        int                  // as the client wishes; 0 while it is paused
	cpuShare  float64              // its budget; 0 for none
	events    []wire.EventName
	box       *box // nil where none is open
	send      func(any)
	startCost cost
	finish    func(reason string) // ends the recording from outside; may be called more than once
	seen      bool                // a wanted process was found
	sentAt    time.Time           // the last batch
	ending    bool
	stoppedAt int64 // CLOCK_MONOTONIC ns; set where it is ending
	naming    bool  // it is ending, and waits for names
}

func (l *live) end(reason string) { l.hub.end(l, reason) }

func (l *live) bit() uint64 { return 1 << l.slot }

// telling gives those of the recordings, a bit each, whose peers may know of a process and of the uid that it had. The hub is locked.
func (h *hub) telling(recordings uint64, process *target.Process, uid uint32) iter.Seq[*live] {
	return func(yield func(*live) bool) {
		for rest := recordings; rest != 0; rest &= rest - 1 {
			l := h.live[bits.TrailingZeros64(rest)]
			if l == nil || !target.Visible(l.peer.uid, uid) || !l.peer.sees(process) {
				continue
			}
			if !yield(l) {
				return
			}
		}
	}
}

// start begins a recording. `started` is called when sampling is on, before the first batch.
func (h *hub) start(request wire.StartRequest, p peer, send func(any), finish func(string)) (running, error) {
	selection, err := h.choose(request.Target, p)
	if err != nil {
		return nil, err
	}
	h.lock.Lock()
	defer h.lock.Unlock()
	slot := h.freeSlot()
	if slot < 0 {
		return nil, refuse(wire.TooManyRecordings, "%d recordings are running", maxRecordings)
	}
	now := monotonic()
	h.measured, h.measuredAt = h.measure(), time.Now()
	l := &live{
		hub: h, slot: slot, hz: request.Hz, peer: p, selection: selection, send: send, finish: finish, startCost: h.measured, events: request.Events,
		cpuShare:  request.CPUShare,
		recording: recording.New(request.Recording, request.Hz, now, boottime()),
	}
	if p.namespace != 0 {
		l.recording.Numbers = insider{p}
	}
	h.tellBytes() // to those that run: this one begins here
	h.live[slot] = l
	if err := h.applyRates(); err != nil {
		h.live[slot] = nil
		_ = h.applyRates()
		return nil, explainLoad(err)
	}
	if err := h.rescan(); err != nil {
		h.log.Warn("the first scan of processes failed", "err", err)
	}
	send(wire.Started{
		Type: wire.TypeStarted, Recording: request.Recording, StartUnixNs: fmt.Sprint(time.Now().UnixNano() - (monotonic() - now)),
		Hz: request.Hz, Events: request.Events,
	})
	if wantsAllocations(request.Events) {
		if err := l.openBox(request.AllocationSeconds); err != nil {
			h.unwant(l)
			h.live[slot] = nil
			_ = h.applyRates()
			return nil, err
		}
	}
	return l, nil
}

// debugFile takes what a client says of a debug file.
func (h *hub) debugFile(p peer, m wire.DebugFile) { h.symbols.debugFile(p, m) }

func (h *hub) freeSlot() int {
	for i := range maxRecordings {
		slot := (h.next + i) % maxRecordings
		if h.live[slot] == nil {
			h.next = (slot + 1) % maxRecordings
			return slot
		}
	}
	return -1
}

// choose prepares the selection of a target and checks that the peer may record it.
func (h *hub) choose(request wire.Target, p peer) (*target.Selection, error) {
	t := request
	own := target.Own{Helper: int32(os.Getpid()), Client: p.pid}
	if p.namespace != 0 {
		t = p.translate(t)
		own.Root = fmt.Sprintf("/proc/%d/root", p.pid)
	}
	if t.Kind != wire.TargetProcess {
		return target.NewSelection(t, own, 0), nil
	}
	asked := request.PID
	process, err := procFolder.Read(t.PID)
	// A process that the peer may not see is treated like one that isn't there.
	if err != nil || !p.sees(process) {
		return nil, refuse(wire.NoSuchProcess, "there is no process %d that you may record", asked)
	}
	return target.NewSelection(t, own, process.StartNs), nil
}

// applyRates lets the clock tick as fast as the fastest recording asks, and tells the kernel who follows children.
func (h *hub) applyRates() error {
	rate, inheriting := 0, uint64(0)
	var wants capture.Wants
	for _, l := range h.live {
		if l == nil || l.ending || l.hz == 0 {
			continue
		}
		if slices.Contains(l.events, wire.EventCPU) {
			rate = max(rate, l.hz)
		}
		for event, bit := range wantedEvents(l.events, l.bit()) {
			if l.box != nil || !slices.Contains(allocationEvents, recording.EventNames[event]) {
				wants[event] |= bit
			}
		}
		if l.selection.FollowsChildren() {
			inheriting |= l.bit()
		}
	}
	if err := h.engine.SetInheriting(inheriting); err != nil {
		return err
	}
	if err := h.engine.Listen(rate, wants); err != nil {
		return err
	}
	h.engine.SetReadingPace(h.readingPace())
	h.rates.Set(monotonic(), rate)
	h.listening = wants != capture.Wants{}
	return nil
}

// wantedEvents are a recording's events with its bit.
func wantedEvents(events []wire.EventName, bit uint64) (wants capture.Wants) {
	for event, name := range recording.EventNames {
		if name != "" && slices.Contains(events, name) {
			wants[event] = bit
		}
	}
	return wants
}

// unwant takes a recording off all processes.
func (h *hub) unwant(l *live) {
	for pid, entry := range h.wanted {
		if entry.recordings&l.bit() != 0 {
			h.want(pid, entry.startNs, entry.recordings&^l.bit())
		}
	}
}

// end takes a recording out of the kernel at once and, after its last samples have come, sends its last batch.
func (h *hub) end(l *live, reason string) {
	h.closeBoxes(wire.BoxStopped, func(other *live) bool { return other == l })
	h.engine.SettleWaits()
	h.lock.Lock()
	if l.ending {
		h.lock.Unlock()
		return
	}
	h.tellBytes()
	l.ending = true
	h.unwant(l)
	stopped := monotonic()
	l.recording.End(stopped)
	l.stoppedAt, l.naming = stopped, true
	if err := h.applyRates(); err != nil {
		h.log.Error("changing the rate failed", "err", err)
	}
	h.lock.Unlock()
	l.turning.Wait()
	time.Sleep(settle)
	h.symbols.flush(l.recording)
	h.symbols.forget(l.recording)
	h.lock.Lock()
	l.naming = false
	h.count(h.engine)
	h.sendBatches(l, stopped)
	h.live[l.slot] = nil
	idle := !h.listening
	h.lock.Unlock()
	l.send(l.recording.Stopped(reason, stopped))
	if idle {
		go debug.FreeOSMemory() // the next recording may be hours away
	}
}
