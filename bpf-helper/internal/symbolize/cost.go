package symbolize

import (
	"bytes"
	"os"
	"strconv"
)

// cpuOf is the CPU time of a process so far, in ns, to the kernel's hundredth of a second; 0 where it is gone.
func cpuOf(pid int) int64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0
	}
	// The name, in parentheses, may hold anything: fields are counted from behind it (proc(5): state is the third).
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 13 {
		return 0
	}
	const nsPerTick = 10_000_000 // USER_HZ is 100 on every Linux of ours
	user, _ := strconv.ParseInt(string(fields[11]), 10, 64)
	system, _ := strconv.ParseInt(string(fields[12]), 10, 64)
	return (user + system) * nsPerTick
}
