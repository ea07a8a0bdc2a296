package symbolize

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// Memory is what of a process is resident in RAM now, in bytes.
type Memory struct {
	// Program is the process's own executable: the same pages serve every process that runs it, so they count once.
	Program int64
	// Rest is everything else: memory of its own, and pages of other files that it has mapped.
	Rest int64
}

// MemoryOf reads a process's memory; nothing where the process is gone. The rings that BPF programs write into are left
// out, as they are accounted with the maps (and are mapped twice in a row).
func MemoryOf(pid int) Memory {
	program, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil {
		return Memory{}
	}
	file, err := os.Open(fmt.Sprintf("/proc/%d/smaps", pid))
	if err != nil {
		return Memory{}
	}
	defer file.Close()
	return sumMemory(file, program)
}

// measuredFor is how long a measurement holds: the kernel walks all pages for it, a millisecond for 60 MB.
const measuredFor = 15 * time.Second

// recentMemory is a process's memory without its program's pages, measured now and then.
type recentMemory struct {
	pid  int
	at   time.Time
	rest int64
}

func (m *recentMemory) of(pid int) int64 {
	if pid != m.pid || time.Since(m.at) > measuredFor {
		*m = recentMemory{pid, time.Now(), MemoryOf(pid).Rest}
	}
	return m.rest
}

const ring = "anon_inode:bpf-map"

// sumMemory reads a table such as
//
//	00400000-00a3c000 r-xp 00000000 fe:00 1234    /opt/flameline-helper
//	Rss:                5000 kB
//	Anonymous:           100 kB
func sumMemory(smaps io.Reader, program string) Memory {
	var sum Memory
	file, resident := "", int64(0)
	for lines := bufio.NewScanner(smaps); lines.Scan(); {
		line := lines.Bytes()
		name, value, isField := bytes.Cut(line, []byte(":"))
		switch {
		case isField && string(name) == "Rss":
			resident = kilobytes(value)
			if file != ring {
				sum.Rest += resident
			}
		case isField && string(name) == "Anonymous":
			if file == program {
				shared := resident - kilobytes(value)
				sum.Program += shared
				sum.Rest -= shared
			}
		case bytes.IndexByte(name, '-') > 0: // the head of a mapping, in which there are colons too
			file = ""
			if fields := strings.SplitN(string(line), " ", 6); len(fields) == 6 {
				file = strings.TrimLeft(fields[5], " ")
			}
		}
	}
	return sum
}

func kilobytes(value []byte) int64 {
	number, _, _ := bytes.Cut(bytes.TrimSpace(value), []byte(" "))
	n, _ := strconv.ParseInt(string(number), 10, 64)
	return n << 10
}
