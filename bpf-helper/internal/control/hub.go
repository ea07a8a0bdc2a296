package control

import (
	"fmt"
	"log/slog"
	"math/bits"
	"os"
	"sync"
	"time"

	"flameline.dev/helper/internal/capture"
	"flameline.dev/helper/internal/recording"
	"flameline.dev/helper/internal/symbolize"
	"flameline.dev/helper/internal/target"
	"flameline.dev/helper/internal/wire"
	"golang.org/x/sys/unix"
)

const (
	// batchInterval makes five batches a second.
	batchInterval = 200 * time.Millisecond
	// settle is how long samples taken before a recording's end may take to arrive: two polls of the engine and a bit.
	settle = 150 * time.Millisecond
	// rescanInterval finds processes that changed into a workspace folder, and mends what lost events left behind.
	rescanInterval = 5 * time.Second
	// measureInterval is how old the account in a batch may be: asking costs about as much as a sample.
	measureInterval = time.Second
	// maxRecordings is the number of bits in the kernel's set.
	maxRecordings = 64
)

var procFolder = target.Proc{Folder: "/proc"}

// hub owns the engine and all recordings of all clients.
type hub struct {
	log   *slog.Logger
	table *target.Table

	loading sync.Mutex // held while the engine loads
	lock    sync.Mutex // guards what follows
	engine  *capture.Engine
	live    [maxRecordings]*live
	wanted  map[int32]wanted // as in the kernel's set
	rate    int
	symbols *symbols
	lost    uint64
	next    int

	measured   cost // as of measuredAt
	measuredAt time.Time
	memory     int64 // as of memoryAt
	memoryAt   time.Time
}

// wanted is one process of the kernel's set.
type wanted struct {
	recordings uint64
	startNs    uint64
}

// live is a recording that runs.
type live struct {
	hub       *hub
	slot      int
	peer      peer
	selection *target.Selection
	recording *recording.Recording
	send      func(any)
	startCost cost
	finish    func(reason string) // ends the recording from outside; may be called more than once
	seen      bool                // a wanted process was found
	ending    bool
}

func (l *live) end(reason string) { l.hub.end(l, reason) }

func (l *live) bit() uint64 { return 1 << l.slot }

func newHub(log *slog.Logger) *hub {
	begin := func(p peer) (symbolize.Symbolizer, error) { return startParser(p, log) }
	return &hub{log: log, table: target.NewTable(procFolder), wanted: map[int32]wanted{}, symbols: newSymbols(log, begin)}
}

// refusal is an error that a client is told of.
type refusal struct {
	code   wire.ErrorCode
	detail string
}

func (r refusal) Error() string { return r.detail }

func refuse(code wire.ErrorCode, format string, values ...any) error {
	return refusal{code, fmt.Sprintf(format, values...)}
}

// load loads the engine the first time.
func (h *hub) load() error {
	h.loading.Lock()
	defer h.loading.Unlock()
	h.lock.Lock()
	engine := h.engine
	h.lock.Unlock()
	if engine != nil {
		return nil
	}
	began := time.Now()
	engine, err := capture.Load(h, h.log)
	if err != nil {
		return explainLoad(err)
	}
	h.log.Info("engine loaded", "ms", time.Since(began).Milliseconds())
	h.lock.Lock()
	h.engine = engine
	h.lock.Unlock()
	go h.tick(engine)
	return nil
}

func explainLoad(err error) error {
	switch {
	case capture.Unprivileged(err):
		return refuse(wire.NoPrivilege, "%v", err)
	case capture.Unsupported(err):
		return refuse(wire.KernelUnsupported, "%v", err)
	default:
		return refuse(wire.EngineFailed, "%v", err)
	}
}

// loaded says whether a start will be quick.
func (h *hub) loaded() bool {
	h.lock.Lock()
	defer h.lock.Unlock()
	return h.engine != nil
}

// start begins a recording. `started` is called when sampling is on, before the first batch.
func (h *hub) start(request wire.StartRequest, p peer, send func(any), finish func(string)) (running, error) {
	selection, err := h.choose(request.Target, p)
	if err != nil {
		return nil, err
	}
	h.lock.Lock()
	defer h.lock.Unlock()
	slot := h.freeSlot()
	if slot < 0 {
		return nil, refuse(wire.TooManyRecordings, "%d recordings are running", maxRecordings)
	}
	now := monotonic()
	h.measured, h.measuredAt = h.measure(), time.Now()
	l := &live{
		hub: h, slot: slot, peer: p, selection: selection, send: send, finish: finish, startCost: h.measured,
		recording: recording.New(request.Recording, request.Hz, now, boottime()),
	}
	h.live[slot] = l
	if err := h.applyRates(); err != nil {
		h.live[slot] = nil
		_ = h.applyRates()
		return nil, explainLoad(err)
	}
	if err := h.rescan(); err != nil {
		h.log.Warn("the first scan of processes failed", "err", err)
	}
	send(wire.Started{
		Type: wire.TypeStarted, Recording: request.Recording, StartUnixNs: fmt.Sprint(time.Now().UnixNano() - (monotonic() - now)),
		Hz: request.Hz, Events: []wire.EventName{wire.EventCPU},
	})
	return l, nil
}

