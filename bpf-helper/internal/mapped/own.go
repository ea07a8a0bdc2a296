package mapped

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// maxOwnBytes bounds a file that a peer names; the largest debug files of browsers have some 2 GB.
	maxOwnBytes = 4 << 30
	// openTimeout is how long opening may take: the file may lie on a file system of the peer's own, which need not answer.
	openTimeout = 5 * time.Second
)

// ErrNoAnswer says that a file system did not answer in time. The thread that asks it stays behind.
var ErrNoAnswer = errors.New("its file system does not answer")

// OpenOwn opens a file that a peer names, as that user would, who has to own it: `process` is the peer's, in whose root the
// path is resolved. Nothing is opened that the user could not open themselves, and nothing but a regular file.
func OpenOwn(process Process, gid uint32, path string) (*os.File, error) {
	return openFor(process, gid, path, true)
}

// OpenReadable does the same with a file that a binary names, whoever owns it.
func OpenReadable(process Process, gid uint32, path string) (*os.File, error) {
	return openFor(process, gid, path, false)
}

func openFor(process Process, gid uint32, path string, own bool) (*os.File, error) {
	if len(path) > unix.PathMax || !filepath.IsAbs(path) {
		return nil, errors.New("a path must be absolute")
	}
	proc, err := openProcess(process)
	if err != nil {
		return nil, err
	}
	defer unix.Close(proc)
	root, err := unix.Openat(proc, "root", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("look at the root of process %d: %w", process.PID, err)
	}
	type answer struct {
		file *os.File
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		defer unix.Close(root)
		file, err := openAs(process.PeerUID, gid, root, path, own)
		answers <- answer{file, err}
	}()
	select {
	case a := <-answers:
		return a.file, a.err
	case <-time.After(openTimeout):
		go func() {
			if a := <-answers; a.file != nil {
				_ = a.file.Close()
			}
		}()
		return nil, ErrNoAnswer
	}
}

// PerfMapPath is where a process's virtual machine writes down what code it makes, by the number that the process has for itself.
func PerfMapPath(pid int) (string, error) {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return "", fmt.Errorf("look at process %d: %w", pid, err)
	}
	_, rest, _ := strings.Cut(string(status), "\nNSpid:")
	line, _, _ := strings.Cut(rest, "\n")
	numbers := strings.Fields(line)
	if len(numbers) == 0 {
		return "", fmt.Errorf("look at process %d: odd status", pid)
	}
	return "/tmp/perf-" + numbers[len(numbers)-1] + ".map", nil
}

// PerfMapTime is when a process's perf map was changed last. Nothing is opened for it.
func PerfMapTime(process Process) (time.Time, error) {
	path, err := PerfMapPath(process.PID)
	if err != nil {
		return time.Time{}, err
	}
	proc, err := openProcess(process)
	if err != nil {
		return time.Time{}, err
	}
	defer unix.Close(proc)
	opened, err := openInRoot(proc, path)
	if err != nil {
		return time.Time{}, err
	}
	defer unix.Close(opened)
	var info unix.Stat_t
	if err := unix.Fstat(opened, &info); err != nil {
		return time.Time{}, fmt.Errorf("look at %q: %w", path, err)
	}
	return time.Unix(0, info.Mtim.Nano()), nil
}

// openAs must be called on a goroutine of its own, whose thread takes over the user's identity for files and ends with it.
func openAs(uid, gid uint32, root int, path string, own bool) (*os.File, error) {
	runtime.LockOSThread() // and never unlocked: no other goroutine may get this thread
	if os.Geteuid() == 0 && uid != 0 {
		if err := becomeForFiles(uid, gid); err != nil {
			return nil, err
		}
	}
	opened, err := unix.Openat2(root, path, &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_NOFOLLOW | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	})
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", path, err)
	}
	defer unix.Close(opened)
	var info unix.Stat_t
	if err := unix.Fstat(opened, &info); err != nil {
		return nil, fmt.Errorf("look at %q: %w", path, err)
	}
	if info.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, fmt.Errorf("%q is not a regular file", path)
	}
	if own && info.Uid != uid {
		return nil, fmt.Errorf("%q belongs to another user", path)
	}
	if info.Size > maxOwnBytes {
		return nil, fmt.Errorf("%q has %d bytes", path, info.Size)
	}
	return readable(opened, path)
}

// becomeForFiles gives the calling thread a user's rights on files, and no others: the kernel takes the capabilities that
// overrule permissions along, and the groups of root go. The process stays root's for everything else, signals included.
func becomeForFiles(uid, gid uint32) error {
	// By thread: the library's own calls would change all of them.
	if _, _, errno := unix.RawSyscall(unix.SYS_SETGROUPS, 0, 0, 0); errno != 0 {
		return fmt.Errorf("leave root's groups: %w", errno)
	}
	for _, call := range []struct {
		number uintptr
		id     uint32
	}{{unix.SYS_SETFSGID, gid}, {unix.SYS_SETFSUID, uid}} {
		_, _, _ = unix.RawSyscall(call.number, uintptr(call.id), 0, 0)
		// The call never fails, it only says what was before.
		if now, _, _ := unix.RawSyscall(call.number, uintptr(^uint32(0)), 0, 0); uint32(now) != call.id {
			return errors.New("the rights of the user could not be taken on")
		}
	}
	return nil
}
