package symbolize

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Opening a file that a process has mapped, as root, on behalf of a peer, is where the helper could be tricked:
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

// Process names one process for good: a number alone is used again.
type Process struct {
	PID int
	// StartTime is field 22 of /proc/PID/stat, in clock ticks since boot; 0 leaves it unchecked.
	StartTime uint64
	// PeerUID is on whose behalf the file is opened; 0 may look into every process.
	PeerUID uint32
}

// ErrNotPermitted says that the peer may not look into the process.
var ErrNotPermitted = errors.New("the peer may not look into this process")

// VDSO is the path of the kernel's own code in every process; it is no file, and gives a copy in memory.
const VDSO = "[vdso]"

// OpenModule opens the file that the process has mapped from path, which is as /proc/PID/maps says or its last element.
func OpenModule(process Process, path string) (*os.File, error) {
	proc, err := unix.Open("/proc/"+strconv.Itoa(process.PID), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("look at process %d: %w", process.PID, err)
	}
	defer unix.Close(proc)
	if err := mayLook(proc, process); err != nil {
		return nil, err
	}
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

// OpenDebugFile opens the separate debug file of a build id, as distributions install them, inside the process's root;
// nil where there is none. The symbolizer compares the build ids.
func OpenDebugFile(process Process, buildID string) *os.File {
	if len(buildID) < 4 || len(buildID) > 128 || strings.Trim(buildID, "0123456789abcdef") != "" {
		return nil
	}
	proc, err := unix.Open("/proc/"+strconv.Itoa(process.PID), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(proc)
	if mayLook(proc, process) != nil {
		return nil
	}
	path := "/usr/lib/debug/.build-id/" + buildID[:2] + "/" + buildID[2:] + ".debug"
	opened, err := openInRoot(proc, path)
	if err != nil {
		return nil
	}
	defer unix.Close(opened)
	// Unlike the mapped file, this one was never opened by the process: root must not read for the peer what it can't.
	var info unix.Stat_t
	if unix.Fstat(opened, &info) != nil || process.PeerUID != 0 && info.Mode&0o004 == 0 && info.Uid != process.PeerUID {
		return nil
	}
	file, err := readable(opened, path)
	if err != nil {
		return nil
	}
	return file
}

func mayLook(proc int, process Process) error {
	stat, err := readAt(proc, "stat")
	if err != nil {
		return fmt.Errorf("look at process %d: %w", process.PID, err)
	}
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return fmt.Errorf("look at process %d: odd stat", process.PID)
	}
	if process.StartTime != 0 && fields[19] != strconv.FormatUint(process.StartTime, 10) {
		return fmt.Errorf("process %d is another one by now: %w", process.PID, unix.ESRCH)
	}
	if process.PeerUID == 0 {
		return nil
	}
	status, err := readAt(proc, "status")
	if err != nil {
		return fmt.Errorf("look at process %d: %w", process.PID, err)
	}
	_, rest, _ := strings.Cut(status, "\nUid:")
	line, _, _ := strings.Cut(rest, "\n")
	uids := strings.Fields(line)
	if len(uids) != 4 {
		return ErrNotPermitted
	}
	for _, uid := range uids { // real, effective, saved, file system
		if uid != strconv.FormatUint(uint64(process.PeerUID), 10) {
			return ErrNotPermitted
		}
	}
	var maps unix.Stat_t
	if err := unix.Fstatat(proc, "maps", &maps, 0); err != nil || maps.Uid != process.PeerUID {
		return ErrNotPermitted
	}
	return nil
}

// mapping is one line of /proc/PID/maps.
type mapping struct {
	addresses string // "55d0c0000000-55d0c0001000", the name under map_files
	device    uint64
	inode     uint64
	path      string
}

func findMapping(proc int, path string) (mapping, error) {
	maps, err := readAt(proc, "maps")
	if err != nil {
		return mapping{}, fmt.Errorf("read the mappings: %w", err)
	}
	var best mapping
	for line := range strings.Lines(maps) {
		m, executable, ok := parseMapping(strings.TrimSuffix(line, "\n"))
		if !ok || m.path != path && filepath.Base(m.path) != path {
			continue
		}
		if executable {
			return m, nil
		}
		if best.addresses == "" {
			best = m
		}
	}
	if best.addresses == "" {
		return mapping{}, fmt.Errorf("the process has not mapped %q: %w", path, os.ErrNotExist)
	}
	return best, nil
}

func parseMapping(line string) (m mapping, executable, ok bool) {
	fields := strings.SplitN(line, " ", 6)
	if len(fields) != 6 {
		return m, false, false
	}
	name := strings.TrimSuffix(strings.TrimLeft(fields[5], " "), " (deleted)")
	majorText, minorText, _ := strings.Cut(fields[3], ":")
	major, err1 := strconv.ParseUint(majorText, 16, 32)
	minor, err2 := strconv.ParseUint(minorText, 16, 32)
	inode, err3 := strconv.ParseUint(fields[4], 10, 64)
	if err1 != nil || err2 != nil || err3 != nil || !strings.HasPrefix(name, "/") || inode == 0 {
		return m, false, false
	}
	return mapping{fields[0], unix.Mkdev(uint32(major), uint32(minor)), inode, unescape(name)}, fields[1][2] == 'x', true
}

// unescape undoes what the kernel does to line ends in paths.
func unescape(path string) string { return strings.ReplaceAll(path, `\012`, "\n") }

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

func readAt(folder int, name string) (string, error) {
	fd, err := unix.Openat(folder, name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	file := os.NewFile(uintptr(fd), name)
	defer file.Close()
	const maxBytes = 64 << 20 // the largest table of mappings: 65,530 of them with long paths
	var text strings.Builder
	buffer := make([]byte, 64<<10)
	for text.Len() < maxBytes {
		n, err := unix.Read(fd, buffer)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return "", err
		}
		if n <= 0 {
			break
		}
		text.Write(buffer[:n])
	}
	return text.String(), nil
}

// copyVDSO gives our own: the kernel maps the same one into every process of the same kind.
func copyVDSO() (*os.File, error) {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return nil, fmt.Errorf("find the vDSO: %w", err)
	}
	for line := range strings.Lines(string(maps)) {
		if !strings.HasSuffix(line, VDSO+"\n") {
			continue
		}
		var start, end uint64
		if _, err := fmt.Sscanf(line, "%x-%x ", &start, &end); err != nil || end <= start || end-start > 1<<20 {
			break
		}
		content := make([]byte, end-start)
		memory, err := os.Open("/proc/self/mem")
		if err != nil {
			return nil, fmt.Errorf("read the vDSO: %w", err)
		}
		defer memory.Close()
		if _, err := memory.ReadAt(content, int64(start)); err != nil {
			return nil, fmt.Errorf("read the vDSO: %w", err)
		}
		fd, err := unix.MemfdCreate("vdso", unix.MFD_CLOEXEC)
		if err != nil {
			return nil, fmt.Errorf("copy the vDSO: %w", err)
		}
		file := os.NewFile(uintptr(fd), VDSO)
		if _, err := file.Write(content); err != nil {
			_ = file.Close()
			return nil, fmt.Errorf("copy the vDSO: %w", err)
		}
		return file, nil
	}
	return nil, fmt.Errorf("find the vDSO: %w", os.ErrNotExist)
}