func (h *hub) freeSlot() int {
	for i := range maxRecordings {
		slot := (h.next + i) % maxRecordings
		if h.live[slot] == nil {
			h.next = (slot + 1) % maxRecordings
			return slot
		}
	}
	return -1
}

// choose prepares the selection of a target and checks that the peer may record it.
func (h *hub) choose(t wire.Target, p peer) (*target.Selection, error) {
	own := target.Own{Helper: int32(os.Getpid()), Client: p.pid}
	if t.Kind != wire.TargetProcess {
		return target.NewSelection(t, own, 0), nil
	}
	process, err := procFolder.Read(t.PID)
	// A process that the peer may not see is treated like one that isn't there.
	if err != nil || !target.Visible(p.uid, process.UID) {
		return nil, refuse(wire.NoSuchProcess, "there is no process %d that you may record", t.PID)
	}
	return target.NewSelection(t, own, process.StartNs), nil
}

// applyRates lets the clock tick as fast as the fastest recording asks, and tells the kernel who follows children.
func (h *hub) applyRates() error {
	rate, inheriting := 0, uint64(0)
	for _, l := range h.live {
		if l == nil || l.ending {
			continue
		}
		rate = max(rate, l.recording.Hz)
		if l.selection.FollowsChildren() {
			inheriting |= l.bit()
		}
	}
	if err := h.engine.SetInheriting(inheriting); err != nil {
		return err
	}
	if err := h.engine.SetRate(rate); err != nil {
		return err
	}
	h.rate = rate
	return nil
}

// end takes a recording out of the kernel at once and, after its last samples have come, sends its last batch.
func (h *hub) end(l *live, reason string) {
	h.lock.Lock()
	if l.ending {
		h.lock.Unlock()
		return
	}
	l.ending = true
	for pid, entry := range h.wanted {
		if entry.recordings&l.bit() != 0 {
			h.want(pid, entry.startNs, entry.recordings&^l.bit())
		}
	}
	stopped := monotonic()
	if err := h.applyRates(); err != nil {
		h.log.Error("changing the rate failed", "err", err)
	}
	h.lock.Unlock()
	time.Sleep(settle)
	h.symbols.flush(l.recording)
	h.lock.Lock()
	h.sendBatches(l)
	h.live[l.slot] = nil
	h.lock.Unlock()
	l.send(l.recording.Stopped(reason, stopped))
}

// want sets the recordings that want a process, here and in the kernel.
func (h *hub) want(pid int32, startNs, recordings uint64) {
	if h.wanted[pid].recordings != recordings {
		if err := h.engine.Want(pid, recordings); err != nil {
			h.log.Warn("the kernel's set of processes could not be changed", "err", err)
		}
	}
	if recordings == 0 {
		delete(h.wanted, pid)
	} else {
		h.wanted[pid] = wanted{recordings, startNs}
	}
}

// judge decides anew which recordings want a process. A recording that has wanted it, or from whose process it was
// forked, goes on wanting it for as long as it may.
func (h *hub) judge(p *target.Process) {
	before := uint64(0)
	if entry := h.wanted[p.PID]; target.SameStart(entry.startNs, p.StartNs) {
		before = entry.recordings
	}
	recordings := uint64(0)
	var ancestors []*target.Process
	for _, l := range h.live {
		if l == nil || l.ending || l.selection.Excludes(p) || !target.Visible(l.peer.uid, p.UID) {
			continue
		}
		if before&l.bit() == 0 {
			if ancestors == nil {
				ancestors = h.table.Ancestors(p)
			}
			if !l.selection.Wants(p, ancestors) {
				continue
			}
		}
		recordings |= l.bit()
		l.seen = true
	}
	h.want(p.PID, p.StartNs, recordings)
	if recordings&^before != 0 {
		h.engine.Prepare(p.PID)
	}
}

// rescan judges all processes there are.
func (h *hub) rescan() error {
	processes, err := h.table.Scan(func(p *target.Process) bool {
		_, isWanted := h.wanted[p.PID]
		return !isWanted && !p.Kernel
	})
	if err != nil {
		return err
	}
	present := make(map[int32]bool, len(processes))
	for _, p := range processes {
		present[p.PID] = true
		h.judge(p)
	}
	for pid, entry := range h.wanted {
		if !present[pid] {
			h.want(pid, entry.startNs, 0)
		}
	}
	h.checkExited()
	return nil
}

