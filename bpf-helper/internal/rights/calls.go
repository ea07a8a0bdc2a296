package rights

import (
	"slices"

	"flameline.dev/helper/internal/seccomp"
	"golang.org/x/sys/unix"
)

// calls are what the helper makes once it listens, and the parser of symbols until it has a list of its own, which is shorter: the
// most frequent first. Left out on purpose, among others: ptrace, process_vm_writev, connect, mount and all that changes mounts,
// namespaces, modules, time, keys, names and modes of files; io_uring, which would make calls past the list.
var calls = []uint32{
	unix.SYS_PROCESS_VM_READV, unix.SYS_READ, unix.SYS_FCNTL, unix.SYS_FUTEX, unix.SYS_EPOLL_PWAIT, unix.SYS_BPF, unix.SYS_CLOSE,
	unix.SYS_NANOSLEEP, unix.SYS_OPENAT, unix.SYS_FSTAT, unix.SYS_EPOLL_CTL, unix.SYS_PREAD64, unix.SYS_READLINKAT, unix.SYS_WRITE,
	// Files, to read.
	unix.SYS_OPENAT2, unix.SYS_LSEEK, unix.SYS_READV, unix.SYS_GETDENTS64, unix.SYS_STATX, unix.SYS_STATFS, unix.SYS_FSTATFS,
	unix.SYS_FACCESSAT, unix.SYS_FACCESSAT2, unix.SYS_DUP, unix.SYS_DUP3, unix.SYS_PIPE2, unix.SYS_CLOSE_RANGE, unix.SYS_CHDIR,
	unix.SYS_GETCWD, unix.SYS_COPY_FILE_RANGE, unix.SYS_SENDFILE, unix.SYS_SPLICE, unix.SYS_WRITEV,
	// A copy of the program in memory, and the end of the socket.
	unix.SYS_MEMFD_CREATE, unix.SYS_UNLINKAT,
	// Memory, threads and time, as Go's runtime uses them.
	unix.SYS_MUNMAP, unix.SYS_MREMAP, unix.SYS_MADVISE, unix.SYS_MINCORE, unix.SYS_BRK,
	unix.SYS_SCHED_YIELD, unix.SYS_SCHED_GETAFFINITY, unix.SYS_SCHED_SETAFFINITY, unix.SYS_GETCPU, unix.SYS_SETPRIORITY, unix.SYS_GETPRIORITY,
	unix.SYS_RT_SIGACTION, unix.SYS_RT_SIGPROCMASK, unix.SYS_RT_SIGRETURN, unix.SYS_RT_SIGTIMEDWAIT, unix.SYS_SIGALTSTACK,
	unix.SYS_TGKILL, unix.SYS_TKILL, unix.SYS_RESTART_SYSCALL, unix.SYS_SET_ROBUST_LIST, unix.SYS_SET_TID_ADDRESS, unix.SYS_RSEQ,
	unix.SYS_CLOCK_GETTIME, unix.SYS_CLOCK_GETRES, unix.SYS_CLOCK_NANOSLEEP, unix.SYS_GETTIMEOFDAY, unix.SYS_GETRANDOM, unix.SYS_SETITIMER,
	unix.SYS_EVENTFD2, unix.SYS_EPOLL_CREATE1, unix.SYS_PPOLL, unix.SYS_PSELECT6, unix.SYS_IOCTL,
	unix.SYS_GETPID, unix.SYS_GETTID, unix.SYS_GETPPID, unix.SYS_GETUID, unix.SYS_GETEUID, unix.SYS_GETGID, unix.SYS_GETEGID,
	unix.SYS_GETGROUPS, unix.SYS_GETPGID, unix.SYS_UNAME, unix.SYS_SYSINFO, unix.SYS_GETRUSAGE, unix.SYS_GETRLIMIT, unix.SYS_SETRLIMIT,
	unix.SYS_PRLIMIT64, unix.SYS_EXIT, unix.SYS_EXIT_GROUP,
	// Events.
	unix.SYS_PERF_EVENT_OPEN,
	// Clients.
	unix.SYS_ACCEPT4, unix.SYS_RECVFROM, unix.SYS_SENDTO, unix.SYS_RECVMSG, unix.SYS_SENDMSG, unix.SYS_SHUTDOWN, unix.SYS_GETSOCKOPT,
	unix.SYS_SETSOCKOPT, unix.SYS_GETSOCKNAME, unix.SYS_GETPEERNAME, unix.SYS_SOCKETPAIR, unix.SYS_BIND,
	// The parser of symbols: started, stripped of its rights, ended. Files of a user, opened as that user.
	unix.SYS_EXECVE, unix.SYS_WAITID, unix.SYS_WAIT4, unix.SYS_KILL, unix.SYS_PIDFD_OPEN, unix.SYS_PIDFD_SEND_SIGNAL, unix.SYS_SETPGID,
	unix.SYS_SETUID, unix.SYS_SETGID, unix.SYS_SETGROUPS, unix.SYS_SETFSUID, unix.SYS_SETFSGID, unix.SYS_PRCTL, unix.SYS_CAPGET, unix.SYS_CAPSET, unix.SYS_SECCOMP,
}

// newNamespaces are the flags of clone that a child may not carry.
const newNamespaces = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWUSER | unix.CLONE_NEWPID |
	unix.CLONE_NEWNET

// ueventProtocol is where the kernel tells of modules that it loads.
const ueventProtocol = unix.NETLINK_KOBJECT_UEVENT

// callList is what the process may call from Begin on. A call that is not in it fails as one that is not permitted does, so that
// a kernel or a runtime that wants another one costs a feature and not the helper.
func callList() seccomp.Program {
	const allow = seccomp.Allow
	denied := seccomp.Fail(unix.EPERM)
	p := seccomp.New().Always(allow, slices.Concat(calls, callsHere)...)
	// Memory is never made executable.
	for _, number := range []uint32{unix.SYS_MMAP, unix.SYS_MPROTECT} {
		p = p.When(number, denied, seccomp.Argument(2), seccomp.Jump(unix.BPF_JSET, unix.PROT_EXEC, 1, 0), seccomp.Answer(allow))
	}
	p = p.When(unix.SYS_CLONE, denied, seccomp.Argument(0), seccomp.Jump(unix.BPF_JSET, uint32(newNamespaces), 1, 0), seccomp.Answer(allow))
	// The flags of clone3 lie in memory, out of our sight; everybody takes "not there" for an answer.
	p = p.Always(seccomp.Fail(unix.ENOSYS), unix.SYS_CLONE3)
	// The helper's own socket is there already: no network, and none of the machine's other services.
	p = p.When(unix.SYS_SOCKET, denied,
		seccomp.Argument(0), seccomp.Jump(unix.BPF_JEQ, unix.AF_NETLINK, 0, 3),
		seccomp.Argument(2), seccomp.Jump(unix.BPF_JEQ, ueventProtocol, 0, 1), seccomp.Answer(allow))
	return p.Else(denied)
}
