package processmanager

// This file is added to the engine's package by build.sh. The engine unwinds code without a file only where one of its
// interpreters made it. Of others that an embedding program tells of (by the frame pointer, as profilers have always unwound
// such code), all lie in one file that does not exist: each process has windows of it, in which its code appears.
//
//	file     0 ─────────────────────────────────────────────── AnonymousBytes
//	process  [window of region A][window of region B]            bias = start of the region - start of its window

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"go.opentelemetry.io/ebpf-profiler/host"
	"go.opentelemetry.io/ebpf-profiler/libpf"
	"go.opentelemetry.io/ebpf-profiler/process"
	"go.opentelemetry.io/ebpf-profiler/processmanager/ebpfapi"
	"go.opentelemetry.io/ebpf-profiler/support"
)

const (
	// AnonymousFile is the number of the file; those of real ones are hashes.
	AnonymousFile = host.FileID(0x666c616d656a6974)
	// AnonymousBytes is how much of such code one process can have: a sixteenth of the room for unwind tables.
	AnonymousBytes  = anonymousPages << support.StackDeltaPageBits
	anonymousPages  = 2048
	mostNotedRanges = 4096
)

// CodeRange is code of a process that has no file, or none that is a program.
type CodeRange struct{ Start, Length uint64 }

// noted is what the latest look at a process's mappings has met of it.
var noted struct {
	code   []CodeRange
	isDump bool
}

// notedInterpreterMapping is isInterpreterMapping, and takes note of code without a file.
func notedInterpreterMapping(m *process.RawMapping) bool {
	if m.IsExecutable() && len(noted.code) < mostNotedRanges && (m.IsAnonymous() || strings.HasPrefix(m.Path, "[anon:")) {
		noted.code = append(noted.code, CodeRange{m.Vaddr, m.Length})
	}
	if m.IsExecutable() && strings.HasSuffix(m.Path, ".dump") {
		noted.isDump = true
	}
	return isInterpreterMapping(m)
}

// TakeAnonymous gives the code without a file that the latest synchronization of the process met, and whether the process has
// mapped a jitdump file, as virtual machines do that write one. Nothing of one whose interpreter the engine knows.
func (pm *ProcessManager) TakeAnonymous(pid libpf.PID) (code []CodeRange, isDump bool) {
	code, isDump = slices.Clone(noted.code), noted.isDump
	noted.code, noted.isDump = noted.code[:0], false
	pm.mu.RLock()
	defer pm.mu.RUnlock()
	for _, instance := range pm.interpreters[pid] {
		if instance.UsesAnonymousMappings() {
			return nil, false
		}
	}
	return code, isDump
}

// ServeAnonymous gives the file that does not exist its unwind table. To be called once.
func (pm *ProcessManager) ServeAnonymous() error {
	deltas := make([]ebpfapi.StackDeltaEBPF, anonymousPages)
	each := make([]uint16, anonymousPages)
	for i := range deltas {
		deltas[i] = ebpfapi.StackDeltaEBPF{UnwindInfo: uint16(support.UnwindCommandFramePointer) | support.DeltaCommandFlag}
		each[i] = 1
	}
	table, err := pm.ebpf.UpdateExeIDToStackDeltas(AnonymousFile, deltas)
	if err != nil {
		return fmt.Errorf("make an unwind table for code without a file: %w", err)
	}
	if err := pm.ebpf.UpdateStackDeltaPages(AnonymousFile, each, table, 0); err != nil {
		return fmt.Errorf("make an unwind table for code without a file: %w", err)
	}
	return nil
}

// anonymous has the windows of each process.
var anonymous struct {
	lock    sync.RWMutex
	windows map[libpf.PID][]libpf.FrameMapping
}

// SetAnonymous says what the windows of a process are; none forgets the process. Of each, Start and End are of the window, and
// FileOffset is where the code is in the process.
func SetAnonymous(pid libpf.PID, windows []libpf.FrameMapping) {
	anonymous.lock.Lock()
	defer anonymous.lock.Unlock()
	if anonymous.windows == nil {
		anonymous.windows = map[libpf.PID][]libpf.FrameMapping{}
	}
	if len(windows) == 0 {
		delete(anonymous.windows, pid)
	} else {
		anonymous.windows[pid] = windows
	}
}

// anonymousMapping finds the window that an address of the file lies in; an invalid one where there is none.
func anonymousMapping(pid libpf.PID, address libpf.Address) libpf.FrameMapping {
	anonymous.lock.RLock()
	defer anonymous.lock.RUnlock()
	for _, window := range anonymous.windows[pid] {
		if found := window.Value(); found.Start <= address && address < found.End {
			return window
		}
	}
	return libpf.FrameMapping{}
}
