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
// written like files count as such, and the others not at all. MajorFaults are the page faults of its life for which a device had to
// be read: of mapped files, and of memory that was swapped out.
type Transferred struct{ Read, Written, Sent, Received, MajorFaults int64 }

// Since is what was added; never below 0.
func (t Transferred) Since(before Transferred) Transferred {
	return Transferred{
		max(t.Read-before.Read, 0), max(t.Written-before.Written, 0), max(t.Sent-before.Sent, 0), max(t.Received-before.Received, 0),
		max(t.MajorFaults-before.MajorFaults, 0),
	}
}

// processBytes and exitRecord are twins of the structures in bpf/bytes.h.
type processBytes struct {
	Sent, Received, SentByWrite, ReceivedByRead uint64
	Read, Written                               uint64 // of threads that have ended
	MajorFaults                                 uint64 // of an exit
}

type exitRecord struct {
	lifecycleRecord
	Bytes processBytes
}

// transferred takes the sockets out of what was read and written.
func (b processBytes) transferred() Transferred {
	return Transferred{
		Read: int64(b.Read) - int64(b.ReceivedByRead), Written: int64(b.Written) - int64(b.SentByWrite),
		Sent: int64(b.Sent), Received: int64(b.Received), MajorFaults: int64(b.MajorFaults),
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
	if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
		bytes.MajorFaults = parseMajorFaults(text)
	}
	return bytes.transferred(), len(threads)
}

// parseMajorFaults gives field 12 of a file /proc/PID/stat: of all threads of the process, also of those that have ended. The name in
// front may hold anything.
func parseMajorFaults(text []byte) uint64 {
	const afterName = 12 - 3 // the field behind the name is the third
	_, rest, _ := bytes.Cut(text[max(bytes.LastIndexByte(text, ')'), 0):], []byte(" "))
	fields := bytes.Fields(rest)
	if len(fields) <= afterName {
		return 0
	}
	faults, err := strconv.ParseUint(string(fields[afterName]), 10, 64)
	if err != nil {
		return 0
	}
	return faults
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
