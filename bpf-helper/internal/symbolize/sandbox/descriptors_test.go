package sandbox

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func TestDescriptorsAreKeptWithAndWithoutCloseRange(t *testing.T) {
	for name, keep := range map[string]func() error{"as the kernel can": keepDescriptors, "one by one": keepEach} {
		inherited, err := unix.Open(os.DevNull, unix.O_RDONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := keep(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		flags, err := unix.FcntlInt(uintptr(inherited), unix.F_GETFD, 0)
		if err != nil || flags&unix.FD_CLOEXEC == 0 {
			t.Errorf("%s: the flags of a descriptor are %#x (%v)", name, flags, err)
		}
		_ = unix.Close(inherited)
	}
}
