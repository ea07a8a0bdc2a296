// Package rlimit replaces the engine's package of the same name, which fails where CAP_SYS_RESOURCE is missing.
package rlimit

import (
	"errors"

	"golang.org/x/sys/unix"
)

// MaximizeMemlock raises RLIMIT_MEMLOCK where the caller may. Kernels from 5.11 on account BPF memory to the memory
// cgroup, so a refusal does no harm there.
func MaximizeMemlock() (func(), error) {
	unlimited := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	var previous unix.Rlimit
	if err := unix.Prlimit(0, unix.RLIMIT_MEMLOCK, &unlimited, &previous); err != nil {
		if errors.Is(err, unix.EPERM) {
			return func() {}, nil
		}
		return nil, err
	}
	return func() { _ = unix.Setrlimit(unix.RLIMIT_MEMLOCK, &previous) }, nil
}
