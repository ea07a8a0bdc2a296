package control

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"flameline.dev/helper/internal/wire"
	"github.com/coder/websocket"
)

// flood is a source whose recordings speak as fast as they can, or end by themselves.
type flood struct {
	message string
	endSoon bool
}

func (f flood) loaded([]wire.EventName) bool { return true }
func (f flood) load([]wire.EventName) error  { return nil }
func (f flood) start(request wire.StartRequest, _ peer, send func(any), finish func(string)) (running, error) {
	send(wire.Started{Type: wire.TypeStarted, Recording: request.Recording})
	run := &flooding{send: send, number: request.Recording, over: make(chan struct{})}
	if f.endSoon {
		go finish(wire.StopTargetExited)
		return run, nil
	}
	run.done.Go(func() {
		for {
			select {
			case <-run.over:
				return
			default:
				send(wire.HelperError{Type: wire.TypeError, Detail: f.message})
			}
		}
	})
	return run, nil
}

type flooding struct {
	send   func(any)
	number int64
	over   chan struct{}
	once   sync.Once
	done   sync.WaitGroup
}

func (f *flooding) end(reason string) {
	f.once.Do(func() { close(f.over) })
	f.done.Wait()
	f.send(wire.Stopped{Type: wire.TypeStopped, Recording: f.number, Reason: reason})
}

// served is the book of the server that a test talks with.
var served atomic.Pointer[book]

// serveForTest serves recordings of a source at a socket until the test ends.
func serveForTest(t *testing.T, from source, log *slog.Logger) string {
	t.Helper()
	return serveWithOptions(t, from, Options{UID: uint32(os.Geteuid()), Idle: time.Hour, Log: log})
}

func serveWithOptions(t *testing.T, from source, options Options) string {
	t.Helper()
	log := options.Log
	path := filepath.Join(t.TempDir(), "socket")
	listener, err := bind(path, uint32(os.Geteuid()))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = serveClients(ctx, listener, path, options, func(ctx context.Context, socket *websocket.Conn, p peer, a *account, exiting <-chan struct{}) {
			served.Store(a.book)
			newConnection(ctx, from, socket, p, a, log).serve(exiting)
		}, nil)
	}()
	t.Cleanup(func() { cancel(); <-ended })
	return path
}

func dialForTest(path string) (*websocket.Conn, *http.Response, error) {
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", path) }}
	conn, response, err := websocket.Dial(context.Background(), "ws://helper/", &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}})
	if conn != nil {
		conn.SetReadLimit(wire.MaxFrameBytes)
	}
	return conn, response, err
}

func clientForTest(t *testing.T, path string) *websocket.Conn {
	t.Helper()
	conn, _, err := dialForTest(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.CloseNow() })
	say(t, conn, wire.ClientHello{Type: wire.TypeHello, Protocol: wire.ProtocolVersion, Client: "test"})
	if kind, text := hear(t, conn); kind != wire.TypeHello {
		t.Fatalf("got %s", text)
	}
	return conn
}

func say(t *testing.T, conn *websocket.Conn, message any) {
	t.Helper()
	data, err := json.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Write(context.Background(), websocket.MessageText, data) // the answer tells
}

// hear gives the next message; "" at the end of the connection.
func hear(t *testing.T, conn *websocket.Conn) (kind, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	_, data, err := conn.Read(ctx)
	if err != nil {
		return "", err.Error()
	}
	var tag struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(data, &tag); err != nil {
		t.Fatal(err)
	}
	return tag.Type, string(data)
}

func startRequest(number int64) wire.StartRequest {
	return wire.StartRequest{
		Type: wire.TypeStart, Recording: number, Hz: 99, Events: []wire.EventName{wire.EventCPU},
		Target: wire.Target{Kind: wire.TargetUser},
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestAClientThatDoesNotReadIsCutOffAndLeavesNothing(t *testing.T) {
	var text lockedBuffer
	path := serveForTest(t, flood{message: strings.Repeat("x", 500_000)}, slog.New(slog.NewTextHandler(&text, nil)))
	conn := clientForTest(t, path)
	say(t, conn, startRequest(1))
	for deadline := time.Now().Add(time.Minute); !strings.Contains(text.String(), "does not read"); time.Sleep(10 * time.Millisecond) {
		if waiting := served.Load().queued.Load(); waiting > maxQueuedBytes {
			t.Fatalf("%d bytes wait for one client", waiting)
		}
		if time.Now().After(deadline) {
			t.Fatal("a client that does not read was not cut off")
		}
	}
	for deadline := time.Now().Add(time.Minute); served.Load().queued.Load() != 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d bytes still wait for a client that is gone", served.Load().queued.Load())
		}
	}
}

