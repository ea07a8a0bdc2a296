package control

import (
	"strings"
	"testing"
	"time"

	"flameline.dev/helper/internal/wire"
	"github.com/coder/websocket"
)

func TestOneUserLeavesRoomForOthers(t *testing.T) {
	b := newBook(Options{Service: true}.limits(), nil)
	l := b.limits
	first := b.knock(1)
	knocks := 1
	for b.knock(1) != nil {
		knocks++
	}
	entered := 0
	for b.enter(first) {
		entered++
	}
	begun := 0
	for first.begin() {
		begun++
	}
	tokens := 0
	for first.spend(1) {
		tokens++
	}
	for first.queue(1 << 20) {
	}
	if knocks != l.strangersOfUser || entered != l.clientsOfUser || begun != l.recordingsOfUser || first.queued.Load() != l.queuedBytesUser {
		t.Errorf("one user took %d connections, %d clients, %d recordings, %d bytes", knocks, entered, begun, first.queued.Load())
	}
	if tokens < accountAllowance*messageBurst || tokens > 2*accountAllowance*messageBurst {
		t.Errorf("one user spoke %d times at once", tokens)
	}
	second := b.knock(2)
	if second == nil || !b.enter(second) || !second.begin() || !second.spend(10) || !second.queue(10<<20) {
		t.Error("another user found no room")
	}
}

func TestAllUsersTogetherAreBounded(t *testing.T) {
	b := newBook(Options{Service: true}.limits(), nil)
	knocks, clients := 0, 0
	var bytes int64
	for uid := uint32(1); uid <= 1000; uid++ {
		for a := b.knock(uid); a != nil; a = b.knock(uid) {
			knocks++
			if b.enter(a) {
				clients++
			}
			if a.queue(32 << 20) {
				bytes += 32 << 20
			}
		}
	}
	if knocks != b.limits.strangers || clients != b.limits.clients || bytes > b.limits.queuedBytes {
		t.Errorf("all users took %d connections, %d clients, %d bytes", knocks, clients, bytes)
	}
}

func TestAUserWhoHasGoneLeavesNothing(t *testing.T) {
	var gone []uint32
	b := newBook(Options{Service: true}.limits(), func(uid uint32) { gone = append(gone, uid) })
	for uid := range uint32(100) {
		a := b.knock(uid)
		b.enter(a)
		b.left(a)
		if len(gone) != int(uid) {
			t.Fatalf("user %d was forgotten while it was a client", uid)
		}
		b.leave(a)
	}
	if len(b.accounts) != 0 || len(gone) != 100 || b.clients != 0 || b.strangers != 0 {
		t.Errorf("%d accounts, %d told, %d clients, %d strangers", len(b.accounts), len(gone), b.clients, b.strangers)
	}
}

func TestRefusedRoomIsGivenBack(t *testing.T) {
	b := newBook(limits{strangers: 9, strangersOfUser: 9, queuedBytes: 100, queuedBytesUser: 80}, nil)
	one, two := b.knock(1), b.knock(2)
	if !one.queue(60) || one.queue(30) || two.queue(50) || !two.queue(40) {
		t.Fatal("the limits do not hold")
	}
	one.unqueue(60)
	two.unqueue(40)
	if b.queued.Load() != 0 || one.queued.Load() != 0 || two.queued.Load() != 0 {
		t.Errorf("%d bytes are left, %d and %d", b.queued.Load(), one.queued.Load(), two.queued.Load())
	}
}

func TestAUsersRecordingsAreBoundedOverAllConnections(t *testing.T) {
	path := serveWithOptions(t, still{}, Options{Service: true, Idle: time.Hour, Log: quiet()})
	limit := Options{Service: true}.limits().recordingsOfUser
	conns := []*websocket.Conn{clientForTest(t, path), clientForTest(t, path)}
	started := 0
	for i := range limit {
		conn := conns[i/maxRecordingsPerClient]
		say(t, conn, startRequest(int64(i+1)))
		if answerTo(t, conn) == wire.TypeStarted {
			started++
		}
	}
	last := conns[1]
	say(t, last, startRequest(1000))
	if started != limit || answerTo(t, last) != string(wire.TooManyRecordings) {
		t.Errorf("%d of %d recordings were begun, and one more was let in or refused for another reason", started, limit)
	}
	// The first connection's end makes room again.
	_ = conns[0].CloseNow()
	for deadline := time.Now().Add(10 * time.Second); ; {
		say(t, last, startRequest(1001))
		if answerTo(t, last) == wire.TypeStarted {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the recordings of a client that has gone still count")
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// still is a source whose recordings begin and say nothing more.
type still struct{ flood }

func (still) start(request wire.StartRequest, _ peer, send func(any), _ func(string)) (running, error) {
	send(wire.Started{Type: wire.TypeStarted, Recording: request.Recording})
	over := make(chan struct{})
	return &flooding{send: send, number: request.Recording, over: over}, nil
}

// answerTo skips what recordings say by themselves.
func answerTo(t *testing.T, conn *websocket.Conn) string {
	t.Helper()
	for {
		kind, text := hear(t, conn)
		switch {
		case kind == wire.TypeStarted || kind == "":
			return kind
		case kind == wire.TypeError && strings.Contains(text, string(wire.TooManyRecordings)):
			return string(wire.TooManyRecordings)
		}
	}
}
