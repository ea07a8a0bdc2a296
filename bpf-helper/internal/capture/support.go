package capture

import (
	"errors"
	"os"
	"strings"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// Unsupported says whether an error of Load means that the kernel lacks something that we need.
func Unsupported(err error) bool {
	var lack Lack
	if errors.As(err, &lack) {
		return !lack.Right
	}
	if errors.Is(err, ebpf.ErrNotSupported) || errors.Is(err, unix.ENOSYS) {
		return true
	}
	_, noTypes := os.Stat("/sys/kernel/btf/vmlinux")
	return noTypes != nil
}

// Unprivileged says whether an error of Load means that we may not. The engine does not wrap the kernel's error.
func Unprivileged(err error) bool {
	var lack Lack
	if errors.As(err, &lack) {
		return lack.Right
	}
	return os.Geteuid() != 0 || errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES) ||
		strings.Contains(err.Error(), unix.EPERM.Error())
}
