package capture

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// Niceness of the threads that must not come late on a busy machine; their work is bounded.
const (
	loadNice = -10
	syncNice = -10
)

// exactSlackNs is how late the kernel may wake a thread in a hurry; the rest of the helper may be woken later.
const exactSlackNs = 1

// hurry keeps the goroutine on one thread and makes that thread more urgent until the result is called.
func hurry(nice int) (relax func()) {
	runtime.LockOSThread()
	thread := unix.Gettid()
	slack, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	if err == nil {
		_ = unix.Prctl(unix.PR_SET_TIMERSLACK, exactSlackNs, 0, 0, 0)
	}
	urgent := unix.Setpriority(unix.PRIO_PROCESS, thread, nice) == nil
	return func() {
		if urgent {
			_ = unix.Setpriority(unix.PRIO_PROCESS, thread, 0)
		}
		if err == nil {
			_ = unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(slack), 0, 0, 0)
		}
		runtime.UnlockOSThread()
	}
}

// pause sleeps in this thread, as a timer of the runtime would be served by another one.
func pause(duration time.Duration) {
	if duration > 0 {
		rest := unix.NsecToTimespec(int64(duration))
		_ = unix.Nanosleep(&rest, nil)
	}
}
