package mapped

import (
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// DiesOfReturnProbes says whether probing the return of a function could end this process. From Linux 6.11 on the kernel brings such a
// function back by a system call of its own on x86-64, which only from 6.14 on passes the list of a process that may make certain calls
// only (seccomp), as of containers, browsers and services. A process that can't be looked at counts as one of them.
func DiesOfReturnProbes(process Process) bool {
	return runtime.GOARCH == "amd64" && blocksReturns(kernelRelease()) && hasFilter(process)
}

func kernelRelease() string {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return ""
	}
	return unix.ByteSliceToString(name.Release[:])
}

func blocksReturns(release string) bool {
	var major, minor int
	if n, _ := fmt.Sscanf(release, "%d.%d", &major, &minor); n != 2 {
		return false
	}
	return major == 6 && minor >= 11 && minor < 14
}

func hasFilter(process Process) bool {
	proc, err := openProcess(process)
	if err != nil {
		return true
	}
	defer unix.Close(proc)
	status, err := readAt(proc, "status")
	return err != nil || !strings.Contains(status, "\nSeccomp:\t0\n")
}
