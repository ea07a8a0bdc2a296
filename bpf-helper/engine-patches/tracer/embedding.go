package tracer

// This file is added to the engine's package by build.sh. It gives an embedding program what the engine keeps to its
// own start sequence: entry programs of its own without the kprobe chain (which doubles the load time), traces read
// synchronously (so that they can be matched with records of a gate program), and synchronisation of single processes.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	cebpf "github.com/cilium/ebpf"
	"github.com/cilium/ebpf/perf"
	"github.com/cilium/ebpf/ringbuf"

	"go.opentelemetry.io/ebpf-profiler/internal/log"
	"go.opentelemetry.io/ebpf-profiler/libpf"
	"go.opentelemetry.io/ebpf-profiler/libpf/pfelf"
	"go.opentelemetry.io/ebpf-profiler/metrics"
	"go.opentelemetry.io/ebpf-profiler/periodiccaller"
	"go.opentelemetry.io/ebpf-profiler/process"
	"go.opentelemetry.io/ebpf-profiler/processmanager"
	"go.opentelemetry.io/ebpf-profiler/support"
	"go.opentelemetry.io/ebpf-profiler/times"
)

// EntryProgram is the program that unwinds the current task's stack, to be reached by a tail call from a program of
// the perf_event type.
func (t *Tracer) EntryProgram() *cebpf.Program { return t.ebpfProgs["native_tracer_entry"] }

// LastProgram is the program that ends each unwinding, and its index in the map perf_progs.
func (t *Tracer) LastProgram() (*cebpf.Program, uint32) {
	return t.ebpfProgs["perf_unwind_stop"], uint32(support.ProgUnwindStop)
}

// Maps are the engine's maps by name. They stay the engine's.
func (t *Tracer) Maps() map[string]*cebpf.Map { return t.ebpfMaps }

// Synchronize reads the process's mappings now, or forgets the process if it is gone.
func (t *Tracer) Synchronize(pid, tid uint32) {
	t.processManager.SynchronizeProcess(process.New(libpf.PID(pid), libpf.PID(tid)))
}

// CodeMappings are the executable mappings of a process as of its last synchronization, and whether the process is known
// and not gone. To be called where Synchronize is.
func (t *Tracer) CodeMappings(pid uint32) ([]processmanager.CodeMapping, bool) {
	return t.processManager.CodeMappings(libpf.PID(pid))
}

// TakeRead gives the mappings that were read of any process since the last call.
func (t *Tracer) TakeRead() []processmanager.CodeMapping { return t.processManager.TakeRead() }

// ReadFile reads the unwind tables of a file that may be mapped nowhere, and gives its executable parts.
func (t *Tracer) ReadFile(path string, open func() (*pfelf.File, error), described libpf.FrameMappingFileData) ([]processmanager.CodeMapping, error) {
	return t.processManager.ReadFile(path, open, described)
}

// Knows says whether anything is kept of a process.
func (t *Tracer) Knows(pid uint32) bool { return t.processManager.Knows(libpf.PID(pid)) }

// Interprets says whether a process is known to run an interpreter, whose children run it, too.
func (t *Tracer) Interprets(pid uint32) bool { return t.processManager.Interprets(libpf.PID(pid)) }

// Hold keeps what is known of a mapped file until Release, though no process may have it mapped.
func (t *Tracer) Hold(frame libpf.FrameMapping) error { return t.processManager.Hold(frame) }

// Release undoes Hold.
func (t *Tracer) Release(frame libpf.FrameMapping) error { return t.processManager.Release(frame) }

// TakeAnonymous gives the code without a file that the latest Synchronize of the process met.
func (t *Tracer) TakeAnonymous(pid uint32) (code []processmanager.CodeRange, isDump bool) {
	return t.processManager.TakeAnonymous(libpf.PID(pid))
}

// ServeAnonymous makes unwinding of such code possible. To be called once.
func (t *Tracer) ServeAnonymous() error { return t.processManager.ServeAnonymous() }

// CleanupProcesses forgets processes that are gone.
func (t *Tracer) CleanupProcesses() { t.processManager.CleanupPIDs() }

// ProcessRequests is signalled when a process that the engine does not know yet, or an unknown mapping, was met.
func (t *Tracer) ProcessRequests() <-chan libpf.PIDTID { return t.pidEvents }

