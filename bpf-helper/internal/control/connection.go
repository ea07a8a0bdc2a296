package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"time"

	"flameline.dev/helper/internal/target"
	"flameline.dev/helper/internal/wire"
	"github.com/coder/websocket"
	"golang.org/x/sys/unix"
)

const (
	// maxRecordingsPerClient bounds what one connection can run at a time.
	maxRecordingsPerClient = 8
	// maxQueuedBytes is how far a client may lag behind before its recordings end.
	maxQueuedBytes = 64 << 20
	// messagesPerSecond and messageBurst bound how often a client may speak.
	messagesPerSecond = 50
	messageBurst      = 200
	helloTimeout      = 10 * time.Second
)

// connection is one client.
type connection struct {
	source source
	log    *slog.Logger
	peer   peer
	socket *websocket.Conn
	ctx    context.Context
	cancel context.CancelFunc

	lock       sync.Mutex
	recordings map[int64]*attempt
	queue      [][]byte
	queued     int
	ready      chan struct{}
	running    sync.WaitGroup
}

// source is where recordings come from: the engine, or a file.
type source interface {
	// loaded says whether load will be quick.
	loaded() bool
	load() error
	// start begins a recording, which speaks through `send` from now on. `finish` ends it from outside.
	start(request wire.StartRequest, p peer, send func(any), finish func(reason string)) (running, error)
}

// running is a recording that runs. Its end is its last message.
type running interface{ end(reason string) }

// attempt is a recording that runs or is being prepared.
type attempt struct {
	running   running // nil while it is being prepared
	cancelled bool
}

func newConnection(ctx context.Context, from source, socket *websocket.Conn, p peer, log *slog.Logger) *connection {
	ctx, cancel := context.WithCancel(ctx)
	return &connection{
		source: from, log: log.With("client", p.pid), peer: p, socket: socket, ctx: ctx, cancel: cancel,
		recordings: map[int64]*attempt{}, ready: make(chan struct{}, 1),
	}
}

// serve talks with the client until it goes, says nonsense, or `exiting` is closed.
func (c *connection) serve(exiting <-chan struct{}) {
	c.socket.SetReadLimit(wire.MaxFrameBytes)
	written := make(chan struct{})
	go func() { defer close(written); c.write() }()
	go func() {
		select {
		case <-exiting:
			c.stopAll(wire.StopHelperExiting)
			c.close(websocket.StatusGoingAway, "the helper is exiting", written)
		case <-c.ctx.Done():
		}
	}()
	err := c.read()
	var broken refusal
	if errors.As(err, &broken) {
		c.send(wire.HelperError{Type: wire.TypeError, Subject: -1, Code: broken.code, Detail: broken.detail})
		c.close(websocket.StatusPolicyViolation, string(broken.code), written)
	}
	c.cancel()
	c.stopAll(wire.StopRequested)
	c.running.Wait()
	<-written
	_ = c.socket.CloseNow()
}

// close writes what is queued, then ends the connection.
func (c *connection) close(code websocket.StatusCode, why string, written <-chan struct{}) {
	c.flush(time.Second)
	_ = c.socket.Close(code, why)
	c.cancel()
	<-written
}

// flush waits until the queue is written.
func (c *connection) flush(limit time.Duration) {
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		c.lock.Lock()
		empty := c.queued == 0
		c.lock.Unlock()
		if empty || c.ctx.Err() != nil {
			return
		}
	}
}

func (c *connection) read() error {
	greeting, cancel := context.WithTimeout(c.ctx, helloTimeout)
	message, err := c.next(greeting)
	cancel()
	if err != nil {
		return err
	}
	hello, ok := message.(wire.ClientHello)
	if !ok {
		return refuse(wire.BadMessage, "the first message must be a hello")
	}
	if hello.Protocol != wire.ProtocolVersion {
		return refuse(wire.WrongVersion, "the helper speaks protocol %d, the client %d", wire.ProtocolVersion, hello.Protocol)
	}
	c.log = c.log.With("name", fmt.Sprintf("%.40q", hello.Client))
	c.log.Info("client connected", "uid", c.peer.uid)
	c.send(wire.HelperHello{
		Type: wire.TypeHello, Protocol: wire.ProtocolVersion, Helper: wire.HelperVersion, PID: os.Getpid(), PeerUID: c.peer.uid,
		Kernel: kernelRelease(), Processors: runtime.NumCPU(), Events: wire.RecordableEvents,
	})
	tokens, last := float64(messageBurst), time.Now()
	for {
		message, err := c.next(c.ctx)
		if err != nil {
			return err
		}
		now := time.Now()
		tokens = min(messageBurst, tokens+now.Sub(last).Seconds()*messagesPerSecond) - 1
		last = now
		if tokens < 0 {
			return refuse(wire.BadMessage, "more than %d messages a second", messagesPerSecond)
		}
		switch m := message.(type) {
		case wire.StartRequest:
			c.start(m)
		case wire.StopRequest:
			c.stop(m)
		case wire.ProcessesRequest:
			c.listProcesses(m)
		default:
			return refuse(wire.BadMessage, "a second hello")
		}
	}
}

