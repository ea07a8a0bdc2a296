package symbolize

import (
	"fmt"

	"golang.org/x/sys/unix"

	"flameline.dev/helper/internal/symbolize/jit"
)

// readJIT reads a file that a virtual machine writes to meanwhile: into memory, as its names outlive it.
func readJIT(fd int) (*jit.Table, error) {
	var info unix.Stat_t
	if err := unix.Fstat(fd, &info); err != nil || info.Mode&unix.S_IFMT != unix.S_IFREG {
		return nil, fmt.Errorf("not a regular file: %w", jit.ErrNeither)
	}
	data := make([]byte, min(max(info.Size, 0), jit.MaxBytes))
	got := 0
	for got < len(data) {
		n, err := unix.Pread(fd, data[got:], int64(got))
		if err == unix.EINTR {
			continue
		}
		if err != nil || n == 0 {
			break
		}
		got += n
	}
	return jit.Read(data[:got])
}
