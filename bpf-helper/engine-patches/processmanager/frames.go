package processmanager

// This file is added to the engine's package by build.sh. It turns a trace into frames as HandleTrace does, but one frame of
// the kernel's record at a time, so that the embedding program need not have those converted again that it has seen, and
// without what only the engine's own reporters use.

import (
	"slices"

	"go.opentelemetry.io/ebpf-profiler/host"
	"go.opentelemetry.io/ebpf-profiler/internal/log"
	"go.opentelemetry.io/ebpf-profiler/libpf"
)

// KernelFrames appends the frames of kernel addresses.
func (pm *ProcessManager) KernelFrames(addresses []uint64, frames *libpf.Frames) {
	pm.appendKernelFrames(addresses, frames)
}

// UserFrame appends what a frame of a trace stands for: one frame, or several where functions are inlined. It says whether
// the same frame will stand for the same again.
func (pm *ProcessManager) UserFrame(pid libpf.PID, frame libpf.EbpfFrame, frames *libpf.Frames) (lasting bool) {
	if frame.Type().Interpreter() == libpf.Native && host.FileID(frame.Variable(0)) == AnonymousFile {
		pm.convertFrame(pid, frame, frames)
		return false // the same place may be other code by the next time
	}
	key := frameCacheKey{}
	if frame.Flags().PIDSpecific() {
		key.pid = pid
	}
	copy(key.data[:], frame)
	if cached, isCached := pm.frameCache.Get(key); isCached {
		*frames = append(*frames, cached...)
		return true
	}
	before := len(*frames)
	if !pm.convertFrame(pid, frame, frames) {
		return false
	}
	pm.frameCache.Add(key, slices.Clone((*frames)[before:]))
	return true
}

// Converted is to be called after the frames of a trace were converted.
func (pm *ProcessManager) Converted(pid libpf.PID) {
	pm.mu.RLock()
	defer pm.mu.RUnlock()
	for _, instance := range pm.interpreters[pid] {
		if err := instance.ReleaseResources(); err != nil {
			log.Warnf("Failed to release resources for %d: %v", pid, err)
		}
	}
}
