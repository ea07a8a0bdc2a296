package rights

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	deedVariable   = "RIGHTS_TEST_DEED"
	folderVariable = "RIGHTS_TEST_FOLDER"
)

// call makes a system call with numbers, and gives its error.
func call(number uintptr, arguments ...uintptr) func(string) error {
	return func(string) error {
		a := [6]uintptr{}
		copy(a[:], arguments)
		if _, _, errno := unix.RawSyscall6(number, a[0], a[1], a[2], a[3], a[4], a[5]); errno != 0 {
			return errno
		}
		return nil
	}
}

func pages(protection uintptr) func(string) error {
	return call(unix.SYS_MMAP, 0, 4096, protection, unix.MAP_PRIVATE|unix.MAP_ANON, ^uintptr(0))
}

// forbidden are what nobody who took the helper over could do, as root or not. Without the list each would succeed for root, or fail
// for another reason than EPERM.
var forbidden = map[string]func(folder string) error{
	"trace itself":                call(unix.SYS_PTRACE, unix.PTRACE_TRACEME),
	"write into a process":        call(unix.SYS_PROCESS_VM_WRITEV, uintptr(os.Getpid())),
	"reach another service":       func(string) error { return second(unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)) },
	"reach the network":           func(string) error { return second(unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)) },
	"change routes":               func(string) error { return second(unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW, unix.NETLINK_ROUTE)) },
	"connect":                     call(unix.SYS_CONNECT, 1),
	"listen":                      call(unix.SYS_LISTEN, 1),
	"mount":                       func(folder string) error { return unix.Mount("none", folder, "tmpfs", 0, "") },
	"change its namespace":        call(unix.SYS_SETNS, ^uintptr(0)),
	"make a namespace":            call(unix.SYS_UNSHARE, unix.CLONE_FILES),
	"make a child in a namespace": call(unix.SYS_CLONE, uintptr(unix.CLONE_NEWUSER|unix.SIGCHLD)),
	"change its root":             func(string) error { return unix.Chroot("/") },
	"change a file's mode":        func(folder string) error { return unix.Fchmodat(unix.AT_FDCWD, folder, 0o4755, 0) },
	"change a file's owner":       func(folder string) error { return unix.Fchownat(unix.AT_FDCWD, folder, os.Getuid(), os.Getgid(), 0) },
	"rename a file": func(folder string) error {
		return unix.Renameat(unix.AT_FDCWD, folder+"/a", unix.AT_FDCWD, folder+"/b")
	},
	"link a file": func(folder string) error {
		return unix.Linkat(unix.AT_FDCWD, folder+"/a", unix.AT_FDCWD, folder+"/c", 0)
	},
	"make a link":              func(folder string) error { return unix.Symlinkat("/", unix.AT_FDCWD, folder+"/d") },
	"make a folder":            func(folder string) error { return unix.Mkdirat(unix.AT_FDCWD, folder+"/e", 0o755) },
	"make a device":            func(folder string) error { return unix.Mknodat(unix.AT_FDCWD, folder+"/f", unix.S_IFIFO|0o600, 0) },
	"make memory executable":   pages(unix.PROT_READ | unix.PROT_EXEC),
	"make calls past the list": call(unix.SYS_IO_URING_SETUP, 1, 0),
	"load a module":            call(unix.SYS_FINIT_MODULE, ^uintptr(0)),
	"load another kernel":      call(unix.SYS_KEXEC_LOAD, 0, ^uintptr(0)),
	"set the clock":            call(unix.SYS_CLOCK_SETTIME, ^uintptr(0)),
	"handle faults of others":  call(unix.SYS_USERFAULTFD, ^uintptr(0)),
	"keep a key":               call(unix.SYS_KEYCTL, ^uintptr(0)),
	// Only programs that need no loader can be run, as ours: libraries are mapped executable.
	"run a shell": func(string) error {
		if err := exec.Command("/bin/sh", "-c", "true").Run(); err != nil {
			return unix.EPERM
		}
		return nil
	},
	"open by handle":                   call(unix.SYS_OPEN_BY_HANDLE_AT, ^uintptr(0)),
	"take a descriptor from a process": call(unix.SYS_PIDFD_GETFD, ^uintptr(0)),
}

