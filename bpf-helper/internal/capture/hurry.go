package capture

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// Niceness of the threads that must not come late on a busy machine; their work is bounded.
const (
	loadNice = -10
	syncNice = -5
)

// hurry keeps the goroutine on one thread and makes that thread more urgent until the result is called.
func hurry(nice int) (relax func()) {
	runtime.LockOSThread()
	thread := unix.Gettid()
	if unix.Setpriority(unix.PRIO_PROCESS, thread, nice) != nil {
		return runtime.UnlockOSThread
	}
	return func() {
		_ = unix.Setpriority(unix.PRIO_PROCESS, thread, 0)
		runtime.UnlockOSThread()
	}
}
