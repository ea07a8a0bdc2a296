// Package sandbox takes every right from the process that parses files of strangers: it runs as the user whose files they
// are, without capabilities, and the kernel ends it when it makes a call that a parser doesn't need.
package sandbox

import (
	"os"
	"slices"

	"flameline.dev/helper/internal/seccomp"
	"golang.org/x/sys/unix"
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

// Program is the filter as classic BPF. Each rule that isn't met skips to the next; the last word is "kill".
func Program(pid uint32) seccomp.Program {
	p := seccomp.New().Always(seccomp.Allow, slices.Concat(allowed, allowedHere)...)
	// Memory is never made executable.
	for _, number := range []uint32{unix.SYS_MMAP, unix.SYS_MPROTECT} {
		p = p.When(number, seccomp.Kill, seccomp.Argument(2), seccomp.Jump(unix.BPF_JSET, unix.PROT_EXEC, 1, 0), seccomp.Answer(seccomp.Allow))
	}
	// Threads of this process only: the kernel wants CLONE_VM and CLONE_SIGHAND with CLONE_THREAD.
	p = p.When(unix.SYS_CLONE, seccomp.Kill,
		seccomp.Argument(0),
		seccomp.Jump(unix.BPF_JSET, uint32(forbiddenCloneFlags), 2, 0),
		seccomp.Jump(unix.BPF_JSET, unix.CLONE_THREAD, 0, 1),
		seccomp.Answer(seccomp.Allow))
	// A C library asks for clone3 first and takes "not there" for an answer; its flags lie in memory, out of our sight.
	p = p.Always(seccomp.Fail(unix.ENOSYS), unix.SYS_CLONE3)
	// Go names its memory by prctl where it can; it takes "not supported" for an answer.
	p = p.Always(seccomp.Fail(unix.EINVAL), unix.SYS_PRCTL)
	// The runtime signals its own threads to interrupt long loops.
	p = p.When(unix.SYS_TGKILL, seccomp.Kill, seccomp.Argument(0), seccomp.Jump(unix.BPF_JEQ, pid, 0, 1), seccomp.Answer(seccomp.Allow))
	return p.Else(seccomp.Kill)
}

// install gives the filter to all threads of the process, for good. It needs no_new_privs.
func install() error { return Program(uint32(os.Getpid())).Install() }
