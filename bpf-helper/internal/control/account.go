package control

import (
	"sync"
	"sync/atomic"
	"time"
)

// limits are what all clients together and those of one user may take, so that one user can't starve the others.
type limits struct {
	clients, clientsOfUser       int
	strangers, strangersOfUser   int // connections that have not said yet what they want; they have 5 s for it
	recordingsOfUser             int
	queuedBytes, queuedBytesUser int64
}

// limits of a helper. One that was launched for a user is that user's alone (and root's): it may take all of it.
func (o Options) limits() limits {
	if o.Service {
		return limits{
			clients: 256, clientsOfUser: 32, strangers: 512, strangersOfUser: 32, recordingsOfUser: 12,
			queuedBytes: 256 << 20, queuedBytesUser: 64 << 20,
		}
	}
	return limits{
		clients: maxClients, clientsOfUser: maxClients, strangers: maxClients, strangersOfUser: maxClients,
		recordingsOfUser: maxRecordings, queuedBytes: maxAllQueuedBytes, queuedBytesUser: maxAllQueuedBytes,
	}
}

// maxClients bounds the clients of a helper that serves one user; a window has one.
const maxClients = 64

// accountAllowance is how much faster all connections of a user may speak than one.
const accountAllowance = 4

// account is what one user's clients take together.
type account struct {
	uid    uint32
	book   *book
	queued atomic.Int64 // bytes that wait for the user's clients

	// The book's lock guards what follows.
	clients, strangers, recordings int
	allowance                      allowance
}

// book holds the accounts of the users that are there.
type book struct {
	limits limits
	gone   func(uid uint32)
	queued atomic.Int64

	lock               sync.Mutex
	accounts           map[uint32]*account
	clients, strangers int
}

// newBook makes an empty book; `gone` is told of a user whose last connection has ended.
func newBook(l limits, gone func(uid uint32)) *book {
	return &book{limits: l, gone: gone, accounts: map[uint32]*account{}}
}

// knock notes a connection of a user; nil where too many wait already.
func (b *book) knock(uid uint32) *account {
	b.lock.Lock()
	defer b.lock.Unlock()
	a := b.accounts[uid]
	if a == nil {
		a = &account{uid: uid, book: b, allowance: newAllowance(time.Now(), accountAllowance)}
	}
	if b.strangers >= b.limits.strangers || a.strangers >= b.limits.strangersOfUser {
		return nil
	}
	b.accounts[uid] = a
	b.strangers++
	a.strangers++
	return a
}

// left notes that a connection has ended, or has become a client.
func (b *book) left(a *account) {
	b.lock.Lock()
	b.strangers--
	a.strangers--
	b.unlock(a)
}

// enter lets a client in, unless there are too many.
func (b *book) enter(a *account) bool {
	b.lock.Lock()
	defer b.lock.Unlock()
	if b.clients >= b.limits.clients || a.clients >= b.limits.clientsOfUser {
		return false
	}
	b.clients++
	a.clients++
	return true
}

func (b *book) leave(a *account) {
	b.lock.Lock()
	b.clients--
	a.clients--
	b.unlock(a)
}

// unlock forgets an account that nobody uses any more, so that users who come and go leave nothing.
func (b *book) unlock(a *account) {
	over := a.clients == 0 && a.strangers == 0
	if over {
		delete(b.accounts, a.uid)
	}
	b.lock.Unlock()
	if over && b.gone != nil {
		b.gone(a.uid)
	}
}

// spend takes tokens of the user's allowance, or says that there are not enough.
func (a *account) spend(tokens int) bool {
	a.book.lock.Lock()
	defer a.book.lock.Unlock()
	return a.allowance.spend(time.Now(), tokens)
}

// begin counts a recording, unless the user has too many.
func (a *account) begin() bool {
	a.book.lock.Lock()
	defer a.book.lock.Unlock()
	if a.recordings >= a.book.limits.recordingsOfUser {
		return false
	}
	a.recordings++
	return true
}

func (a *account) end() {
	a.book.lock.Lock()
	defer a.book.lock.Unlock()
	a.recordings--
}

// queue takes room for what waits to be read, or says that there is none.
func (a *account) queue(bytes int64) bool {
	if a.queued.Add(bytes) > a.book.limits.queuedBytesUser {
		a.queued.Add(-bytes)
		return false
	}
	if a.book.queued.Add(bytes) > a.book.limits.queuedBytes {
		a.queued.Add(-bytes)
		a.book.queued.Add(-bytes)
		return false
	}
	return true
}

// unqueue gives back what queue took.
func (a *account) unqueue(bytes int64) {
	a.queued.Add(-bytes)
	a.book.queued.Add(-bytes)
}
