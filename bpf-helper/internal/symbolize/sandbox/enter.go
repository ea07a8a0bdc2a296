package sandbox

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Limits of the process. Memory is bounded by dataBytes: the address space must hold the mapped files too.
const (
	addressSpaceBytes = 16 << 30
	dataBytes         = 768 << 20
	openFiles         = 64
	// CPUSeconds is all that one process may use; its client replaces it before that (RetireAfterSeconds).
	CPUSeconds         = 600
	RetireAfterSeconds = 300
)

// Enter gives up what is left: limits, no_new_privs, the system calls. It fails where the process still has privilege.
func Enter() error {
	if os.Geteuid() == 0 || os.Getuid() == 0 {
		return errors.New("the symbolizer must not run as root")
	}
	for _, limit := range []struct {
		name     string
		resource int
		value    uint64
	}{
		{"address space", unix.RLIMIT_AS, addressSpaceBytes},
		{"data", unix.RLIMIT_DATA, dataBytes},
		{"CPU time", unix.RLIMIT_CPU, CPUSeconds},
		{"open files", unix.RLIMIT_NOFILE, openFiles},
		{"file size", unix.RLIMIT_FSIZE, 0},
		{"core", unix.RLIMIT_CORE, 0},
	} {
		var now unix.Rlimit
		if err := unix.Getrlimit(limit.resource, &now); err != nil {
			return fmt.Errorf("read the limit of %s: %w", limit.name, err)
		}
		value := min(limit.value, now.Max)
		if err := unix.Setrlimit(limit.resource, &unix.Rlimit{Cur: value, Max: value}); err != nil {
			return fmt.Errorf("limit %s: %w", limit.name, err)
		}
	}
	// Other processes of the same user must not attach to this one.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("become undumpable: %w", err)
	}
	// Usually inherited from the launcher; harmless to repeat, and TSYNC hands it to all threads.
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("set no_new_privs: %w", err)
	}
	// The first timer makes the Go runtime open its poller, which it could not any more behind the filter.
	time.Sleep(time.Nanosecond)
	return install()
}
