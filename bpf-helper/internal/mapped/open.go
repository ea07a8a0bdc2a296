// Package mapped opens files that processes have mapped, as root, on behalf of peers.
//
// This is where the helper could be tricked:
//
//   - The pid may be another process by now, even another user's: /proc/PID is opened once, owner and start time are checked
//     through that descriptor, and everything else goes through it too. A dead process's folder answers ESRCH for ever.
//   - The peer must be allowed to look into the process: same uid throughout, and /proc/PID/maps owned by it; the kernel
//     gives that file to root when the process must not be looked into (set-uid programs, unreadable ones).
//   - A path can lead elsewhere than when it was mapped: map_files leads to the mapped file itself, deleted or replaced or
//     not. Without it the path is resolved inside the process's root (openat2 with RESOLVE_IN_ROOT: neither absolute links
//     nor ".." leave it, no magic links are followed) and must have the device and inode of the mapping.
//   - The file may be a device or a FIFO, where opening alone has effects or hangs: it is opened with O_PATH, which does
//     nothing, and read only once it is known to be a regular file.
//   - The file may change or shrink while it is read: that is the parser's to survive, and it has no rights.
package mapped

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// Open opens the file that the process has mapped from path, which is as /proc/PID/maps says or its last element.
func Open(process Process, path string) (*os.File, error) {
	proc, err := openProcess(process)
	if err != nil {
		return nil, err
	}
	defer unix.Close(proc)
	if path == VDSO {
		return copyVDSO()
	}
	mapping, err := findMapping(proc, path)
	if err != nil {
		return nil, err
	}
	opened, err := unix.Openat(proc, "map_files/"+mapping.addresses, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		opened, err = openByPath(proc, mapping)
	}
	if err != nil {
		return nil, fmt.Errorf("open %q of process %d: %w", path, process.PID, err)
	}
	defer unix.Close(opened)
	return readable(opened, mapping.path)
}

// OpenRegular opens the file that a path leads to, where that is a regular file; anything else stays untouched. It is for
// links of the kernel's own, such as those below /proc/PID/map_files: whoever makes a path of names leads it anywhere.
func OpenRegular(path string) (*os.File, error) {
	opened, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", path, err)
	}
	defer unix.Close(opened)
	return readable(opened, path)
}

// Reopen gives another description of an open file, so that offsets are not shared.
func Reopen(file *os.File) (*os.File, error) {
	defer runtime.KeepAlive(file)
	return readable(int(file.Fd()), file.Name())
}

// openByPath is for kernels or containers where map_files is closed to us.
func openByPath(proc int, m mapping) (int, error) {
	opened, err := openInRoot(proc, m.path)
	if err != nil {
		return -1, err
	}
	var info unix.Stat_t
	if err := unix.Fstat(opened, &info); err != nil || info.Ino != m.inode || info.Dev != m.device {
		_ = unix.Close(opened)
		return -1, errors.New("another file lies at its path by now")
	}
	return opened, nil
}

func openInRoot(proc int, path string) (int, error) {
	root, err := unix.Openat(proc, "root", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	defer unix.Close(root)
	return unix.Openat2(root, path, &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	})
}

// readable turns an O_PATH descriptor of a regular file into one to read from.
func readable(opened int, name string) (*os.File, error) {
	var info unix.Stat_t
	if err := unix.Fstat(opened, &info); err != nil {
		return nil, fmt.Errorf("look at %q: %w", name, err)
	}
	if info.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, fmt.Errorf("%q is not a regular file", name)
	}
	// The descriptor holds the file itself, so this can't lead to another.
	fd, err := unix.Open("/proc/self/fd/"+strconv.Itoa(opened), unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", name, err)
	}
	if err := unix.SetNonblock(fd, false); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("read %q: %w", name, err)
	}
	return os.NewFile(uintptr(fd), name), nil
}
