package capture

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cilium/ebpf"
	"go.opentelemetry.io/ebpf-profiler/libpf"
	"go.opentelemetry.io/ebpf-profiler/lpm"
	"go.opentelemetry.io/ebpf-profiler/processmanager"
	"go.opentelemetry.io/ebpf-profiler/support"
	"go.opentelemetry.io/ebpf-profiler/tracer"
	"golang.org/x/sys/unix"

	"flameline.dev/helper/internal/mapped"
)

// JIT is a process whose virtual machine writes down what code it makes: functions of frames in it are named by that.
type JIT struct {
	PID       int32
	StartTime uint64 // field 22 of /proc/PID/stat
	// IsDump says that it writes a jitdump file, which it has mapped, and else a perf map.
	IsDump bool
}

// JITPath is what stands for the file of such code, which has none.
const JITPath = "[jit]"

// maxJITProcesses bounds how many are known at a time.
const maxJITProcesses = 256

// jitCode tells the unwinder of code that has no file, in processes that are known to have such code on purpose: those that write a
// perf map or a jitdump file. Such virtual machines keep frame pointers, as perf needs them too; of others stacks end there, rather than
// going on with callers that are not true. It belongs to the goroutine of the synchronizer.
type jitCode struct {
	tracer    *tracer.Tracer
	modules   *moduleTable
	pages     *ebpf.Map
	serving   bool
	processes map[uint32]*jitProcess
}

type jitProcess struct {
	jit     JIT
	file    libpf.FrameMappingFile
	regions map[processmanager.CodeRange]uint64 // where each one's window begins
	used    uint64                              // of the file that does not exist
}

func newJITCode(t *tracer.Tracer, modules *moduleTable) *jitCode {
	return &jitCode{tracer: t, modules: modules, pages: t.Maps()[pagesMap], processes: map[uint32]*jitProcess{}}
}

// look takes over what the synchronization that has just been done met.
func (j *jitCode) look(pid uint32) error {
	code, isDump := j.tracer.TakeAnonymous(pid)
	p := j.processes[pid]
	if p == nil && len(code) == 0 {
		return nil
	}
	start, began := startOf(pid)
	if p != nil && p.jit.StartTime != start {
		j.forget(pid, p)
		p = nil
	}
	if start == 0 || len(code) == 0 {
		return nil
	}
	if p == nil {
		if len(j.processes) >= maxJITProcesses || !isDump && !writesMap(pid, start, began) {
			return nil
		}
		if p = j.add(pid, JIT{PID: int32(pid), StartTime: start, IsDump: isDump}); p == nil {
			return nil
		}
	}
	return j.tell(pid, p, code)
}

func (j *jitCode) add(pid uint32, jit JIT) *jitProcess {
	if !j.serving {
		if j.tracer.ServeAnonymous() != nil {
			return nil
		}
		j.serving = true
	}
	var identity [12]byte
	binary.LittleEndian.PutUint32(identity[:], pid)
	binary.LittleEndian.PutUint64(identity[4:], jit.StartTime)
	hash := sha256.Sum256(identity[:])
	id := libpf.NewFileID(binary.LittleEndian.Uint64(hash[:]), binary.LittleEndian.Uint64(hash[8:]))
	j.modules.addJIT(id, jit)
	p := &jitProcess{
		jit: jit, regions: map[processmanager.CodeRange]uint64{},
		file: libpf.NewFrameMappingFile(libpf.FrameMappingFileData{FileID: id, FileName: libpf.Intern(JITPath)}),
	}
	j.processes[pid] = p
	return p
}

