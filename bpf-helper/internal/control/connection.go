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

	"flameline.dev/helper/internal/wire"
	"github.com/coder/websocket"
	"golang.org/x/sys/unix"
)

const helloTimeout = 10 * time.Second

// connection is one client.
type connection struct {
	source  source
	log     *slog.Logger
	peer    peer
	account *account
	socket  *websocket.Conn
	ctx     context.Context
	cancel  context.CancelFunc

	lock       sync.Mutex
	recordings map[int64]*attempt
	over       map[int64]bool // recordings that have ended
	running    sync.WaitGroup
	outbox     outbox
}

// source is where recordings come from: the engine, or a file.
type source interface {
	// loaded says whether load will be quick.
	loaded(events []wire.EventName) bool
	load(events []wire.EventName) error
	// start begins a recording, which speaks through `send` from now on. `finish` ends it from outside.
	start(request wire.StartRequest, p peer, send func(any), finish func(reason string)) (running, error)
}

// namer is a source that has names to find, and use for debug files.
type namer interface {
	debugFile(p peer, m wire.DebugFile)
}

// running is a recording that runs. Its end is its last message.
type running interface{ end(reason string) }

func newConnection(ctx context.Context, from source, socket *websocket.Conn, p peer, a *account, log *slog.Logger) *connection {
	ctx, cancel := context.WithCancel(ctx)
	return &connection{
		source: from, log: log.With("client", p.pid), peer: p, account: a, socket: socket, ctx: ctx, cancel: cancel,
		recordings: map[int64]*attempt{}, over: map[int64]bool{}, outbox: outbox{account: a, ready: make(chan struct{}, 1)},
	}
}

// serve talks with the client until it goes, says nonsense, or `exiting` is closed.
func (c *connection) serve(exiting <-chan struct{}) {
	c.socket.SetReadLimit(wire.MaxFrameBytes)
	written := make(chan struct{})
	go func() { defer close(written); c.outbox.write(c.ctx, c.socket, c.cancel) }()
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
	c.outbox.drop()
	_ = c.socket.CloseNow()
}

// close writes what is queued, then ends the connection.
func (c *connection) close(code websocket.StatusCode, why string, written <-chan struct{}) {
	c.outbox.flush(c.ctx, time.Second)
	_ = c.socket.Close(code, why)
	c.cancel()
	<-written
}

func (c *connection) read() error {
	greeting, cancel := context.WithTimeout(c.ctx, helloTimeout)
	message, _, err := c.next(greeting)
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
		Type: wire.TypeHello, Protocol: wire.ProtocolVersion, Helper: wire.HelperVersion, PID: c.ownNumber(), PeerUID: c.peer.uid,
		Kernel: kernelRelease(), Processors: runtime.NumCPU(), Events: wire.RecordableEvents,
	})
	allowance := newAllowance(time.Now(), 1)
	for {
		message, bytes, err := c.next(c.ctx)
		if err != nil {
			return err
		}
		tokens := price(message, bytes)
		if !allowance.spend(time.Now(), tokens) {
			return refuse(wire.BadMessage, "more than %d messages a second", messagesPerSecond)
		}
		if !c.account.spend(tokens) {
			return refuse(wire.BadMessage, "more than %d messages a second of one user", accountAllowance*messagesPerSecond)
		}
		switch m := message.(type) {
		case wire.StartRequest:
			c.start(m)
		case wire.StopRequest:
			c.stop(m)
		case wire.RenewRequest:
			c.renew(m)
		case wire.RateRequest:
			c.setRate(m)
		case wire.AllocationsRequest:
			c.allocations(m)
		case wire.ProcessesRequest:
			c.listProcesses(m)
		case wire.DebugFile:
			if from, ok := c.source.(namer); ok {
				from.debugFile(c.peer, m)
			}
		default:
			return refuse(wire.BadMessage, "a second hello")
		}
	}
}

// ownNumber is what the client calls our process: in a container it has no number, and ours would be another's there.
func (c *connection) ownNumber() int {
	if c.peer.namespace != 0 {
		return 0
	}
	return os.Getpid()
}

func (c *connection) next(ctx context.Context) (message wire.ClientMessage, bytes int, err error) {
	kind, data, err := c.socket.Read(ctx)
	if err != nil {
		if websocket.CloseStatus(err) == -1 && errors.Is(err, websocket.ErrMessageTooBig) {
			return nil, 0, refuse(wire.BadMessage, "a message of more than %d bytes", wire.MaxFrameBytes)
		}
		return nil, 0, err
	}
	if kind != websocket.MessageText {
		return nil, 0, refuse(wire.BadMessage, "messages must be text")
	}
	message, err = wire.DecodeClient(data)
	if err != nil {
		return nil, 0, refuse(wire.BadMessage, "%v", err)
	}
	return message, len(data), nil
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
	if !c.outbox.put(data) && c.ctx.Err() == nil {
		c.log.Warn("the client does not read; ending its connection")
		c.cancel()
	}
}

func (c *connection) fail(subject int64, err error) {
	var known refusal
	if !errors.As(err, &known) {
		known = refusal{wire.EngineFailed, err.Error()}
	}
	c.log.Info("refused", "code", known.code, "detail", known.detail)
	c.send(wire.HelperError{Type: wire.TypeError, Subject: subject, Code: known.code, Detail: known.detail})
}

func kernelRelease() string {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return ""
	}
	return unix.ByteSliceToString(name.Release[:])
}
