package sandbox

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

const firstOwn = 3 // behind the standard ones

// keepDescriptors lets no program that is executed have what we opened or inherited ourselves (from sudo, a shell).
func keepDescriptors() error {
	err := unix.CloseRange(firstOwn, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC)
	if errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EINVAL) { // kernels before 5.9, and before 5.11
		err = keepEach()
	}
	if err != nil {
		return fmt.Errorf("keep our descriptors to ourselves: %w", err)
	}
	return nil
}

func keepEach() error {
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, each := range open {
		if fd, err := strconv.Atoi(each.Name()); err == nil && fd >= firstOwn {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}
