package processmanager

// This file is added to the engine's package by build.sh. What an interpreter keeps in its memory may be forged by the program
// that runs in it: lists without an end, lengths without measure. Reading it must cost that program's stacks, not the helper.

import (
	"errors"
	"io"
	"sync/atomic"

	"go.opentelemetry.io/ebpf-profiler/internal/log"
	"go.opentelemetry.io/ebpf-profiler/interpreter"
	"go.opentelemetry.io/ebpf-profiler/libc"
	"go.opentelemetry.io/ebpf-profiler/libpf"
	"go.opentelemetry.io/ebpf-profiler/metrics"
	"go.opentelemetry.io/ebpf-profiler/process"
	"go.opentelemetry.io/ebpf-profiler/remotememory"
	"go.opentelemetry.io/ebpf-profiler/reporter"
)

const (
	// MaxReads is how often one question to an interpreter may read its process's memory, and MaxReadBytes how much. The Java
	// VM's tables take 6,300 reads of 2.4 MB when it is first seen; a frame takes tens.
	MaxReads     = 100_000
	MaxReadBytes = 64 << 20
	// maxFaults is how often an interpreter's memory may be nonsense before it is not asked again.
	maxFaults = 100
)

var (
	errTooMuch = errors.New("too much of the process's memory was asked for")
	errForged  = errors.New("the interpreter's memory makes no sense")
)

// boundedMemory is a process's memory of which one question may read so much and no more.
type boundedMemory struct {
	io.ReaderAt
	reads, bytes atomic.Int64
}

func (m *boundedMemory) ReadAt(p []byte, at int64) (int, error) {
	if m.reads.Add(-1) < 0 || m.bytes.Add(-int64(len(p))) < 0 {
		// Not an error, which loops take for a zero and go on: it ends in `guarded`.
		panic(errTooMuch)
	}
	return m.ReaderAt.ReadAt(p, at)
}

func (m *boundedMemory) renew() {
	m.reads.Store(MaxReads)
	m.bytes.Store(MaxReadBytes)
}

// SurvivingAttach looks at an interpreter for the first time. What it gives survives whatever is in the interpreter's memory.
func SurvivingAttach(
	data interpreter.Data, ebpf interpreter.EbpfHandler, pid libpf.PID, bias libpf.Address, memory remotememory.RemoteMemory,
) (interpreter.Instance, error) {
	g := &guarded{pid: pid, memory: &boundedMemory{ReaderAt: memory.ReaderAt}}
	memory.ReaderAt = g.memory
	err := g.ask(func() (err error) {
		g.inner, err = data.Attach(ebpf, pid, bias, memory)
		return err
	})
	if err != nil {
		return nil, err
	}
	return g, nil
}

// guarded is an interpreter that is asked with care.
type guarded struct {
	inner  interpreter.Instance
	memory *boundedMemory
	pid    libpf.PID
	faults atomic.Int32
}

var _ interpreter.Instance = (*guarded)(nil)

func (g *guarded) ask(question func() error) error {
	if g.faults.Load() >= maxFaults {
		return errForged
	}
	g.memory.renew()
	return g.whatever(question)
}

// whatever asks also where the interpreter has been nonsense before: to be rid of it.
func (g *guarded) whatever(question func() error) (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = errForged
			if g.faults.Add(1) == 1 {
				log.Warnf("An interpreter's memory is damaged, and its stacks stay incomplete: PID %d: %v", g.pid, fault)
			}
		}
	}()
	return question()
}

func (g *guarded) UsesAnonymousMappings() bool { return g.inner.UsesAnonymousMappings() }

func (g *guarded) Detach(ebpf interpreter.EbpfHandler, pid libpf.PID) error {
	g.memory.renew()
	return g.whatever(func() error { return g.inner.Detach(ebpf, pid) })
}

func (g *guarded) SynchronizeMappings(
	ebpf interpreter.EbpfHandler, executables reporter.ExecutableReporter, pr process.Process, mappings []process.RawMapping,
) error {
	return g.ask(func() error { return g.inner.SynchronizeMappings(ebpf, executables, pr, mappings) })
}

func (g *guarded) UpdateLibcInfo(ebpf interpreter.EbpfHandler, pid libpf.PID, info libc.LibcInfo) error {
	return g.ask(func() error { return g.inner.UpdateLibcInfo(ebpf, pid, info) })
}

func (g *guarded) Symbolize(frame libpf.EbpfFrame, frames *libpf.Frames, mapping libpf.FrameMapping) error {
	before := len(*frames)
	err := g.ask(func() error { return g.inner.Symbolize(frame, frames, mapping) })
	if errors.Is(err, errForged) {
		*frames = (*frames)[:before]
	}
	return err
}

func (g *guarded) GetAndResetMetrics() (found []metrics.Metric, err error) {
	err = g.whatever(func() (err error) {
		found, err = g.inner.GetAndResetMetrics()
		return err
	})
	return found, err
}

func (g *guarded) ReleaseResources() error {
	return g.whatever(g.inner.ReleaseResources)
}

// Interprets says whether a process is known to run an interpreter.
func (pm *ProcessManager) Interprets(pid libpf.PID) bool {
	pm.mu.RLock()
	defer pm.mu.RUnlock()
	return len(pm.interpreters[pid]) > 0
}
