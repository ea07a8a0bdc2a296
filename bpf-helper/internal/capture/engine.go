// Package capture takes samples: it loads the engine that unwinds stacks and the gate in front of it, and turns what
// they say into samples of our own. It is the only package that knows the engine, whose interfaces change weekly, and
// the only one that needs privilege.
package capture

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"flameline.dev/helper/internal/mapped"
	"github.com/cilium/ebpf"
	"go.opentelemetry.io/ebpf-profiler/interpreter/interpreterconfig"
	"go.opentelemetry.io/ebpf-profiler/libpf"
	enginelog "go.opentelemetry.io/ebpf-profiler/log"
	"go.opentelemetry.io/ebpf-profiler/process"
	"go.opentelemetry.io/ebpf-profiler/rlimit"
	"go.opentelemetry.io/ebpf-profiler/times"
	"go.opentelemetry.io/ebpf-profiler/tracer"
	"golang.org/x/sys/unix"
)

const (
	// pollInterval is how often ticks and traces are read. What a process that is gone was interpreting can't be read any more, so a
	// short one must be looked at soon.
	pollInterval = 50 * time.Millisecond
	// After so many polls without a new process, and without the clock being set, they come less often; after as many
	// without a sample they nearly stop.
	pollsBeforeRest = 40
	calmInterval    = 200 * time.Millisecond
	restInterval    = 250 * time.Millisecond
	// tracesPerPoll bounds the work between two looks at the ring of ticks.
	tracesPerPoll = 4096
	// traceRoom sizes the ring of traces: so many of the longest (25 KB) fit for each processor. Most have a tenth of that,
	// and the ring is emptied 20 times a second, or 5 times where in that time nine tenths of them still fit.
	traceRoom    = 40
	tracesOfCalm = traceRoom * 9 / 10
	// waitsOfCalm is so many of the waits told in a poll that the next must not come later; four times as many fit in their ring.
	waitsOfCalm = 2048
	// frameCacheSize is how many different places in code the engine remembers the functions of; 100 bytes each, at once.
	frameCacheSize = 16384
	// afterMapping is how long a process that begins to map libraries gets before the engine reads its mappings.
	afterMapping = 700 * time.Microsecond
)

// Sink receives what the engine sees. Its methods are called from one goroutine each and must not call back.
type Sink interface {
	// Samples come a few times a second, not in order of time. The slice is only lent.
	Samples([]Sample)
	// Lifecycle events come as they happen.
	Lifecycle(Lifecycle)
	// Calls come twice a second where anything was counted. The slice is only lent.
	Calls([]CallTotal)
	// Waits are counted after their samples.
	Waits([]WaitCount)
}

// Engine is the loaded engine. One per helper.
type Engine struct {
	log        *slog.Logger
	sink       Sink
	tracer     *tracer.Tracer
	gate       *gate
	gateLock   sync.Mutex // guards gate.want and the attachment
	stats      io.Closer  // keeps the kernel's BPF run time statistics on; nil where refused
	frames     *frameTable
	modules    *moduleTable
	matcher    matcher
	drained    int64 // when the ticks were read last, by the goroutine that polls
	sync       *synchronizer
	known      *knownCode // nil where the kernel can't tell mappings
	jit        *jitCode
	heirs      heirs
	stale      staleCode // of the goroutine that polls
	cancel     context.CancelFunc
	done       <-chan struct{} // closed by cancel
	workers    sync.WaitGroup
	polling    sync.WaitGroup // of those that look into rings, which must be open
	rate       int
	processors int  // online when it was loaded
	attached   bool // processes are followed
	waits      *waits
	calls      *calls
	memory     *memory
	allocated  *allocations
	// following says that a process event is being handed over.
	following atomic.Bool
	followed  atomic.Int64       // the moment up to which they have been
	waiting   uint64             // the recordings that want waits
	settle    chan chan struct{} // see SettleWaits
	awake     chan struct{}      // see stayAwake
	// readingShare is the pace of reading, the bits of a float64; unread are the processes that wait for it.
	readingShare atomic.Uint64
	unread       atomic.Pointer[[]uint32]

	mapLock   sync.Mutex // guards what follows
	mapBytes  int64
	mapSummed time.Time
}

