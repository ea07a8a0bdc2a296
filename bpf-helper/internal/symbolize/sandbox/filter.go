// Package sandbox takes every right from the process that parses files of strangers: it runs as the user whose files they
// are, without capabilities, and the kernel ends it when it makes a call that a parser doesn't need.
package sandbox

import (
	"fmt"
	"os"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Offsets in struct seccomp_data; arguments are 64 bits wide, their low half comes first on both processors.
const (
	dataNumber    = 0
	dataArch      = 4
	dataArguments = 16
)

// What the Go runtime and our own code use once the process runs. Left out on purpose, among others: open, openat, socket,
// connect, execve, fork, kill, ptrace, process_vm_readv, io_uring, prctl, setuid, unshare, mount.
var allowed = []uint32{
	unix.SYS_READ, unix.SYS_WRITE, unix.SYS_PREAD64, unix.SYS_CLOSE, unix.SYS_FSTAT, unix.SYS_RECVMSG, unix.SYS_SENDMSG,
	unix.SYS_MUNMAP, unix.SYS_MADVISE, unix.SYS_BRK,
	unix.SYS_FUTEX, unix.SYS_NANOSLEEP, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_SCHED_YIELD, unix.SYS_RESTART_SYSCALL,
	unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_SIGALTSTACK,
	unix.SYS_GETTID, unix.SYS_GETPID, unix.SYS_EXIT, unix.SYS_EXIT_GROUP,
	unix.SYS_CLOCK_GETTIME, unix.SYS_GETTIMEOFDAY, unix.SYS_GETRANDOM, unix.SYS_GETRUSAGE,
	unix.SYS_EPOLL_PWAIT,       // the runtime looks at its poller even when nothing is in it
	unix.SYS_SCHED_GETAFFINITY, // and counts the processors again from time to time
	unix.SYS_SET_ROBUST_LIST, unix.SYS_RSEQ,
}

// CLONE_ flags that a new thread may not carry: new namespaces, vfork, ptrace, pidfd.
const forbiddenCloneFlags = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC |
	unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_VFORK | unix.CLONE_PTRACE | unix.CLONE_PIDFD

const (
	retKill  = unix.SECCOMP_RET_KILL_PROCESS
	retAllow = unix.SECCOMP_RET_ALLOW
	retErrno = unix.SECCOMP_RET_ERRNO
)

func load(offset uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
}

func jump(test uint16, k uint32, yes, no uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | test | unix.BPF_K, K: k, Jt: yes, Jf: no}
}

func answer(k uint32) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: k}
}

func argument(i uint32) unix.SockFilter { return load(dataArguments + 8*i) }

// Program is the filter as classic BPF. Each rule that isn't met skips to the next; the last word is "kill".
func Program(pid uint32) []unix.SockFilter {
	p := []unix.SockFilter{
		load(dataArch),
		jump(unix.BPF_JEQ, auditArch, 1, 0),
		answer(retKill),
		load(dataNumber),
		// x32 calls have this bit set and numbers of their own.
		jump(unix.BPF_JGE, 0x40000000, 0, 1),
		answer(retKill),
	}
	for _, number := range slices.Concat(allowed, allowedHere) {
		p = append(p, jump(unix.BPF_JEQ, number, 0, 1), answer(retAllow))
	}
	// rule runs checks for one call; each check ends in an answer or falls through to kill.
	rule := func(number uint32, checks ...unix.SockFilter) {
		p = append(p, jump(unix.BPF_JEQ, number, 0, uint8(len(checks)+1)))
		p = append(append(p, checks...), answer(retKill))
	}
	// Memory is never made executable.
	for _, number := range []uint32{unix.SYS_MMAP, unix.SYS_MPROTECT} {
		rule(number, argument(2), jump(unix.BPF_JSET, unix.PROT_EXEC, 1, 0), answer(retAllow))
	}
	// Threads of this process only: the kernel wants CLONE_VM and CLONE_SIGHAND with CLONE_THREAD.
	rule(unix.SYS_CLONE,
		argument(0),
		jump(unix.BPF_JSET, uint32(forbiddenCloneFlags), 2, 0),
		jump(unix.BPF_JSET, unix.CLONE_THREAD, 0, 1),
		answer(retAllow))
	// A C library asks for clone3 first and takes "not there" for an answer; its flags lie in memory, out of our sight.
	p = append(p, jump(unix.BPF_JEQ, unix.SYS_CLONE3, 0, 1), answer(retErrno|uint32(unix.ENOSYS)))
	// Go names its memory by prctl where it can; it takes "not supported" for an answer.
	p = append(p, jump(unix.BPF_JEQ, unix.SYS_PRCTL, 0, 1), answer(retErrno|uint32(unix.EINVAL)))
	// The runtime signals its own threads to interrupt long loops.
	rule(unix.SYS_TGKILL, argument(0), jump(unix.BPF_JEQ, pid, 0, 1), answer(retAllow))
	return append(p, answer(retKill))
}

// install gives the filter to all threads of the process, for good. It needs no_new_privs.
func install() error {
	program := Program(uint32(os.Getpid()))
	header := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	thread, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC,
		uintptr(unsafe.Pointer(&header)))
	if errno != 0 {
		return fmt.Errorf("install the seccomp filter: %w", errno)
	}
	if thread != 0 {
		return fmt.Errorf("install the seccomp filter: thread %d did not take it", thread)
	}
	return nil
}
