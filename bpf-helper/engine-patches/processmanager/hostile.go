package processmanager

// This file is added to the engine's package by build.sh. The engine maps ELF files into memory and parses them with the
// helper's rights, though anybody may have written them and may cut them short at the same moment: a fault or a panic
// must cost that file's stacks, not the helper.

import (
	"fmt"
	"runtime/debug"

	"go.opentelemetry.io/ebpf-profiler/host"
	"go.opentelemetry.io/ebpf-profiler/internal/log"
	"go.opentelemetry.io/ebpf-profiler/libpf/pfbufio"
	"go.opentelemetry.io/ebpf-profiler/libpf/pfelf"
	"go.opentelemetry.io/ebpf-profiler/process"
	"go.opentelemetry.io/ebpf-profiler/processmanager/execinfomanager"
)

// Surviving runs a parser, whose locks are all released by defer, and turns its fault into an error.
func Surviving(path string, parse func()) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer pfbufio.Bounded()()
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("parser fault: %v", fault)
			log.Warnf("A mapped file is damaged, and stacks through it stay incomplete: %q: %v", path, fault)
		}
	}()
	parse()
	return nil
}

func (pm *ProcessManager) survivingELFInfo(pr process.Process, mapping *process.RawMapping, ref *pfelf.Reference) elfInfo {
	var info elfInfo
	if err := Surviving(mapping.Path, func() { info = pm.getELFInfo(pr, mapping, ref) }); err != nil {
		info.err = err
		info.lastModified = lastModified(pr, mapping)
		// Not again for each process that maps it.
		pm.elfInfoCache.Add(mapping.GetOnDiskFileIdentifier(), info)
	}
	return info
}

func (pm *ProcessManager) survivingAdd(fileID host.FileID, ref *pfelf.Reference) (info execinfomanager.ExecutableInfo, err error) {
	fault := Surviving(ref.FileName(), func() { info, err = pm.eim.AddOrIncRef(fileID, ref) })
	if fault != nil {
		return execinfomanager.ExecutableInfo{}, fault
	}
	return info, err
}