// Load loads everything into the kernel; seconds, most of them the verifier's. Nothing is sampled before Listen.
func Load(sink Sink, log *slog.Logger) (*Engine, error) {
	if err := preconditions(); err != nil {
		return nil, err
	}
	enginelog.SetLogger(*slog.New(engineLog{log.With("component", "engine").Handler()}))
	ctx, cancel := context.WithCancel(context.Background())
	e := &Engine{log: log, sink: sink, cancel: cancel, done: ctx.Done(), modules: newModuleTable(), awake: make(chan struct{}, 1), settle: make(chan chan struct{})}
	e.frames = newFrameTable(e.modules)
	// Someone waits for this, and nearly all of it is the verifier's work in this thread.
	relax := hurry(loadNice)
	err := e.load(ctx)
	relax()
	if err != nil {
		e.Close()
		return nil, err
	}
	// What loading needed (the kernel's types, the verifier's logs) is not needed again.
	debug.FreeOSMemory()
	return e, nil
}

func (e *Engine) load(ctx context.Context) error {
	process.OpenFile = mapped.OpenRegular
	interpreters := interpreterconfig.AllInterpreters()
	// Go frames then arrive as addresses, which the symbolizer expands with their inlined calls; the labels of goroutines stay.
	interpreters.Go.Symbolization.Disabled = true
	intervals := times.New(time.Second, 5*time.Second, time.Minute)
	times.StartRealtimeSync(ctx, 0)
	var err error
	e.tracer, err = tracer.NewTracer(ctx, &tracer.Config{
		TraceReporter:          reporter{},
		ExecutableReporter:     e.modules,
		Intervals:              intervals,
		InterpretersConfig:     interpreters,
		FilterIdleFrames:       true,
		SamplesPerSecond:       traceRoom,
		FrameCacheSize:         frameCacheSize,
		KernelVersionCheck:     true,
		ProbabilisticInterval:  time.Minute,
		ProbabilisticThreshold: tracer.ProbabilisticThresholdMax,
		IncludeEnvVars:         libpf.Set[string]{},
	})
	if err != nil {
		return fmt.Errorf("load the engine: %w", err)
	}
	processors, err := onlineProcessors()
	if err != nil {
		return err
	}
	e.processors = len(processors)
	// Kernels before 5.11 count our maps as locked memory; the engine does the same for its own.
	restoreLimit, err := rlimit.MaximizeMemlock()
	if err != nil {
		return fmt.Errorf("raise the limit of locked memory: %w", err)
	}
	defer restoreLimit()
	if e.gate, err = loadGate(e.unwinder(), e.tracer.Maps()[pagesMap], len(processors)); err != nil {
		return err
	}
	e.waits = newWaits(&e.gate.waits, e.frames)
	e.calls = newCalls(e.frames)
	e.memory = newMemory(&e.gate.memory)
	e.allocated = newAllocations(e.frames)
	e.matcher = newMatcher(e.leaf)
	if !e.gate.tells() {
		e.log.Info("this kernel can't walk mappings (Linux 6.7 can): processes of a few milliseconds have incomplete stacks")
	} else {
		e.known = newKnownCode(e.tracer, e.gate)
	}
	e.jit = newJITCode(e.tracer, e.modules)
	e.sync = newSynchronizer(e)
	reader, err := e.tracer.NewTraceReader()
	if err != nil {
		return err
	}
	if err := e.tracer.StartMonitorsWithoutTraces(ctx); err != nil {
		_ = reader.Close()
		return fmt.Errorf("start the engine's monitors: %w", err)
	}
	if stats, err := ebpf.EnableStats(uint32(unix.BPF_STATS_RUN_TIME)); err == nil {
		e.stats = stats
	}
	e.start(func() {
		defer hurry(syncNice)() // a late look at a short process is none at all
		e.sync.run(ctx)
	})
	e.polling.Go(func() { e.poll(ctx, reader) })
	e.start(func() {
		defer hurry(syncNice)()
		e.follow()
	})
	return nil
}

