package capture

import (
	"bytes"
	"fmt"
	"os"
	"strconv"

	"github.com/cilium/ebpf"
)

// bytesPrograms count what sockets transfer; kernels before 6.3 have no such tracepoints.
var bytesPrograms = []string{"sent", "received"}

// Transferred is what a process has transferred: from the files, pipes and terminals that it reads, to those that it writes, and
// through sockets since it is wanted. Where the kernel can't tell sockets apart (before 6.3) those that are read and
// written like files count as such, and the others not at all.
type Transferred struct{ Read, Written, Sent, Received int64 }

// Since is what was added; never below 0.
func (t Transferred) Since(before Transferred) Transferred {
	return Transferred{
		max(t.Read-before.Read, 0), max(t.Written-before.Written, 0), max(t.Sent-before.Sent, 0), max(t.Received-before.Received, 0),
	}
}

// processBytes and exitRecord are twins of the structures in bpf/bytes.h.
type processBytes struct {
	Sent, Received, SentByWrite, ReceivedByRead uint64
	Read, Written                               uint64 // of threads that have ended
}

type exitRecord struct {
	lifecycleRecord
	Bytes processBytes
}

// transferred takes the sockets out of what was read and written.
func (b processBytes) transferred() Transferred {
	return Transferred{
		Read: int64(b.Read) - int64(b.ReceivedByRead), Written: int64(b.Written) - int64(b.SentByWrite),
		Sent: int64(b.Sent), Received: int64(b.Received),
	}
}

// Transferred reads what a process that is wanted has transferred so far, thread by thread: the kernel's own sum of a process has
// that of the children for which it has waited. It gives the number of threads, too.
func (e *Engine) Transferred(pid int32) (Transferred, int) {
	var bytes processBytes
	_ = e.gate.collection.Maps["process_bytes"].Lookup(uint32(pid), &bytes) // none until it uses a socket or a thread ends
	threads := threadsOf(pid)
	for _, tid := range threads {
		if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/io", pid, tid)); err == nil {
			read, written := parseIO(text)
			bytes.Read += read
			bytes.Written += written
		}
	}
	return bytes.transferred(), len(threads)
}

// parseIO gives rchar and wchar of a file /proc/PID/task/TID/io.
func parseIO(text []byte) (read, written uint64) {
	for line := range bytes.Lines(text) {
		name, value, _ := bytes.Cut(bytes.TrimSpace(line), []byte(": "))
		number, err := strconv.ParseUint(string(value), 10, 64)
		if err != nil {
			continue
		}
		switch string(name) {
		case "rchar":
			read = number
		case "wchar":
			written = number
		}
	}
	return read, written
}

// loadBytes loads what the kernel accepts of the programs that count what sockets transfer.
func loadBytes(spec *ebpf.CollectionSpec, maps map[string]*ebpf.Map) []*ebpf.Program {
	var programs []*ebpf.Program
	for _, name := range bytesPrograms {
		program, err := loadOne(spec, maps, name)
		if err != nil {
			for _, loaded := range programs {
				_ = loaded.Close()
			}
			return nil // both or none, or one direction would seem to be idle
		}
		programs = append(programs, program)
	}
	return programs
}
