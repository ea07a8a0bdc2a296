package control

import (
	"os"
	"runtime"
	"strconv"
)

// slackNs is how late the kernel may wake us, so that it can do it together with something else.
const slackNs = 4_000_000

// Calm lets this process wake up less often. The Go runtime has a thread that watches the others; while anything runs
// it wakes every 20 µs, and for a process that works a little 30 times a second that was a third of all its time. One
// processor for every 16 of the machine is enough for what is left.
func Calm() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(1 + runtime.NumCPU()/16)
	}
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return
	}
	for _, thread := range threads {
		// Of other threads only root may set it, and new ones inherit it; where it is refused we wake more often.
		_ = os.WriteFile("/proc/"+thread.Name()+"/timerslack_ns", strconv.AppendInt(nil, slackNs, 10), 0o644)
	}
}
