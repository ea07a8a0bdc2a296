package mapped

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

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

// openProcess opens a process's folder in /proc, where it is still that process and its peer may look at it.
func openProcess(process Process) (int, error) {
	proc, err := unix.Open("/proc/"+strconv.Itoa(process.PID), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("look at process %d: %w", process.PID, err)
	}
	if err := mayLook(proc, process); err != nil {
		_ = unix.Close(proc)
		return -1, err
	}
	return proc, nil
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

// StartTime is when a process began, in clock ticks since boot.
func StartTime(pid int) (uint64, error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, fmt.Errorf("look at process %d: %w", pid, err)
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 20 {
		return 0, fmt.Errorf("look at process %d: odd stat", pid)
	}
	return strconv.ParseUint(fields[19], 10, 64)
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