func TestAClientThatSpeaksTooMuchIsRefused(t *testing.T) {
	path := serveForTest(t, flood{endSoon: true}, quiet())
	for name, message := range map[string]any{
		"stops":     wire.StopRequest{Type: wire.TypeStop, Recording: 7},
		"processes": wire.ProcessesRequest{Type: wire.TypeProcesses, Request: 7},
		"long":      wire.ClientHello{Type: wire.TypeStop, Client: strings.Repeat("x", 1<<19)},
	} {
		t.Run(name, func(t *testing.T) {
			conn := clientForTest(t, path)
			go func() {
				for range 4 * messageBurst {
					say(t, conn, message)
				}
			}()
			for answers := 0; ; answers++ {
				kind, text := hear(t, conn)
				if kind == "" {
					t.Fatalf("the connection ended without a word: %s", text)
				}
				if strings.Contains(text, "messages a second") {
					if name != "stops" && answers > messageBurst/2 {
						t.Errorf("%d answers before the refusal", answers)
					}
					return
				}
			}
		})
	}
}

func TestAStopThatCrossesTheEndIsNoError(t *testing.T) {
	conn := clientForTest(t, serveForTest(t, flood{endSoon: true}, quiet()))
	say(t, conn, startRequest(1))
	for {
		kind, text := hear(t, conn)
		if kind == wire.TypeStopped {
			break
		}
		if kind == "" || kind == wire.TypeError {
			t.Fatal(text)
		}
	}
	// The recording is taken off the list a moment after its last word.
	time.Sleep(50 * time.Millisecond)
	say(t, conn, wire.StopRequest{Type: wire.TypeStop, Recording: 1})
	say(t, conn, wire.StopRequest{Type: wire.TypeStop, Recording: 2}) // one that never was
	if kind, text := hear(t, conn); kind != wire.TypeError || !strings.Contains(text, `"subject":2`) {
		t.Errorf("the first answer is about another recording: %s", text)
	}
}

func TestTooManyClientsAreTurnedAway(t *testing.T) {
	path := serveForTest(t, flood{endSoon: true}, quiet())
	for i := range maxClients {
		conn, _, err := dialForTest(path)
		if err != nil {
			t.Fatalf("client %d: %v", i, err)
		}
		t.Cleanup(func() { _ = conn.CloseNow() })
	}
	conn, response, err := dialForTest(path)
	if err == nil {
		_ = conn.CloseNow()
		t.Fatalf("client %d was let in", maxClients)
	}
	if response == nil || response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("got %v, %v", response, err)
	}
}

func TestAListOfManyProcessesFitsAFrame(t *testing.T) {
	entry := wire.ProcessListEntry{CommandLine: []string{strings.Repeat("y", 2000)}, Executable: "/" + strings.Repeat("e", 400)}
	var entries []wire.ProcessListEntry
	list := shortened{}
	for i := range 10_000 {
		entry.PID = int32(i + 1)
		if !list.fits(&entry) {
			break
		}
		entries = append(entries, entry)
	}
	data, err := json.Marshal(wire.ProcessList{Type: wire.TypeProcesses, Processes: entries})
	if err != nil || len(data) > wire.MaxFrameBytes || len(entries) < 1000 {
		t.Errorf("%d entries take %d bytes (%v)", len(entries), len(data), err)
	}
	if fmt.Sprint(entries[0].CommandLine) == "[]" {
		t.Error("the first command line is missing")
	}
}

type lockedBuffer struct {
	lock   sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(text []byte) (int, error) {
	b.lock.Lock()
	defer b.lock.Unlock()
	return b.buffer.Write(text)
}

func (b *lockedBuffer) String() string {
	b.lock.Lock()
	defer b.lock.Unlock()
	return b.buffer.String()
}
