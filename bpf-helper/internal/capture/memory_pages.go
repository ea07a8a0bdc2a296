package capture

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// pageMaps reads what the kernel says of pages. The last process's file stays open until `close`.
type pageMaps struct {
	pid    int32
	file   *os.File
	buffer []byte
}

// The bits of an entry of /proc/PID/pagemap: Documentation/admin-guide/mm/pagemap.rst of the kernel.
const (
	pagePresent   = 1 << 63
	pageSwapped   = 1 << 62
	pageOfFile    = 1 << 61 // or shared memory
	pageExclusive = 1 << 56
)

var errNoMemory = errors.New("the process has no memory")

func (m *pageMaps) open(pid int32) error {
	if m.file != nil && m.pid == pid {
		return nil
	}
	m.close()
	file, err := os.Open(fmt.Sprintf("/proc/%d/pagemap", pid))
	if err != nil {
		return err
	}
	m.pid, m.file = pid, file
	return nil
}

// scanArgument is pm_scan_arg of linux/fs.h, and scannedRegion its page_region.
type scanArgument struct {
	size, flags, start, end, walkEnd, regions, regionCount, maxPages uint64
	inverted, mask, anyOf, returned                                  uint64
}

type scannedRegion struct{ start, end, categories uint64 }

const (
	scanPages    = 0xc0606610 // PAGEMAP_SCAN, from 6.7 on
	categoryHuge = 1 << 6     // PAGE_IS_HUGE
)

func (m *pageMaps) isHuge(pid int32, first, count uint64) (huge, known bool) {
	if m.open(pid) != nil {
		return false, false
	}
	var region scannedRegion
	page := uint64(os.Getpagesize())
	argument := scanArgument{
		start: first * page, end: (first + count) * page, regions: uint64(uintptr(unsafe.Pointer(&region))), regionCount: 1,
		mask: categoryHuge, returned: categoryHuge,
	}
	argument.size = uint64(unsafe.Sizeof(argument))
	found, _, errno := unix.Syscall(unix.SYS_IOCTL, m.file.Fd(), scanPages, uintptr(unsafe.Pointer(&argument)))
	runtime.KeepAlive(&region)
	if errno != 0 {
		return false, false
	}
	return found == 1 && region.start <= first*page && region.end >= (first+count)*page, true
}

func (m *pageMaps) read(pid int32, first uint64, states []pageState) error {
	if err := m.open(pid); err != nil {
		return err
	}
	if size := 8 * len(states); len(m.buffer) < size {
		m.buffer = make([]byte, size)
	}
	buffer := m.buffer[:8*len(states)]
	n, err := unix.Pread(int(m.file.Fd()), buffer, int64(first*8))
	if err != nil {
		return err
	}
	if n < len(buffer) {
		return errNoMemory
	}
	for i := range states {
		states[i] = stateOf(binary.NativeEndian.Uint64(buffer[8*i:]))
	}
	return nil
}

func stateOf(entry uint64) pageState {
	switch {
	case entry&(pagePresent|pageSwapped) == 0:
		return pageGone
	case entry&pageOfFile == 0 && entry&(pageExclusive|pageSwapped) != 0:
		return pageOwn
	default:
		return pageShared
	}
}

func (m *pageMaps) close() {
	if m.file != nil {
		_ = m.file.Close()
		m.file = nil
	}
}
