package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// quietLooks is how often in a row the helper is seen with nothing to do until it is believed, lookEvery apart.
const (
	quietLooks = 6
	lookEvery  = 100 * time.Millisecond
	patience   = 30 * time.Second
)

// waitForRest waits until the helper has read what programs have mapped: warmUp at least, and on a busy machine until its threads
// have nothing left to do.
func waitForRest(t *testing.T, h *runningHelper) {
	t.Helper()
	time.Sleep(warmUp)
	began := time.Now()
	for quiet := 0; quiet < quietLooks; time.Sleep(lookEvery) {
		if quiet++; isBusy(h.command.Process.Pid) {
			quiet = 0
		}
		if time.Since(began) > patience {
			t.Logf("the helper still had something to do after %v", patience)
			return
		}
	}
}

// isBusy says whether a thread of a process runs, could run, or waits for a disk.
func isBusy(pid int) bool {
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	for _, task := range tasks {
		text, _ := os.ReadFile(task)
		_, after, _ := strings.Cut(string(text), ") ")
		if strings.HasPrefix(after, "R") || strings.HasPrefix(after, "D") {
			return true
		}
	}
	return false
}
