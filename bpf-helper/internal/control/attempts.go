package control

import (
	"slices"
	"sync"

	"flameline.dev/helper/internal/wire"
)

const (
	// maxRecordingsPerClient bounds what one connection can run at a time.
	maxRecordingsPerClient = 8
	// maxOver bounds the numbers of ended recordings that are remembered.
	maxOver = 1000
)

// attempt is a recording that runs or is being prepared.
type attempt struct {
	number    int64   // what the client calls it now
	running   running // nil while it is being prepared
	cancelled bool
}

// start prepares a recording aside, as loading the engine takes seconds in which the client may change its mind.
func (c *connection) start(request wire.StartRequest) {
	c.lock.Lock()
	_, taken := c.recordings[request.Recording]
	count := len(c.recordings)
	a := &attempt{number: request.Recording}
	begun := !taken && count < maxRecordingsPerClient && c.account.begin()
	if begun {
		c.recordings[request.Recording] = a
		delete(c.over, request.Recording)
	}
	c.lock.Unlock()
	switch {
	case taken:
		c.fail(request.Recording, refuse(wire.BadRequest, "recording %d is running already", request.Recording))
		return
	case count >= maxRecordingsPerClient:
		c.fail(request.Recording, refuse(wire.TooManyRecordings, "a client may run %d recordings", maxRecordingsPerClient))
		return
	case !begun:
		c.fail(request.Recording, refuse(wire.TooManyRecordings, "a user may run %d recordings", c.account.book.limits.recordingsOfUser))
		return
	}
	for _, event := range request.Events {
		if !slices.Contains(wire.RecordableEvents, event) {
			c.forget(request.Recording)
			c.fail(request.Recording, refuse(wire.BadRequest, "this helper cannot record %.40q", event))
			return
		}
	}
	c.running.Add(1)
	go func() {
		defer c.running.Done()
		if err := c.prepare(request, a); err != nil {
			c.forget(request.Recording)
			c.fail(request.Recording, err)
		}
	}()
}

func (c *connection) prepare(request wire.StartRequest, a *attempt) error {
	if !c.source.loaded(request.Events) {
		c.send(wire.Progress{Type: wire.TypeProgress, Recording: request.Recording, Phase: wire.PhaseLoading})
	}
	if err := c.source.load(request.Events); err != nil {
		return err
	}
	if c.isCancelled(a, nil) {
		c.forget(request.Recording)
		c.send(wire.Stopped{Type: wire.TypeStopped, Recording: request.Recording, Reason: wire.StopRequested})
		return nil
	}
	c.send(wire.Progress{Type: wire.TypeProgress, Recording: request.Recording, Phase: wire.PhaseAttaching})
	started, err := c.source.start(request, c.peer, c.send, func(reason string) { c.finishAttempt(a, reason) })
	if err != nil {
		return err
	}
	if c.isCancelled(a, started) {
		c.forget(request.Recording)
		started.end(wire.StopRequested)
	}
	return nil
}

// isCancelled says whether the client changed its mind while a recording was being prepared; if not, it notes how far
// the recording is.
func (c *connection) isCancelled(a *attempt, started running) bool {
	c.lock.Lock()
	defer c.lock.Unlock()
	if a.cancelled || c.ctx.Err() != nil {
		return true
	}
	a.running = started
	return false
}

func (c *connection) forget(recording int64) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if _, known := c.recordings[recording]; known {
		delete(c.recordings, recording)
		c.account.end()
	}
	if len(c.over) < maxOver {
		c.over[recording] = true
	}
}

func (c *connection) stop(request wire.StopRequest) {
	c.lock.Lock()
	_, known := c.recordings[request.Recording]
	over := c.over[request.Recording]
	c.lock.Unlock()
	if over {
		return // it ended while the request was on its way, and has said so
	}
	if !known {
		c.fail(request.Recording, refuse(wire.BadRequest, "recording %d is not running", request.Recording))
		return
	}
	c.running.Add(1)
	go func() {
		defer c.running.Done()
		c.finish(request.Recording, wire.StopRequested)
	}()
}

// finish ends a recording; one that is being prepared ends when it is ready.
func (c *connection) finish(recording int64, reason string) {
	c.lock.Lock()
	a := c.recordings[recording]
	c.lock.Unlock()
	if a != nil {
		c.finishAttempt(a, reason)
	}
}

func (c *connection) finishAttempt(a *attempt, reason string) {
	c.lock.Lock()
	if a.cancelled {
		c.lock.Unlock()
		return
	}
	a.cancelled = true
	run, number := a.running, a.number
	c.lock.Unlock()
	if run != nil {
		run.end(reason)
		c.forget(number)
	}
}

func (c *connection) stopAll(reason string) {
	c.lock.Lock()
	var numbers []int64
	for number := range c.recordings {
		numbers = append(numbers, number)
	}
	c.lock.Unlock()
	var ending sync.WaitGroup
	for _, number := range numbers {
		ending.Go(func() { c.finish(number, reason) })
	}
	ending.Wait()
}
