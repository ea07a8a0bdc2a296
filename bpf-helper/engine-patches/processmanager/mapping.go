package processmanager

// This file is added to the engine's package by build.sh, which also puts mappingOf in the place of the engine's own
// look-up. That takes each part of a file to be mapped once. Node.js maps the built-in functions of V8 a second time, and all
// code of its binary after those was without a name and not known to any cache.

import (
	"sort"

	"go.opentelemetry.io/ebpf-profiler/host"
	"go.opentelemetry.io/ebpf-profiler/libpf"
)

// mappingOf finds the mapping of a process that an address of a file lies in; an invalid one where there is none.
func (pm *ProcessManager) mappingOf(pid libpf.PID, file host.FileID, address libpf.Address) libpf.FrameMapping {
	if file == AnonymousFile {
		return anonymousMapping(pid, address)
	}
	pm.mu.RLock()
	var mappings []Mapping
	if info, known := pm.pidToProcessInfo[pid]; known {
		mappings = info.mappings
	}
	pm.mu.RUnlock()
	if found := MappingAt(mappings, file, address); found.Valid() {
		return found
	}
	// A process of whose mappings only the kernel was told.
	return heldMapping(file, address)
}

// MappingAt does so from mappings that are sorted by file and start; they may overlap.
func MappingAt(mappings []Mapping, file host.FileID, address libpf.Address) libpf.FrameMapping {
	data := func(i int) (libpf.FrameMappingData, host.FileID) {
		found := mappings[i].FrameMapping.Value()
		return found, host.FileIDFromLibpf(found.File.Value().FileID)
	}
	after := sort.Search(len(mappings), func(i int) bool {
		found, id := data(i)
		if id != file {
			return id > file
		}
		return found.Start > address
	})
	for i := after - 1; i >= 0; i-- {
		found, id := data(i)
		if id != file {
			break
		}
		if address < found.End {
			return mappings[i].FrameMapping
		}
	}
	return libpf.FrameMapping{}
}
