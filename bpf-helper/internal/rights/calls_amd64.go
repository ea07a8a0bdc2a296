package rights

import "golang.org/x/sys/unix"

// callsHere are those that only this processor has.
var callsHere = []uint32{
	unix.SYS_ARCH_PRCTL, unix.SYS_EPOLL_WAIT, unix.SYS_POLL, unix.SYS_NEWFSTATAT, unix.SYS_STAT, unix.SYS_LSTAT, unix.SYS_READLINK, unix.SYS_ACCESS,
	unix.SYS_DUP2, unix.SYS_GETPGRP,
}
