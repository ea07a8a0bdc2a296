package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"sync"
	"time"

	"flameline.dev/helper/internal/wire"
	"github.com/coder/websocket"
)

// ReplayOptions of a server that needs no privilege and sends what was recorded before.
type ReplayOptions struct {
	Options
	// File holds recorded messages, one a line: started, batches, stopped.
	File string
	// Socket is the path to listen at.
	Socket string
	// Speed is how much faster than it was recorded; infinity sends as fast as the client reads.
	Speed float64
}

// Replay serves recorded traffic until the context ends or no client has come for the idle time.
func Replay(ctx context.Context, options ReplayOptions) error {
	from := &replay{file: options.File, speed: options.Speed, log: options.Log}
	first, err := from.open() // so that a wrong file is told at once
	if err != nil {
		return err
	}
	_ = first.file.Close()
	listener, err := bind(options.Socket, uint32(os.Geteuid()))
	if err != nil {
		return err
	}
	s := &socket{UnixListener: listener, path: options.Socket}
	defer s.remove()
	if err := s.remember(); err != nil {
		return err
	}
	return serveClients(ctx, listener, options.Socket, options.Options,
		func(ctx context.Context, socket *websocket.Conn, p peer, a *account, exiting <-chan struct{}) {
			newConnection(ctx, from, socket, p, a, options.Log).serve(exiting)
		}, nil)
}

// replay is a source that reads a file.
type replay struct {
	file  string
	speed float64
	log   *slog.Logger
}

// message is a recorded message, of which only what must be changed or known is decoded.
type message map[string]json.RawMessage

func (m message) kind() string {
	kind, _ := strconv.Unquote(string(m["type"]))
	return kind
}

type lines struct {
	file   *os.File
	reader *bufio.Reader
}

func (l lines) next() (message, error) {
	text, err := l.reader.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return nil, fmt.Errorf("a line is longer than a message may be, %d bytes", wire.MaxFrameBytes)
	}
	if err != nil {
		return nil, err // a last line without its end was cut off
	}
	var m message
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("a line is not a message: %w", err)
	}
	return m, nil
}

// open opens the file at its first batch.
func (r *replay) open() (lines, error) {
	file, err := os.Open(r.file)
	if err != nil {
		return lines{}, fmt.Errorf("replay: %w", err)
	}
	l := lines{file, bufio.NewReaderSize(file, wire.MaxFrameBytes)}
	if first, err := l.next(); err != nil || first.kind() != wire.TypeStarted {
		_ = file.Close()
		return lines{}, fmt.Errorf("%s does not begin with a started message; give the batches.jsonl of a recording", r.file)
	}
	return l, nil
}

func (r *replay) loaded([]wire.EventName) bool { return true }
func (r *replay) load([]wire.EventName) error  { return nil }

func (r *replay) start(request wire.StartRequest, _ peer, send func(any), finish func(string)) (running, error) {
	l, err := r.open()
	if err != nil {
		return nil, refuse(wire.EngineFailed, "%v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	run := &replaying{number: request.Recording, cancel: cancel, send: send, began: time.Now()}
	send(wire.Started{
		Type: wire.TypeStarted, Recording: request.Recording, StartUnixNs: fmt.Sprint(run.began.UnixNano()), Hz: request.Hz,
		Events: []wire.EventName{wire.EventCPU},
	})
	run.done.Go(func() {
		defer l.file.Close()
		err := run.play(ctx, l, r.speed)
		if err != nil {
			r.log.Error("replaying failed", "err", err)
		}
		if ctx.Err() == nil {
			go finish(wire.StopTargetExited)
		}
	})
	return run, nil
}

// replaying is one client's run through the file.
type replaying struct {
	number  int64
	cancel  context.CancelFunc
	send    func(any)
	began   time.Time
	done    sync.WaitGroup
	batches int
	lastNs  int64
}

func (run *replaying) play(ctx context.Context, l lines, speed float64) error {
	for ctx.Err() == nil {
		m, err := l.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if m.kind() != wire.TypeBatch {
			return nil
		}
		var at int64
		if err := json.Unmarshal(m["timeNs"], &at); err != nil {
			return fmt.Errorf("a batch has no time: %w", err)
		}
		due := run.began.Add(time.Duration(float64(at) / speed))
		select {
		case <-time.After(time.Until(due)):
		case <-ctx.Done():
			return nil
		}
		m["recording"] = json.RawMessage(strconv.FormatInt(run.number, 10))
		run.send(m)
		run.batches++
		run.lastNs = at
	}
	return nil
}

func (run *replaying) end(reason string) {
	run.cancel()
	run.done.Wait()
	run.send(wire.Stopped{
		Type: wire.TypeStopped, Recording: run.number, Reason: reason, DurationNs: run.lastNs, Batches: run.batches,
	})
}