// allowed are what recordings need.
var allowed = map[string]func(folder string) error{
	"read a file":       func(folder string) error { return second(os.ReadFile(folder + "/a")) },
	"take memory":       pages(unix.PROT_READ | unix.PROT_WRITE),
	"ask for a program": func(string) error { return notRefused(call(unix.SYS_BPF, 0, 0, 0)("")) },
	"ask for an event":  func(string) error { return notRefused(call(unix.SYS_PERF_EVENT_OPEN, 0, 0, 0, 0, 0)("")) },
	"start itself": func(string) error {
		child := exec.Command("/proc/self/exe")
		child.Env = []string{deedVariable + "="}
		child.Args = append(child.Args, "-test.run=^$")
		return child.Run()
	},
	"open files as another user": func(string) error {
		if os.Geteuid() != 0 {
			return nil // nobody else's rights can be taken on
		}
		for _, number := range []uintptr{unix.SYS_SETFSGID, unix.SYS_SETFSUID} { // on a thread that ends with the deed
			_, _, _ = unix.RawSyscall(number, 65534, 0, 0)
			if now, _, _ := unix.RawSyscall(number, uintptr(^uint32(0)), 0, 0); now != 65534 {
				return unix.EPERM
			}
		}
		return nil
	},
	"read its own memory": func(string) error {
		from, to := []byte("abc"), make([]byte, 3)
		local, remote := []unix.Iovec{{Base: &to[0], Len: 3}}, []unix.RemoteIovec{{Base: uintptr(unsafe.Pointer(&from[0])), Len: 3}}
		_, err := unix.ProcessVMReadv(os.Getpid(), local, remote, 0)
		runtime.KeepAlive(from)
		return err
	},
}

func second[T any](_ T, err error) error { return err }

// notRefused takes an error of the call itself: it was made.
func notRefused(err error) error {
	if errors.Is(err, unix.EFAULT) || errors.Is(err, unix.EINVAL) || errors.Is(err, unix.E2BIG) {
		return nil
	}
	return err
}

func TestMain(m *testing.M) {
	if deed := os.Getenv(deedVariable); deed != "" {
		fmt.Print(behindTheList(deed, os.Getenv(folderVariable)))
		return
	}
	os.Exit(m.Run())
}

// behindTheList does something after Begin, in a thread that was there before.
func behindTheList(deed, folder string) string {
	do, later := allowed[deed], make(chan error)
	if do == nil {
		do = forbidden[deed]
	}
	begun := make(chan struct{})
	go func() {
		runtime.LockOSThread()
		<-begun
		later <- do(folder)
	}()
	if err := Begin(); err != nil {
		return "begin: " + err.Error()
	}
	close(begun)
	err := <-later
	switch {
	case err == nil:
		return "done"
	case errors.Is(err, unix.EPERM):
		return "refused"
	default:
		return err.Error()
	}
}

func try(t *testing.T, deed string) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "a"), []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	child := exec.Command("/proc/self/exe")
	child.Env = append(os.Environ(), deedVariable+"="+deed, folderVariable+"="+folder)
	out, err := child.CombinedOutput()
	if err != nil {
		return fmt.Sprintf("%s: %v", out, err)
	}
	return strings.TrimSpace(string(out))
}

func TestWhoeverTakesTheHelperOverIsRefused(t *testing.T) {
	for deed := range forbidden {
		if got := try(t, deed); got != "refused" {
			t.Errorf("%s: %s", deed, got)
		}
	}
}

func TestWhatRecordingNeedsIsAllowed(t *testing.T) {
	for deed := range allowed {
		if got := try(t, deed); got != "done" {
			t.Errorf("%s: %s", deed, got)
		}
	}
}