func (c *connection) next(ctx context.Context) (wire.ClientMessage, error) {
	kind, data, err := c.socket.Read(ctx)
	if err != nil {
		if websocket.CloseStatus(err) == -1 && errors.Is(err, websocket.ErrMessageTooBig) {
			return nil, refuse(wire.BadMessage, "a message of more than %d bytes", wire.MaxFrameBytes)
		}
		return nil, err
	}
	if kind != websocket.MessageText {
		return nil, refuse(wire.BadMessage, "messages must be text")
	}
	message, err := wire.DecodeClient(data)
	if err != nil {
		return nil, refuse(wire.BadMessage, "%v", err)
	}
	return message, nil
}

func (c *connection) fail(subject int64, err error) {
	var known refusal
	if !errors.As(err, &known) {
		known = refusal{wire.EngineFailed, err.Error()}
	}
	c.log.Info("refused", "code", known.code, "detail", known.detail)
	c.send(wire.HelperError{Type: wire.TypeError, Subject: subject, Code: known.code, Detail: known.detail})
}

// start prepares a recording aside, as loading the engine takes seconds in which the client may change its mind.
func (c *connection) start(request wire.StartRequest) {
	c.lock.Lock()
	_, taken := c.recordings[request.Recording]
	count := len(c.recordings)
	a := &attempt{}
	if !taken && count < maxRecordingsPerClient {
		c.recordings[request.Recording] = a
	}
	c.lock.Unlock()
	switch {
	case taken:
		c.fail(request.Recording, refuse(wire.BadRequest, "recording %d is running already", request.Recording))
		return
	case count >= maxRecordingsPerClient:
		c.fail(request.Recording, refuse(wire.TooManyRecordings, "a client may run %d recordings", maxRecordingsPerClient))
		return
	}
	for _, event := range request.Events {
		if event != wire.EventCPU {
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
	if !c.source.loaded() {
		c.send(wire.Progress{Type: wire.TypeProgress, Recording: request.Recording, Phase: wire.PhaseLoading})
	}
	if err := c.source.load(); err != nil {
		return err
	}
	if c.isCancelled(a, nil) {
		c.forget(request.Recording)
		c.send(wire.Stopped{Type: wire.TypeStopped, Recording: request.Recording, Reason: wire.StopRequested})
		return nil
	}
	c.send(wire.Progress{Type: wire.TypeProgress, Recording: request.Recording, Phase: wire.PhaseAttaching})
	started, err := c.source.start(request, c.peer, c.send, func(reason string) { c.finish(request.Recording, reason) })
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
	delete(c.recordings, recording)
}

func (c *connection) stop(request wire.StopRequest) {
	c.lock.Lock()
	_, known := c.recordings[request.Recording]
	c.lock.Unlock()
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
	if a == nil || a.cancelled {
		c.lock.Unlock()
		return
	}
	a.cancelled = true
	run := a.running
	c.lock.Unlock()
	if run != nil {
		run.end(reason)
		c.forget(recording)
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

func (c *connection) listProcesses(request wire.ProcessesRequest) {
	c.send(wire.ProcessList{Type: wire.TypeProcesses, Request: request.Request, Processes: listProcesses(procFolder, c.peer.uid)})
}

func listProcesses(proc target.Proc, peerUID uint32) []wire.ProcessListEntry {
	entries := []wire.ProcessListEntry{}
	pids, err := proc.PIDs()
	if err != nil {
		return entries
	}
	bytes := 0
	for _, pid := range pids {
		p, err := proc.Read(pid)
		if err != nil || p.Kernel || !target.Visible(peerUID, p.UID) {
			continue
		}
		entry := wire.ProcessListEntry{
			PID: p.PID, ParentPID: p.ParentPID, Name: p.Name, Executable: p.Executable, CommandLine: append([]string{}, p.CommandLine...),
			WorkingDirectory: p.WorkingDirectory, UID: p.UID, CPUNs: p.CPUNs,
		}
		if encoded, err := json.Marshal(entry); err == nil {
			bytes += len(encoded) + 1
		}
		if bytes > wire.MaxFrameBytes-1024 {
			// A machine with thousands of processes: cut command lines rather than the list.
			entry.CommandLine = []string{}
		}
		entries = append(entries, entry)
	}
	return entries
}

// send queues a message. It never waits: a client that lags too far behind is cut off.
func (c *connection) send(message any) {
	data, err := json.Marshal(message)
	if err != nil {
		c.log.Error("encoding a message failed", "err", err)
		return
	}
	if len(data) > wire.MaxFrameBytes {
		c.log.Error("a message was too large and is lost", "bytes", len(data))
		return
	}
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.queued+len(data) > maxQueuedBytes {
		if c.ctx.Err() == nil {
			c.log.Warn("the client does not read; ending its connection")
			c.cancel()
		}
		return
	}
	c.queue = append(c.queue, data)
	c.queued += len(data)
	select {
	case c.ready <- struct{}{}:
	default:
	}
}

func (c *connection) write() {
	for {
		c.lock.Lock()
		queue := c.queue
		c.queue = nil
		c.lock.Unlock()
		for _, data := range queue {
			if err := c.socket.Write(c.ctx, websocket.MessageText, data); err != nil {
				c.cancel()
				return
			}
			c.lock.Lock()
			c.queued -= len(data)
			c.lock.Unlock()
		}
		if len(queue) > 0 {
			continue
		}
		select {
		case <-c.ready:
		case <-c.ctx.Done():
			return
		}
	}
}

func kernelRelease() string {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return ""
	}
	return unix.ByteSliceToString(name.Release[:])
}
