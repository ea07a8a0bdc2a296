package capture

import (
	"errors"
	"fmt"
	"sync"

	"flameline.dev/helper/internal/wire"
	"github.com/cilium/ebpf"
	"go.opentelemetry.io/ebpf-profiler/rlimit"
	"go.opentelemetry.io/ebpf-profiler/tracer"
)

// Counted is what is counted of a process and a file or peer, beside the samples.
type Counted uint32

// The counts of bpf/calls.h. The first four are bytes in calls, the fifth bytes that went from one descriptor to another without a
// stack; the others are calls.
const (
	BytesRead Counted = iota
	BytesWritten
	BytesSent
	BytesReceived
	BytesCopied
	RingCalls // io_uring_enter
	Opened
	Connected
	Accepted
	LookedUp       // datagrams sent to a name server
	RingOperations // of io_uring, with the bytes that they transferred; then RingCalls are not told
)

// CallTotal is what was added to a count.
type CallTotal struct {
	Counted      Counted
	PID          int32
	StartNs      uint64
	UID          uint32
	Recordings   uint64
	Subject      string
	Bytes, Calls int64
}

// calls makes samples of what processes transfer.
type calls struct {
	frames *frameTable

	lock   sync.Mutex // guards what follows
	hooks  callHooks
	names  map[uint64]*Frame
	ledger *callLedger
	others [2]*Frame
}

func newCalls(frames *frameTable) *calls {
	c := &calls{frames: frames}
	for i, name := range []string{otherFilesName, otherPeersName} {
		c.others[i] = frames.leafFrame(Frame{Language: wire.Kernel, Function: name})
	}
	c.reset()
	return c
}

// load loads the unwinder that system calls need; as long as the engine, the first time.
func (c *calls) load(engine *tracer.Tracer) error {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.hooks.chain != nil {
		return nil
	}
	restoreLimit, err := rlimit.MaximizeMemlock()
	if err != nil {
		return fmt.Errorf("raise the limit of locked memory: %w", err)
	}
	defer restoreLimit()
	defer hurry(loadNice)()
	if c.hooks.chain, err = engine.LoadRawTracepointChain(); err != nil {
		return fmt.Errorf("load the unwinder for system calls: %w", err)
	}
	return nil
}

func (c *calls) isLoaded() bool {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.hooks.chain != nil
}

func (c *calls) attach(gate *ebpf.Collection) error {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.hooks.collection != nil {
		return nil
	}
	c.reset()
	return c.hooks.attach(gate)
}

func (c *calls) attached() bool {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.hooks.collection != nil
}

// maps are those that only calls need; they may be closed meanwhile.
func (c *calls) maps() map[string]*ebpf.Map {
	c.lock.Lock()
	defer c.lock.Unlock()
	return mapsOfParts(callMaps, c.hooks.collection, c.hooks.rings.collection)
}

// bpfTime is the time that the program has run, the unwinder included, in ns.
func (c *calls) bpfTime() int64 {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.hooks.bpfTime()
}

func (c *calls) detach() {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.hooks.detach()
}

func (c *calls) close() {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.hooks.close()
}

func (c *calls) reset() {
	c.names = map[uint64]*Frame{otherFiles: c.others[0], otherPeers: c.others[1]}
	c.ledger = newCallLedger()
}

// learn takes in the names of new files and peers; to be called with the lock.
func (c *calls) learn() error {
	if c.hooks.records == nil {
		return nil
	}
	return c.hooks.drain(func(record *subjectRecord) {
		c.names[record.Key] = c.frames.leafFrame(Frame{Language: wire.Kernel, Function: nameOf(record)})
	})
}

func (c *calls) frame(subject uint64) *Frame {
	if frame := c.names[subject]; frame != nil {
		return frame
	}
	return c.others[0]
}

// stacks notes the stacks of calls, with what each call is about above it. The names of ticks that were read are in the ring
// by now.
func (c *calls) stacks(samples []Sample) error {
	c.lock.Lock()
	defer c.lock.Unlock()
	err := c.learn()
	for _, sample := range samples {
		sample.Frames = append([]*Frame{c.frame(sample.called.Subject)}, sample.Frames...)
		c.ledger.stack(sample)
	}
	return err
}

// settle gives what was counted since the last time, and samples of it.
func (c *calls) settle() ([]CallTotal, []Sample, error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.hooks.collection == nil {
		return nil, nil, nil
	}
	var added []CallTotal
	var left []placeOfCalls
	err := errors.Join(c.learn(), c.hooks.places(func(key placeOfCalls, now *callPlaceRecord) {
		bytes, calls, leave := c.ledger.settle(key, *now)
		if leave {
			left = append(left, key)
		}
		if calls == 0 || (Counted(key.Counted) == RingCalls && c.hooks.rings.isAttached()) {
			return
		}
		subject := ""
		if Counted(key.Counted) != RingOperations {
			subject = c.frame(key.Subject).Function
		}
		added = append(added, CallTotal{
			Counted: Counted(key.Counted), PID: int32(key.PID), StartNs: now.StartBoottime, UID: now.UID, Recordings: now.Recordings,
			Subject: subject, Bytes: int64(bytes), Calls: int64(calls),
		})
	}))
	for _, key := range left {
		c.hooks.forget(key)
	}
	if err != nil {
		err = fmt.Errorf("read the counts of calls: %w", err)
	}
	return added, c.ledger.take(), err
}