// Samples is called by the engine.
func (h *hub) Samples(samples []capture.Sample) {
	h.lock.Lock()
	defer h.lock.Unlock()
	for i := range samples {
		sample := &samples[i]
		process := h.table.Get(sample.PID, sample.StartNs, func() *target.Process {
			return &target.Process{
				PID: sample.PID, Name: sample.Thread, UID: sample.UID, StartNs: sample.StartNs, Root: "/",
			}
		})
		for rest := sample.Recordings; rest != 0; rest &= rest - 1 {
			l := h.live[bits.TrailingZeros64(rest)]
			if l == nil || !target.Visible(l.peer.uid, sample.UID) || !target.Visible(l.peer.uid, process.UID) {
				continue
			}
			unresolved := l.recording.Add(sample, process, h.rate)
			h.symbols.resolve(l.recording, l.peer, origin{sample.PID, sample.StartNs}, unresolved)
		}
	}
}

// Lifecycle is called by the engine.
func (h *hub) Lifecycle(event capture.Lifecycle) {
	h.lock.Lock()
	defer h.lock.Unlock()
	switch event.Kind {
	case capture.Forked:
		h.wanted[event.PID] = wanted{event.Wanted, event.StartNs}
		h.judge(h.table.Forked(event.PID, event.Parent, event.UID, event.StartNs))
	case capture.Executed:
		if event.Wanted == 0 && !h.concerns(event.UID) {
			return
		}
		if event.Wanted != 0 {
			h.wanted[event.PID] = wanted{event.Wanted, event.StartNs}
		}
		h.judge(h.table.Executed(event.PID, event.Parent, event.UID, event.StartNs, event.Filename, event.Command))
	case capture.Exited:
		h.table.Exited(event.PID)
		h.want(event.PID, event.StartNs, 0)
		h.checkExited()
	}
}

// concerns says whether any recording may be about a user's processes. An exec of a setuid program concerns those that
// had the process before, as they lose it.
func (h *hub) concerns(uid uint32) bool {
	for _, l := range h.live {
		if l != nil && !l.ending && (uid == capture.MixedUID || target.Visible(l.peer.uid, uid)) {
			return true
		}
	}
	return false
}

// checkExited ends the recordings of a process that has gone with all that it left behind.
func (h *hub) checkExited() {
	wanting := uint64(0)
	for _, entry := range h.wanted {
		wanting |= entry.recordings
	}
	for _, l := range h.live {
		if l != nil && !l.ending && l.seen && l.selection.EndsWithProcess() && wanting&l.bit() == 0 {
			go l.finish(wire.StopTargetExited)
		}
	}
}

// tick sends batches and rescans until the process ends.
func (h *hub) tick(engine *capture.Engine) {
	rescan := time.NewTicker(rescanInterval)
	batch := time.NewTicker(batchInterval)
	for {
		select {
		case <-rescan.C:
			h.lock.Lock()
			if h.rate != 0 {
				if err := h.rescan(); err != nil {
					h.log.Warn("scanning processes failed", "err", err)
				}
			}
			h.lock.Unlock()
		case <-batch.C:
			h.lock.Lock()
			h.countLost(engine)
			for _, l := range h.live {
				if l != nil && !l.ending {
					h.sendBatches(l)
				}
			}
			h.lock.Unlock()
		}
	}
}

func (h *hub) countLost(engine *capture.Engine) {
	lost := engine.Lost()
	if lost > h.lost {
		for _, l := range h.live {
			if l != nil {
				// Whose they were is not known, so each recording counts them all.
				l.recording.Lose(int64(lost - h.lost))
			}
		}
	}
	h.lost = lost
}

func (h *hub) sendBatches(l *live) {
	if l.ending || time.Since(h.measuredAt) > measureInterval {
		h.measured, h.measuredAt = h.measure(), time.Now()
	}
	for _, batch := range l.recording.Take(monotonic(), h.measured.since(l.startCost)) {
		l.send(batch)
	}
}

// close ends everything.
func (h *hub) close() {
	h.lock.Lock()
	engine := h.engine
	h.lock.Unlock()
	if engine != nil {
		engine.Close() // waits for its calls of ours, so not under the lock
	}
	h.symbols.close()
}

func monotonic() int64 { return clock(unix.CLOCK_MONOTONIC) }

func boottime() int64 { return clock(unix.CLOCK_BOOTTIME) }

func clock(id int32) int64 {
	var now unix.Timespec
	if unix.ClockGettime(id, &now) != nil {
		return 0
	}
	return now.Nano()
}
