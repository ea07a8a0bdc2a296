package control

import (
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"flameline.dev/helper/internal/capture"
	"flameline.dev/helper/internal/recording"
	"flameline.dev/helper/internal/target"
	"flameline.dev/helper/internal/wire"
)

// steerable is a running recording that can go over into the next one, and whose rate can be changed.
type steerable interface {
	running
	renew(next int64) error
	setRate(hz int) error
}

// steer gives the attempt and the running recording of a number; nil where it is over, which the client need not know yet.
func (c *connection) steer(recording int64) (*attempt, steerable, error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	a := c.recordings[recording]
	if a == nil || a.cancelled {
		if a != nil || c.over[recording] {
			return nil, nil, nil
		}
		return nil, nil, refuse(wire.BadRequest, "recording %d is not running", recording)
	}
	run, able := a.running.(steerable)
	if !able {
		return nil, nil, refuse(wire.BadRequest, "recording %d can't be steered now", recording)
	}
	return a, run, nil
}

// renew lets a recording go over into the next one. A refusal is about the next one.
func (c *connection) renew(request wire.RenewRequest) {
	a, run, err := c.steer(request.Recording)
	if err == nil && a == nil {
		err = refuse(wire.BadRequest, "recording %d is over", request.Recording)
	}
	if err != nil {
		c.fail(request.Next, err)
		return
	}
	// Before its first message, so that every request of the client finds it.
	if !c.rename(a, request.Next) {
		c.fail(request.Next, refuse(wire.BadRequest, "recording %d is running already", request.Next))
		return
	}
	if err := run.renew(request.Next); err != nil {
		c.rename(a, request.Recording)
		c.fail(request.Next, err)
	}
}

// rename gives a recording another number, unless that is taken.
func (c *connection) rename(a *attempt, number int64) bool {
	c.lock.Lock()
	defer c.lock.Unlock()
	if _, taken := c.recordings[number]; taken || a.cancelled {
		return false
	}
	delete(c.recordings, a.number)
	delete(c.over, number)
	c.recordings[number] = a
	a.number = number
	return true
}

func (c *connection) setRate(request wire.RateRequest) {
	_, run, err := c.steer(request.Recording)
	if run != nil {
		err = run.setRate(request.Hz)
	}
	if err != nil {
		c.fail(request.Recording, err)
	}
}

// add gives a sample to the recording that was running at its time. Of a wait that spans a turn each takes its part.
func (l *live) add(sample *capture.Sample, process *target.Process) {
	rate := l.hub.rates.At(sample.KTime)
	if !slices.Contains(l.events, recording.EventNames[sample.Event]) {
		return // another recording's, of allocations
	}
	for _, r := range [...]*recording.Recording{l.before, l.recording} {
		if r != nil {
			unresolved := r.Add(sample, process, rate)
			l.hub.symbols.resolve(r, l.peer, origin{sample.PID, sample.StartNs}, unresolved)
		}
	}
}

// renew ends a recording and begins the next one at the same moment, without the tables of the first: each sample is in one of
// the two. Nothing changes in the kernel.
func (l *live) renew(next int64) error {
	h := l.hub
	h.lock.Lock()
	defer h.lock.Unlock()
	switch {
	case l.ending:
		return refuse(wire.BadRequest, "recording %d is ending", l.recording.Number)
	case l.before != nil:
		return refuse(wire.BadRequest, "recording %d has not ended yet", l.before.Number)
	}
	h.measured, h.measuredAt = h.measure(), time.Now()
	before, now := l.recording, monotonic()
	before.End(now)
	l.before, l.recording = before, recording.New(next, l.hz, now, boottime())
	l.recording.Numbers = before.Numbers
	l.recording.Follow(before)
	account := h.measured.since(l.startCost)
	l.startCost, l.sentAt = h.measured, time.Time{}
	l.send(wire.Started{
		Type: wire.TypeStarted, Recording: next, StartUnixNs: fmt.Sprint(time.Now().UnixNano() - (monotonic() - now)), Hz: l.hz,
		Events: slices.Clone(l.events),
	})
	l.turning.Go(func() { l.endBefore(now, account) })
	return nil
}

// endBefore sends the last of a renewed recording, when the samples from before the turn have come.
func (l *live) endBefore(stopped int64, account wire.CostAccount) {
	h := l.hub
	time.Sleep(settle)
	// A tick whose trace never comes is told a round after it was read.
	h.engine.SettleWaits()
	h.engine.SettleWaits()
	before := l.before // only this sets it back
	named := make(chan struct{})
	go func() { defer close(named); h.symbols.flush(before) }()
	for waiting := true; waiting; {
		select {
		case <-named:
			h.symbols.forget(before)
			waiting = false
		case <-time.After(quietInterval): // a client takes silence for our end
		}
		h.lock.Lock()
		for _, batch := range before.Take(stopped, account) {
			l.send(batch)
		}
		h.lock.Unlock()
	}
	h.lock.Lock()
	l.before = nil
	h.lock.Unlock()
	l.send(before.Stopped(wire.StopRequested, stopped))
}

// setRate changes a recording's rate; 0 takes it out of the kernel until there is another.
func (l *live) setRate(hz int) error {
	h := l.hub
	if hz == 0 {
		h.engine.SettleWaits() // those that go on are told as far as they have come
	}
	h.lock.Lock()
	defer h.lock.Unlock()
	if l.ending {
		return nil
	}
	resumes := l.hz == 0 && hz != 0
	l.hz = hz
	if hz == 0 {
		h.unwant(l)
	}
	if err := h.applyRates(); err != nil {
		go l.finish(wire.StopFailed)
		return explainLoad(err)
	}
	if !h.listening {
		go debug.FreeOSMemory() // our memory may be why it pauses
	}
	at := l.recording.SetRate(monotonic(), hz)
	if resumes {
		if err := h.rescan(); err != nil {
			h.log.Warn("the scan of processes after a pause failed", "err", err)
		}
	}
	l.send(wire.Rate{Type: wire.TypeRate, Recording: l.recording.Number, TimeNs: at, Hz: hz})
	return nil
}