func (e *Engine) unwinder() unwinderPrograms {
	last, index := e.tracer.LastProgram()
	return unwinderPrograms{first: e.tracer.EntryProgram(), last: last, programs: e.tracer.Maps()["perf_progs"], lastIndex: index}
}

func (e *Engine) start(work func()) {
	e.workers.Add(1)
	go func() {
		defer e.workers.Done()
		work()
	}()
}

// Close detaches and unloads everything.
func (e *Engine) Close() {
	e.cancel()
	e.polling.Wait()
	if e.calls != nil {
		e.calls.close()
	}
	if e.allocated != nil {
		e.allocated.close()
	}
	if e.gate != nil {
		e.gate.close()
	}
	e.workers.Wait()
	if e.stats != nil {
		_ = e.stats.Close()
	}
	if e.tracer != nil {
		e.tracer.Close()
	}
	e.modules.close()
}

// LoadedFor says whether LoadFor will be quick.
func (e *Engine) LoadedFor(wants Wants) bool {
	return (wants.Calls() == 0 || e.calls.isLoaded()) && (wants.Allocations() == 0 || e.allocated.isLoaded())
}

// LoadFor loads what some events need and others don't; it stays loaded.
func (e *Engine) LoadFor(wants Wants) error {
	if wants.Allocations() != 0 {
		if err := e.allocated.load(e.tracer); err != nil {
			return err
		}
	}
	if wants.Calls() == 0 {
		return nil
	}
	return e.calls.load(e.tracer)
}

// Listen sets the ticks a second on every processor, 0 for none, and the recordings that want each event. Without any nothing
// stays attached. What the events need has to be loaded.
func (e *Engine) Listen(hz int, wants Wants) error {
	e.gateLock.Lock()
	defer e.gateLock.Unlock()
	e.stayAwake()
	if wants[CPU] == 0 {
		hz = 0
	}
	for event, recordings := range wants {
		if err := e.gate.setListening(Event(event), recordings); err != nil {
			return err
		}
	}
	if err := e.gate.setListening(Alloc, wants.Allocations()); err != nil {
		return err
	}
	if wants.Allocations() == 0 {
		e.allocated.end()
	}
	e.waiting = wants[Wait]
	if wants[Wait] == 0 {
		e.gate.waits.detach()
	}
	if wants[Memory] == 0 {
		e.gate.memory.detach()
	}
	if wants.Calls() == 0 {
		e.calls.detach()
	}
	if !wants.any() {
		e.gate.detach()
		e.rate, e.attached = 0, false
		return nil
	}
	processors, err := onlineProcessors()
	if err != nil {
		return err
	}
	switch {
	case e.attached && hz != e.rate:
		if err := e.gate.setClock(hz, processors); err != nil {
			return err
		}
		e.rate = hz
	case !e.attached:
		if err := e.gate.attach(hz, processors); err != nil {
			e.rate = 0
			return err
		}
		e.rate, e.attached = hz, true
	}
	if wants.Calls() != 0 {
		if err := e.calls.attach(e.gate.collection); err != nil {
			return err
		}
	}
	if wants.Allocations() != 0 {
		if err := e.allocated.begin(e.gate.collection); err != nil {
			return err
		}
	}
	if wants[Memory] != 0 {
		if err := e.memory.attach(processors); err != nil {
			return err
		}
	}
	if wants[Wait] != 0 {
		return e.waits.attach(processors)
	}
	return nil
}

// stayAwake has the rings read often for a while.
func (e *Engine) stayAwake() {
	select {
	case e.awake <- struct{}{}:
	default:
	}
}

