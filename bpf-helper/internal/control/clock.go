package control

import "golang.org/x/sys/unix"

func monotonic() int64 { return clock(unix.CLOCK_MONOTONIC) }

func boottime() int64 { return clock(unix.CLOCK_BOOTTIME) }

func clock(id int32) int64 {
	var now unix.Timespec
	if unix.ClockGettime(id, &now) != nil {
		return 0
	}
	return now.Nano()
}
