package control

import (
	"os"
	"strings"
	"testing"
)

func TestAllThreadsMayWakeLate(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("skipped: only root may say so of all threads")
	}
	Calm()
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	late := 0
	for _, thread := range threads {
		text, err := os.ReadFile("/proc/" + thread.Name() + "/timerslack_ns")
		if err == nil && strings.TrimSpace(string(text)) == "4000000" {
			late++
		}
	}
	if late < 2 {
		t.Errorf("%d of %d threads may wake late", late, len(threads))
	}
}
