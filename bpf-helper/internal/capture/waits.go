package capture

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"flameline.dev/helper/internal/wire"
	"go.opentelemetry.io/ebpf-profiler/times"
)

const (
	// longWait is the length from which each wait is told by itself.
	longWait = 5 * time.Millisecond
	// settleInterval is how often waits that are still open are told and short ones brought in line.
	settleInterval = 500 * time.Millisecond
	// waitStacks is how many stacks a second and processor may be taken for waits in the long run. A stack costs what a sample
	// of CPU time costs.
	waitStacks = 40
	// denseWaits are so many waits a second and processor that their stacks would cost more than their measuring: from there on as many
	// fewer are taken, down to half. What each place waits is the kernel's count all the same.
	denseWaits = 1500
	// The waiting for which a stack is taken; adapted between these to the number of stacks.
	shortestScale, firstScale, longestScale = 50 * time.Microsecond, 2 * time.Millisecond, 2 * time.Second
)

// waits makes samples of what the kernel tells of waits.
type waits struct {
	hooks      *waitHooks
	ledger     *waitLedger
	scale      time.Duration
	stacks     int // since the last settling
	processors int
	noWakers   bool // the kernel does not let us note them
	settledAt  time.Time

	lock  sync.Mutex // guards what follows
	found map[uint32]*foundThread
}

// foundThread was there when it was first wanted. Until it is switched out or in once, it waits since before that.
type foundThread struct {
	sample Sample // without frames
	told   int64
}

func newWaits(hooks *waitHooks, frames *frameTable) *waits {
	return &waits{
		hooks: hooks, ledger: newWaitLedger(frames.leafFrame, longWait), scale: firstScale, found: map[uint32]*foundThread{},
	}
}

func (w *waits) attach(processors []int) error {
	w.processors = len(processors)
	if err := w.configure(); err != nil {
		return err
	}
	if err := w.hooks.attach(processors); err != nil {
		return err
	}
	return w.followWakers(0)
}

func (w *waits) configure() error {
	scale := uint64(w.scale)
	return w.hooks.set(settingsRecord{Scale: scale * scale >> 20, Length: uint64(longWait), Stacks: waitStacks})
}

// begin follows the threads of a process that recordings want. `like` says whose samples they are.
func (w *waits) begin(like Sample) {
	now := int64(times.GetKTime())
	like.Event = Wait
	for _, tid := range threadsOf(like.PID) {
		isNew := w.hooks.mark(tid)
		w.lock.Lock()
		if isNew {
			sample := like
			sample.TID = int32(tid)
			sample.Thread = readComm(like.PID, tid)
			w.found[tid] = &foundThread{sample: sample, told: now}
		} else if found := w.found[tid]; found != nil {
			found.sample.Recordings = like.Recordings
		}
		w.lock.Unlock()
	}
}

// end forgets the threads of a process that no recording wants any more.
func (w *waits) end(pid int32) {
	for _, tid := range threadsOf(pid) {
		w.hooks.unmark(tid)
		w.lock.Lock()
		delete(w.found, tid)
		w.lock.Unlock()
	}
}

// round takes in what the rings hold, and gives the number of waits that the kernel told; `stacks` are the samples of this round
// that are stacks of waits.
func (w *waits) round(stacks []Sample) (told int, err error) {
	for i := range stacks {
		w.ledger.stack(stacks[i])
	}
	w.stacks += len(stacks)
	err = w.hooks.drain(func(record *waitRecord) {
		told++
		switch {
		case record.Waits != 0:
			w.ledger.countTo(record.TID, record.Waits)
			return
		case record.Forgotten != 0:
			w.ledger.thread(record.TID).forget(record.Mark, uint64(record.Forgotten))
			return
		case record.Began != 0:
			w.ledger.end(record)
			return
		}
		w.lock.Lock()
		found := w.found[record.TID]
		delete(w.found, record.TID)
		w.lock.Unlock()
		if found != nil {
			w.tellFound(found, record.Ended)
		}
	})
	w.ledger.finishRound()
	return told, err
}

// settle is called at most every settleInterval, and at a recording's end with `all`.
func (w *waits) settle(all bool) error {
	if !w.hooks.attached() {
		return nil
	}
	now := int64(times.GetKTime())
	seen := map[uint32]bool{}
	if err := w.hooks.threads(func(tid uint32, thread *threadRecord) {
		seen[tid] = true
		w.ledger.settle(tid, thread, now, all)
	}); err != nil {
		return fmt.Errorf("read the waiting threads: %w", err)
	}
	w.ledger.finishSettling(now)
	w.lock.Lock()
	for tid, found := range w.found {
		switch {
		case seen[tid]:
			delete(w.found, tid)
		case now-found.told < openTooLong && !all:
		case !threadIs(found.sample.PID, tid):
			delete(w.found, tid)
		default:
			w.tellFound(found, now)
		}
	}
	w.lock.Unlock()
	if all {
		return nil
	}
	passed := time.Since(w.settledAt).Seconds()
	w.settledAt = time.Now()
	rate := float64(w.ledger.counted()) / passed
	if err := w.followWakers(rate); err != nil {
		return err
	}
	// Toward the number of stacks that we allow ourselves, at most tenfold or by half at a time.
	allowed := float64(w.processors) * stacksAt(rate/float64(w.processors)) * settleInterval.Seconds()
	ratio := min(max(float64(w.stacks)/allowed, 0.5), 10)
	w.stacks = 0
	if ratio > 1 || ratio < 0.7 {
		w.scale = min(max(time.Duration(float64(w.scale)*ratio), shortestScale), longestScale)
		return w.configure()
	}
	return nil
}

// stacksAt is how many stacks a second may be taken in the long run on a processor with so many waits a second.
func stacksAt(waits float64) float64 {
	return waitStacks * min(max(denseWaits/max(waits, 1), 0.5), 1)
}

// tellFound makes a sample of a wait that began before the thread was wanted: what for, the kernel says, but not where.
func (w *waits) tellFound(found *foundThread, now int64) {
	if now <= found.told {
		return
	}
	if found.sample.Frames == nil {
		class := classOf(readWaitChannel(found.sample.PID, uint32(found.sample.TID)))
		found.sample.Outcome = LeafOnly
		found.sample.Frames = []*Frame{
			w.ledger.leaf(Frame{Language: wire.Kernel, Function: "[" + string(class) + "]"}),
			w.ledger.leaf(Frame{Language: wire.Kernel, Function: beganBefore}),
		}
	}
	sample := found.sample
	sample.KTime, sample.Value = now, now-found.told
	found.told = now
	w.ledger.samples = append(w.ledger.samples, sample)
}

// beganBefore stands for the stack of a wait that began before the recording.
const beganBefore = "[waiting since before the recording]"

func threadsOf(pid int32) []uint32 {
	folder, err := os.Open(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return nil
	}
	defer folder.Close()
	names, _ := folder.Readdirnames(-1)
	var tids []uint32
	for _, name := range names {
		if tid, err := strconv.ParseUint(name, 10, 32); err == nil {
			tids = append(tids, uint32(tid))
		}
	}
	return tids
}

func threadIs(pid int32, tid uint32) bool {
	_, err := os.Stat(fmt.Sprintf("/proc/%d/task/%d", pid, tid))
	return err == nil
}

func readComm(pid int32, tid uint32) string {
	return strings.ToValidUTF8(readTask(pid, tid, "comm"), "�")
}

func readWaitChannel(pid int32, tid uint32) string { return readTask(pid, tid, "wchan") }

func readTask(pid int32, tid uint32, name string) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/%s", pid, tid, name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
