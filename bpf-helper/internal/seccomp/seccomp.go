// Package seccomp builds and installs lists of system calls, as classic BPF that the kernel asks at each call.
package seccomp

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Offsets in struct seccomp_data; arguments are 64 bits wide, their low half comes first on both processors.
const (
	dataNumber    = 0
	dataArch      = 4
	dataArguments = 16
)

// What the kernel does with a call.
const (
	Kill  = unix.SECCOMP_RET_KILL_PROCESS
	Allow = unix.SECCOMP_RET_ALLOW
)

// Fail has a call fail with an error.
func Fail(errno unix.Errno) uint32 { return unix.SECCOMP_RET_ERRNO | uint32(errno) }

// Program is a list of system calls. Rules are asked in their order; each that isn't met skips to the next.
type Program []unix.SockFilter

// New begins a list in which calls of another processor, and x32 ones, end the process.
func New() Program {
	return Program{
		load(dataArch),
		Jump(unix.BPF_JEQ, auditArch, 1, 0),
		Answer(Kill),
		load(dataNumber),
		// x32 calls have this bit set and numbers of their own.
		Jump(unix.BPF_JGE, 0x40000000, 0, 1),
		Answer(Kill),
	}
}

// Always gives these calls an answer, whatever their arguments.
func (p Program) Always(answer uint32, numbers ...uint32) Program {
	for _, number := range numbers {
		p = append(p, Jump(unix.BPF_JEQ, number, 0, 1), Answer(answer))
	}
	return p
}

// When runs checks for one call; each check ends in an answer or falls through to `otherwise`.
func (p Program) When(number, otherwise uint32, checks ...unix.SockFilter) Program {
	p = append(p, Jump(unix.BPF_JEQ, number, 0, uint8(len(checks)+1)))
	return append(append(p, checks...), Answer(otherwise))
}

// Else ends the list.
func (p Program) Else(answer uint32) Program { return append(p, Answer(answer)) }

// Jump skips instructions: `yes` where the test of the loaded value holds, else `no`.
func Jump(test uint16, k uint32, yes, no uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | test | unix.BPF_K, K: k, Jt: yes, Jf: no}
}

// Answer ends the program.
func Answer(k uint32) unix.SockFilter { return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: k} }

// Argument loads the low half of an argument, counted from 0.
func Argument(i uint32) unix.SockFilter { return load(dataArguments + 8*i) }

func load(offset uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
}

// Install gives the list to all threads of the process and to all that it executes, for good. It needs no_new_privs.
func (p Program) Install() error {
	// The filter alone must not slow memory down (SSBD), as it did before Linux 5.16: nothing of others lies in our memory.
	err := p.install(unix.SECCOMP_FILTER_FLAG_TSYNC | unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW)
	if errors.Is(err, unix.EINVAL) {
		err = p.install(unix.SECCOMP_FILTER_FLAG_TSYNC)
	}
	return err
}

func (p Program) install(flags uintptr) error {
	header := unix.SockFprog{Len: uint16(len(p)), Filter: &p[0]}
	thread, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&header)))
	if errno != 0 {
		return fmt.Errorf("install the seccomp filter: %w", errno)
	}
	if thread != 0 {
		return fmt.Errorf("install the seccomp filter: thread %d did not take it", thread)
	}
	return nil
}
