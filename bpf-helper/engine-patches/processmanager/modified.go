package processmanager

// This file is added to the engine's package by build.sh.

import (
	"fmt"

	"golang.org/x/sys/unix"

	"go.opentelemetry.io/ebpf-profiler/process"
)

// lastModified asks for a mapped file's time without opening it, which is most of the work when a program starts again
// whose files are known: its first sample comes soon.
func lastModified(pr process.Process, mapping *process.RawMapping) int64 {
	var info unix.Stat_t
	link := fmt.Sprintf("/proc/%d/map_files/%x-%x", pr.PID(), mapping.Vaddr, mapping.Vaddr+mapping.Length)
	if !mapping.IsFileBacked() || unix.Stat(link, &info) != nil {
		return pr.GetMappingFileLastModified(mapping)
	}
	return info.Mtim.Nano()
}
