package control

import (
	"context"
	"sync"
	"time"

	"github.com/coder/websocket"
)

const (
	// maxQueuedBytes is how far a client may lag behind before its recordings end; maxAllQueuedBytes is that of all of a
	// user's together (a service has limits of its own).
	maxQueuedBytes    = 64 << 20
	maxAllQueuedBytes = 96 << 20
)

// outbox holds the messages that a client has not read yet.
type outbox struct {
	account *account
	lock    sync.Mutex
	queue   [][]byte
	queued  int // bytes, those that are being written included
	shut    bool
	ready   chan struct{}
}

// put queues a message, or says that there is no room.
func (o *outbox) put(data []byte) bool {
	o.lock.Lock()
	defer o.lock.Unlock()
	if o.shut || o.queued+len(data) > maxQueuedBytes || !o.account.queue(int64(len(data))) {
		return false
	}
	o.queue = append(o.queue, data)
	o.queued += len(data)
	select {
	case o.ready <- struct{}{}:
	default:
	}
	return true
}

// write sends what is queued until the context ends or the client goes, which `gone` is told.
func (o *outbox) write(ctx context.Context, socket *websocket.Conn, gone func()) {
	for {
		o.lock.Lock()
		queue := o.queue
		o.queue = nil
		o.lock.Unlock()
		for i, data := range queue {
			if err := socket.Write(ctx, websocket.MessageText, data); err != nil {
				gone()
				return
			}
			queue[i] = nil
			o.release(len(data))
		}
		if len(queue) > 0 {
			continue
		}
		select {
		case <-o.ready:
		case <-ctx.Done():
			return
		}
	}
}

func (o *outbox) release(bytes int) {
	o.lock.Lock()
	defer o.lock.Unlock()
	o.queued -= bytes
	o.account.unqueue(int64(bytes))
}

// flush waits until everything is written.
func (o *outbox) flush(ctx context.Context, limit time.Duration) {
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		o.lock.Lock()
		empty := o.queued == 0
		o.lock.Unlock()
		if empty || ctx.Err() != nil {
			return
		}
	}
}

// drop forgets what was not read; nothing is taken any more.
func (o *outbox) drop() {
	o.lock.Lock()
	defer o.lock.Unlock()
	o.account.unqueue(int64(o.queued))
	o.queue, o.queued, o.shut = nil, 0, true
}