// ProbeAllocations follows a process's calls of an allocator in a file that it has mapped, or will map, given the functions' offsets
// in the file. A recording has to have a box open.
func (e *Engine) ProbeAllocations(pid int32, file *os.File, functions map[string]uint64) error {
	return e.allocated.probe(pid, file, functions)
}

// UnprobeAllocations takes a process's probes away; it may take some milliseconds.
func (e *Engine) UnprobeAllocations(pid int32) { e.allocated.unprobe(pid) }

// AwaitUnprobed waits until the probes are gone that nobody needs any more.
func (e *Engine) AwaitUnprobed() { e.allocated.removing.Wait() }

// AllocationCalls says what probes of allocators have seen and taken.
func (e *Engine) AllocationCalls() AllocationCalls { return e.allocated.account() }

// Want sets the recordings (one bit each) that want a process; 0 removes it.
func (e *Engine) Want(pid int32, recordings uint64) error {
	e.gateLock.Lock()
	err := e.gate.want(uint32(pid), recordings)
	if recordings&e.waiting == 0 && e.gate.waits.attached() {
		e.waits.end(pid)
	}
	e.gateLock.Unlock()
	return err
}

// FollowWaits follows the waits of a process's threads, those included that have begun, as far as a recording wants them.
func (e *Engine) FollowWaits(pid int32, startNs uint64, uid uint32, recordings uint64) {
	e.gateLock.Lock()
	defer e.gateLock.Unlock()
	if recordings &= e.waiting; recordings != 0 {
		e.waits.begin(Sample{PID: pid, StartNs: startNs, UID: uid, Recordings: recordings})
	}
}

// SettleWaits makes samples of all waits as far as they have come, and tells what calls have been counted. Not to be called while holding what Samples needs.
func (e *Engine) SettleWaits() {
	done := make(chan struct{})
	select {
	case e.settle <- done:
		<-done
	case <-e.done:
	}
}

// Prepare reads a process's mappings once nothing more urgent is left to read, so that its next samples have whole stacks.
func (e *Engine) Prepare(pid int32) { e.sync.prepare(uint32(pid)) }

// PrepareNew does so for a process that has just begun, before all that have run for long: it may be gone soon.
func (e *Engine) PrepareNew(pid int32) {
	e.noteProgram(pid)
	e.sync.request(uint32(pid), 0)
}

// SetInheriting sets the recordings that also want the children of the processes they want.
func (e *Engine) SetInheriting(recordings uint64) error { return e.gate.setInheriting(recordings) }

// Counters say what the kernel had no room for, since the engine was loaded.
type Counters struct {
	TicksLost uint64 // samples
	WaitsLost uint64 // waits that were long or had their stack taken
	// ThreadsRefused are switches of threads whose waits could not be followed.
	ThreadsRefused uint64
	// CallsUncounted are calls that could not be followed: of a 32-bit program, or without room.
	CallsUncounted uint64
	// EventsLost are forks, execs and exits; ProcessesRefused are children that could not be wanted.
	EventsLost, ProcessesRefused uint64
	// MappingsUntold is how often a new process's mappings could not be told to the unwinder, so that a stack may be incomplete: the
	// time for it was spent, there was no room, or the process was just changing them.
	MappingsUntold, MappingsLocked uint64
}

// Counters reads the counters.
func (e *Engine) Counters() Counters {
	return Counters{
		TicksLost: e.gate.counter(counterTicksLost), EventsLost: e.gate.counter(counterLifecycleLost),
		ProcessesRefused: e.gate.counter(counterWantedFull), WaitsLost: e.gate.counter(counterWaitsLost),
		ThreadsRefused: e.gate.counter(counterThreadsFull),
		CallsUncounted: e.gate.counter(counterCallsUncounted),
		MappingsUntold: e.gate.counter(counterUntoldBudget) + e.gate.counter(counterUntoldRoom),
		MappingsLocked: e.gate.counter(counterUntoldLocked),
	}
}