// tell tells the unwinder of new code and has it forget what is gone. A window is never used again, so that an address in it means the
// same for as long as the process lives.
func (j *jitCode) tell(pid uint32, p *jitProcess, code []processmanager.CodeRange) error {
	var errs error
	for region := range p.regions {
		if !slices.Contains(code, region) {
			errs = errors.Join(errs, j.untell(pid, region))
			delete(p.regions, region)
		}
	}
	for _, region := range code {
		if _, isTold := p.regions[region]; isTold || p.used+region.Length > processmanager.AnonymousBytes {
			continue
		}
		window := p.used
		p.used += region.Length
		p.regions[region] = window
		errs = errors.Join(errs, j.tellRegion(pid, region, window))
	}
	var windows []libpf.FrameMapping
	for region, window := range p.regions {
		windows = append(windows, libpf.NewFrameMapping(libpf.FrameMappingData{
			File: p.file, Start: libpf.Address(window), End: libpf.Address(window + region.Length), FileOffset: region.Start,
		}))
	}
	processmanager.SetAnonymous(libpf.PID(pid), windows)
	return errs
}

func (j *jitCode) tellRegion(pid uint32, region processmanager.CodeRange, window uint64) error {
	prefixes, err := lpm.CalculatePrefixList(region.Start, region.Start+region.Length)
	if err != nil {
		return fmt.Errorf("tell code of process %d that has no file: %w", pid, err)
	}
	bias, err := support.EncodeBiasAndUnwindProgram(region.Start-window, support.ProgUnwindNative)
	if err != nil {
		return fmt.Errorf("tell code of process %d that has no file: %w", pid, err)
	}
	value := support.PIDPageMappingInfo{File_id: uint64(processmanager.AnonymousFile), Bias_and_unwind_program: bias}
	for _, prefix := range prefixes {
		page := pageOf(pid, prefix)
		if err := j.pages.Update(&page, &value, ebpf.UpdateAny); err != nil {
			return fmt.Errorf("tell code of process %d that has no file: %w", pid, err)
		}
	}
	return nil
}

// untell removes what is ours: something else may lie there by now, and be told already.
func (j *jitCode) untell(pid uint32, region processmanager.CodeRange) error {
	prefixes, err := lpm.CalculatePrefixList(region.Start, region.Start+region.Length)
	if err != nil {
		return fmt.Errorf("forget code of process %d: %w", pid, err)
	}
	for _, prefix := range prefixes {
		page := pageOf(pid, prefix)
		var value support.PIDPageMappingInfo
		if j.pages.Lookup(&page, &value) != nil || value.File_id != uint64(processmanager.AnonymousFile) {
			continue // a shorter block's value is another's too
		}
		if err := j.pages.Delete(&page); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			return fmt.Errorf("forget code of process %d: %w", pid, err)
		}
	}
	return nil
}

func (j *jitCode) forget(pid uint32, p *jitProcess) {
	for region := range p.regions {
		_ = j.untell(pid, region)
	}
	processmanager.SetAnonymous(libpf.PID(pid), nil)
	delete(j.processes, pid)
}

// forgetGone forgets processes that are gone.
func (j *jitCode) forgetGone() {
	for pid, p := range j.processes {
		if start, _ := startOf(pid); start != p.jit.StartTime {
			j.forget(pid, p)
		}
	}
}

// startOf is when a process began, in clock ticks since boot and by the wall clock; 0 where it is gone.
func startOf(pid uint32) (uint64, time.Time) {
	ticks, err := mapped.StartTime(int(pid))
	if err != nil {
		return 0, time.Time{}
	}
	var boot, wall unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &boot) != nil || unix.ClockGettime(unix.CLOCK_REALTIME, &wall) != nil {
		return ticks, time.Time{}
	}
	const nsPerTick = 10_000_000
	return ticks, time.Unix(0, wall.Nano()-boot.Nano()+int64(ticks*nsPerTick))
}

// writesMap says whether a process has a perf map that is not an older process's of the same number.
func writesMap(pid uint32, start uint64, began time.Time) bool {
	modified, err := mapped.PerfMapTime(mapped.Process{PID: int(pid), StartTime: start})
	return err == nil && !modified.Before(began.Add(-2*time.Second))
}
