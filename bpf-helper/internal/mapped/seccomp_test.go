package mapped

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestKernelsThatEndFilteredProcessesAreKnown(t *testing.T) {
	for release, want := range map[string]bool{
		"6.1.0-18-amd64": false, "6.10.3": false, "6.11.0": true, "6.12.9-amd64": true, "6.13.0-rc2": true, "6.14.1": false, "7.0.0": false, "": false,
	} {
		if got := blocksReturns(release); got != want {
			t.Errorf("Linux %q: %v", release, got)
		}
	}
	if !hasFilter(Process{PID: 1 << 30}) {
		t.Error("a process that is not there has no filter")
	}
	status, _ := os.ReadFile("/proc/self/status")
	if hasFilter(Process{PID: os.Getpid()}) != !slices.Contains(strings.Split(string(status), "\n"), "Seccomp:\t0") {
		t.Error("our own filter is told wrongly")
	}
}
