package capture

import (
	"errors"
	"fmt"
	"math/bits"

	"github.com/cilium/ebpf"
	"go.opentelemetry.io/ebpf-profiler/lpm"
	"go.opentelemetry.io/ebpf-profiler/processmanager"
	"go.opentelemetry.io/ebpf-profiler/support"
)

// toldValue and toldRange are twins of the structures in bpf/mappings.h: what the kernel told the unwinder of a process.
const toldMappings = 24

type toldValue struct {
	Count  uint32
	_      uint32
	Ranges [toldMappings]toldRange
}

type toldRange struct{ Start, End, Low, High, File, Bias uint64 }

// takeOver learns what the engine has just read of a process, and takes note that the engine cares for its mappings from
// now on; those that the kernel told of and that are there no more are removed.
func (k *knownCode) takeOver(pid uint32) error {
	var errs error
	for _, mapping := range k.tracer.TakeRead() {
		errs = errors.Join(errs, k.learn(&mapping))
	}
	var told toldValue
	if err := k.told.LookupAndDelete(pid, &told); err != nil {
		if errors.Is(err, ebpf.ErrKeyNotExist) {
			return errs
		}
		return errors.Join(errs, fmt.Errorf("take over the mappings of process %d: %w", pid, err))
	}
	mappings, isKnown := k.tracer.CodeMappings(pid)
	cared := map[support.PIDPage]bool{}
	for i := range mappings {
		errs = errors.Join(errs, k.tell(pid, &mappings[i], cared))
	}
	for _, r := range told.Ranges[:min(told.Count, toldMappings)] {
		for _, page := range r.blocks(pid) {
			if !cared[page] {
				errs = errors.Join(errs, k.forget(page))
			}
		}
	}
	if !isKnown {
		errs = errors.Join(errs, k.forget(pageOf(pid, lpm.Prefix{Key: 0, Length: 64}))) // the mark of a known process
	}
	return errs
}

// tell tells a mapping that the engine cares for, as it does itself, and notes the pages: what the kernel told of before may
// have been in their place.
func (k *knownCode) tell(pid uint32, mapping *processmanager.CodeMapping, told map[support.PIDPage]bool) error {
	prefixes, err := lpm.CalculatePrefixList(mapping.Start, mapping.Start+mapping.Length)
	if err != nil {
		return fmt.Errorf("tell a mapping of process %d: %w", pid, err)
	}
	bias, err := support.EncodeBiasAndUnwindProgram(mapping.Start-uint64(mapping.Frame.Value().Start), support.ProgUnwindNative)
	if err != nil {
		return fmt.Errorf("tell a mapping of process %d: %w", pid, err)
	}
	value := support.PIDPageMappingInfo{File_id: mapping.File(), Bias_and_unwind_program: bias}
	for _, prefix := range prefixes {
		page := pageOf(pid, prefix)
		if err := k.pages.Update(&page, &value, ebpf.UpdateAny); err != nil {
			return fmt.Errorf("tell a mapping of process %d: %w", pid, err)
		}
		told[page] = true
	}
	return nil
}

func (k *knownCode) forget(page support.PIDPage) error {
	if err := k.pages.Delete(&page); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
		return fmt.Errorf("forget a mapping: %w", err)
	}
	return nil
}

// toldProcesses are those of whose mappings the kernel told and that nobody has taken over yet.
func (k *knownCode) toldProcesses() []uint32 {
	var pids []uint32
	var pid uint32
	var told toldValue
	for entries := k.told.Iterate(); entries.Next(&pid, &told); {
		pids = append(pids, pid)
	}
	return pids
}

// isTold says whether the kernel has told the unwinder of mappings of a process that nobody has taken over yet.
func (k *knownCode) isTold(pid uint32) bool {
	var told toldValue
	return k.told.Lookup(pid, &told) == nil
}

// smallestBlock is the smallest page there is on both processors.
const smallestBlock = 4096

// blocks are the pieces in which the kernel told of a range; bpf/mappings.h cuts them.
func (r toldRange) blocks(pid uint32) []support.PIDPage {
	var pages []support.PIDPage
	if r.File == 0 {
		return nil
	}
	for at := r.Start; at < r.End; {
		size := uint64(smallestBlock)
		for at&^(size*2-1) >= r.Low && at&^(size*2-1)+size*2 <= r.High {
			size *= 2
		}
		start := at &^ (size - 1)
		pages = append(pages, pageOf(pid, lpm.Prefix{Key: start, Length: uint32(bits.LeadingZeros64(size)) + 1}))
		at = start + size
	}
	return pages
}

func pageOf(pid uint32, prefix lpm.Prefix) support.PIDPage {
	return support.PIDPage{
		Pid: bits.ReverseBytes32(pid), Page: bits.ReverseBytes64(prefix.Key), PrefixLen: support.BitWidthPID + prefix.Length,
	}
}
