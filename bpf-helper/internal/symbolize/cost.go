package symbolize

import (
	"bytes"
	"os"
	"strconv"
	"strings"
)

// residentOf is the memory of a process that is resident now, in bytes; 0 where it is gone.
func residentOf(pid int) int64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

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
