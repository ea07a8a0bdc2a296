// Package control is the helper's conversation with its clients: the socket, who may do what, and the life of
// recordings. It is the only package that opens sockets.
package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

// Options of a server.
type Options struct {
	// UID of the one user that is served besides root.
	UID uint32
	// Idle is how long the helper stays without a client.
	Idle time.Duration
	Log  *slog.Logger
	// Ready is called with the socket's path when the helper listens.
	Ready func(path string)
}

// Serve serves clients until the context ends or no client has come for the idle time.
func Serve(ctx context.Context, options Options) error {
	if os.Geteuid() != 0 {
		return errors.New("the helper needs root to load its programs into the kernel; start it with sudo")
	}
	s, err := listen(runFolder, options.UID)
	if err != nil {
		return err
	}
	defer s.remove()
	h := newHub(options.Log)
	defer h.close()
	return serveClients(ctx, s.UnixListener, s.path, options, func(ctx context.Context, socket *websocket.Conn, p peer, exiting <-chan struct{}) {
		newConnection(ctx, h, socket, p, options.Log).serve(exiting)
	})
}

const (
	// maxClients bounds the clients of one helper; a window has one.
	maxClients = 64
	// maxStrangers bounds the connections that have not said yet what they want; they have 5 s for it.
	maxStrangers = 64
)

type peerKey struct{}

// serveClients accepts clients and gives each to `talk`.
func serveClients(
	ctx context.Context, listener *net.UnixListener, path string, options Options,
	talk func(context.Context, *websocket.Conn, peer, <-chan struct{}),
) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	clients := newPresence(options.Idle, cancel)
	exiting := ctx.Done()
	var talks sync.WaitGroup
	var strangers atomic.Int64 // connections that are not a client yet
	server := &http.Server{
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       5 * time.Second,
		ConnState: func(_ net.Conn, state http.ConnState) {
			switch state {
			case http.StateNew:
				strangers.Add(1)
			case http.StateClosed, http.StateHijacked:
				strangers.Add(-1)
			}
		},
		MaxHeaderBytes: 16 << 10,
		ErrorLog:       slog.NewLogLogger(options.Log.Handler(), slog.LevelDebug),
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			unixConn, ok := conn.(*net.UnixConn)
			if !ok {
				return ctx
			}
			if strangers.Load() > maxStrangers {
				_ = conn.Close()
				return ctx
			}
			p, err := identify(unixConn)
			if err != nil || !admits(options.UID, p.uid) {
				options.Log.Warn("refused a client", "uid", p.uid, "err", err)
				return ctx
			}
			return context.WithValue(ctx, peerKey{}, p)
		},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			p, known := r.Context().Value(peerKey{}).(peer)
			if !known {
				http.Error(w, "this helper serves another user", http.StatusForbidden)
				return
			}
			if !clients.enter() {
				http.Error(w, "this helper has too many clients", http.StatusServiceUnavailable)
				return
			}
			talks.Add(1)
			defer func() { talks.Done(); clients.leave() }()
			socket, err := websocket.Accept(w, r, nil)
			if err != nil {
				options.Log.Debug("not a WebSocket client", "err", err)
				return
			}
			talk(context.WithoutCancel(r.Context()), socket, p, exiting)
		}),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	if options.Ready != nil {
		options.Ready(path)
	}
	select {
	case <-ctx.Done():
	case err := <-failed:
		return fmt.Errorf("accept clients at %s: %w", path, err)
	}
	_ = listener.Close()
	waitAtMost(&talks, 3*time.Second)
	_ = server.Close()
	return nil
}

func waitAtMost(group *sync.WaitGroup, limit time.Duration) {
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(limit):
	}
}

// presence counts clients and calls `leave` when there has been none for a while.
type presence struct {
	lock  sync.Mutex
	count int
	idle  time.Duration
	timer *time.Timer
}

func newPresence(idle time.Duration, expire func()) *presence {
	p := &presence{idle: idle}
	p.timer = time.AfterFunc(idle, expire)
	return p
}

// enter lets a client in, unless there are too many.
func (p *presence) enter() bool {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.count >= maxClients {
		return false
	}
	p.count++
	p.timer.Stop()
	return true
}

func (p *presence) leave() {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.count--
	if p.count == 0 {
		p.timer.Reset(p.idle)
	}
}
