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
	"time"

	"flameline.dev/helper/internal/rights"
	"github.com/coder/websocket"
)

// Options of a server.
type Options struct {
	// UID of the one user that is served besides root.
	UID uint32
	// Service is a helper for all users, each of whom sees only their own processes.
	Service bool
	// Idle is how long the helper stays without a client; 0 is for ever.
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
	s, err := open(options)
	if err != nil {
		return err
	}
	defer s.remove()
	// Before the first client: what it could turn against us is gone by then.
	if err := rights.Begin(); err != nil {
		options.Log.Warn("the helper keeps rights that it does not need", "err", err)
	}
	h := newHub(options.Log)
	defer h.close()
	return serveClients(ctx, s.UnixListener, s.path, options, func(ctx context.Context, socket *websocket.Conn, p peer, a *account, exiting <-chan struct{}) {
		newConnection(ctx, h, socket, p, a, options.Log).serve(exiting)
	}, h.symbols.release)
}

// open gives the socket to listen at: systemd's, or one of our own.
func open(options Options) (*socket, error) {
	if !options.Service {
		return listen(runFolder, options.UID)
	}
	if inherited, err := activated(os.Getenv); inherited != nil || err != nil {
		return inherited, err
	}
	return listenForAll(runFolder)
}

type guestKey struct{}

// guest is a connection that was let in as far as the door.
type guest struct {
	peer    peer
	account *account
}

// serveClients accepts clients and gives each to `talk`.
func serveClients(
	ctx context.Context, listener *net.UnixListener, path string, options Options,
	talk func(context.Context, *websocket.Conn, peer, *account, <-chan struct{}), gone func(uid uint32),
) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	book := newBook(options.limits(), gone)
	clients := newPresence(options.Idle, cancel)
	exiting := ctx.Done()
	var talks sync.WaitGroup
	var strangers sync.Map // accounts of connections that are not a client yet
	server := &http.Server{
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       5 * time.Second,
		ConnState: func(conn net.Conn, state http.ConnState) {
			if state == http.StateClosed || state == http.StateHijacked {
				if a, known := strangers.LoadAndDelete(conn); known {
					book.left(a.(*account))
				}
			}
		},
		MaxHeaderBytes: 16 << 10,
		ErrorLog:       slog.NewLogLogger(options.Log.Handler(), slog.LevelDebug),
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			unixConn, ok := conn.(*net.UnixConn)
			if !ok {
				return ctx
			}
			p, err := identify(unixConn)
			if err == nil && !options.admits(p.uid) {
				err = options.refusal()
			}
			a := book.knock(p.uid)
			if a == nil {
				_ = conn.Close()
				return ctx
			}
			strangers.Store(conn, a)
			if err != nil {
				options.Log.Warn("refused a client", "uid", p.uid, "err", err)
				return context.WithValue(ctx, guestKey{}, err)
			}
			return context.WithValue(ctx, guestKey{}, guest{p, a})
		},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			g, known := r.Context().Value(guestKey{}).(guest)
			if !known {
				err, _ := r.Context().Value(guestKey{}).(error)
				http.Error(w, fmt.Sprint(err), http.StatusForbidden)
				return
			}
			if !book.enter(g.account) {
				http.Error(w, "this helper has too many clients", http.StatusServiceUnavailable)
				return
			}
			clients.enter()
			talks.Add(1)
			defer func() { talks.Done(); clients.leave(); book.leave(g.account) }()
			socket, err := websocket.Accept(w, r, nil)
			if err != nil {
				options.Log.Debug("not a WebSocket client", "err", err)
				return
			}
			talk(context.WithoutCancel(r.Context()), socket, g.peer, g.account, exiting)
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

// refusal tells a client that it is not served.
func (o Options) refusal() error {
	if o.Service {
		return errors.New("this machine has no user of the client's number")
	}
	return errors.New("this helper serves another user")
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
	if idle > 0 {
		p.timer = time.AfterFunc(idle, expire)
	}
	return p
}

func (p *presence) enter() {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.count++
	if p.timer != nil {
		p.timer.Stop()
	}
}

func (p *presence) leave() {
	p.lock.Lock()
	defer p.lock.Unlock()
	p.count--
	if p.count == 0 && p.timer != nil {
		p.timer.Reset(p.idle)
	}
}