// StartMonitorsWithoutTraces is StartMapMonitors except for the reading of traces.
func (t *Tracer) StartMonitorsWithoutTraces(ctx context.Context) error {
	onlineCPUs, err := onlineCPUsOnce()
	if err != nil {
		return fmt.Errorf("failed to get online cpus: %w", err)
	}
	if err := t.kernelSymbolizer.StartMonitor(ctx, onlineCPUs); err != nil {
		log.Warnf("Failed to start kallsyms monitor: %v", err)
	}
	if err := t.watchEvents(ctx); err != nil {
		return err
	}
	pidEvents := make([]libpf.PIDTID, 0)
	periodiccaller.StartWithManualTrigger(ctx, t.intervals.MonitorInterval(), t.triggerPIDProcessing, func(bool) bool {
		t.enableEvent(support.EventTypeGenericPID)
		if err := t.monitorPIDEventsMap(&pidEvents); err != nil {
			log.Errorf("Failed to monitor PID events: %v", err)
			t.signalDone()
			return false
		}
		for _, pidTid := range pidEvents {
			select {
			case t.pidEvents <- pidTid:
			case <-ctx.Done():
				return false
			}
		}
		pidEvents = pidEvents[:0]
		return true
	})
	return nil
}

// watchEvents waits for what the unwinder reports without a sample. The engine's own monitor wakes up all the time to look
// whether it should end.
func (t *Tracer) watchEvents(ctx context.Context) error {
	reader, err := perf.NewReader(t.ebpfMaps["report_events"], os.Getpagesize())
	if err != nil {
		return fmt.Errorf("open the ring of the unwinder's reports: %w", err)
	}
	context.AfterFunc(ctx, func() { _ = reader.Close() })
	go func() {
		var record perf.Record
		for {
			if err := reader.ReadInto(&record); err != nil {
				if !errors.Is(err, perf.ErrClosed) {
					log.Errorf("Reports of the unwinder are read late from now on: %v", err)
				}
				return
			}
			if len(record.RawSample) > 0 {
				t.triggerReportEvent(record.RawSample)
			}
		}
	}()
	return nil
}

// TraceReader reads the traces that the kernel has written, when asked.
type TraceReader struct {
	tracer *Tracer
	reader *ringbuf.Reader
	record ringbuf.Record
}

// NewTraceReader opens the ring of traces; one reader at a time.
func (t *Tracer) NewTraceReader() (*TraceReader, error) {
	reader, err := ringbuf.NewReader(t.ebpfMaps["trace_events"])
	if err != nil {
		return nil, fmt.Errorf("open the ring of traces: %w", err)
	}
	// A deadline in the past: return at once when the ring is empty.
	reader.SetDeadline(time.Unix(1, 0))
	return &TraceReader{tracer: t, reader: reader}, nil
}

// Drain hands over every trace that is in the ring now, at most `limit`, and returns their number. A trace is only lent.
func (r *TraceReader) Drain(limit int, handle func(*libpf.EbpfTrace)) (int, error) {
	handled := 0
	for handled < limit && r.reader.AvailableBytes() > 0 { // else it asks the kernel
		if err := r.reader.ReadInto(&r.record); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			return handled, err
		}
		if len(r.record.RawSample) == 0 {
			continue
		}
		trace, err := r.tracer.loadBpfTrace(r.record.RawSample)
		if err != nil {
			return handled, err
		}
		handle(trace)
		r.tracer.tracePool.Put(trace)
		handled++
	}
	return handled, nil
}

// Frames turns frames of traces into those of source code.
func (t *Tracer) Frames() *processmanager.ProcessManager { return t.processManager }

// Processed tells the engine that all traces taken before `ktime` were handled, so that what it keeps for processes
// that exited before can go.
func (t *Tracer) Processed(ktime int64) { t.processManager.ProcessedUntil(times.KTime(ktime)) }

// Close gives the ring back.
func (r *TraceReader) Close() error { return r.reader.Close() }

// Metric reads one of the engine's counters from the kernel.
func (t *Tracer) Metric(id metrics.MetricID) uint64 {
	for ebpfID, metricID := range support.MetricsTranslation {
		if metricID != id {
			continue
		}
		key := uint32(ebpfID)
		var perCPU []uint64
		if err := t.ebpfMaps["metrics"].Lookup(key, &perCPU); err != nil {
			return 0
		}
		sum := uint64(0)
		for _, value := range perCPU {
			sum += value
		}
		return sum
	}
	return 0
}

// KernelFunction names the kernel function at an address, or "".
func (t *Tracer) KernelFunction(address uint64) string {
	resolution, ok := t.kernelSymbolizer.Snapshot().ResolveAddress(libpf.Address(address))
	if !ok {
		return ""
	}
	if resolution.BPFName != "" {
		return resolution.BPFName
	}
	if resolution.Module == nil {
		return ""
	}
	name, _, err := resolution.Module.LookupSymbolByAddress(libpf.Address(address))
	if err != nil {
		return ""
	}
	return name
}
