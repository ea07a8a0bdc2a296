package control

import (
	"encoding/json"

	"flameline.dev/helper/internal/target"
	"flameline.dev/helper/internal/wire"
)

// listBytes is the size at which the list of processes is shortened, below what a frame may have.
const listBytes = wire.MaxFrameBytes / 2

func (c *connection) listProcesses(request wire.ProcessesRequest) {
	c.send(wire.ProcessList{Type: wire.TypeProcesses, Request: request.Request, Processes: listProcesses(procFolder, c.peer)})
}

func listProcesses(proc target.Proc, p peer) []wire.ProcessListEntry {
	entries := []wire.ProcessListEntry{}
	pids, err := proc.PIDs()
	if err != nil {
		return entries
	}
	var list shortened
	for _, pid := range pids {
		process, err := proc.Read(pid)
		if err != nil || process.Kernel || !p.sees(process) {
			continue
		}
		number, parent := p.number(process)
		entry := wire.ProcessListEntry{
			PID: number, ParentPID: parent, Name: process.Name, Executable: process.Executable,
			CommandLine: append([]string{}, process.CommandLine...), WorkingDirectory: process.WorkingDirectory,
			UID: process.UID, CPUNs: process.CPUNs,
		}
		if !list.fits(&entry) {
			break
		}
		entries = append(entries, entry)
	}
	return entries
}

// shortened keeps a list below what a frame may have: on a machine with thousands of processes it cuts command lines
// rather than the list, and the list rather than all.
type shortened struct{ bytes int }

func (s *shortened) fits(entry *wire.ProcessListEntry) bool {
	size := entrySize(entry)
	if s.bytes+size > listBytes {
		entry.CommandLine = []string{}
		size = entrySize(entry)
	}
	if s.bytes+size > wire.MaxFrameBytes-1024 {
		return false
	}
	s.bytes += size
	return true
}

func entrySize(entry *wire.ProcessListEntry) int {
	encoded, err := json.Marshal(entry)
	if err != nil {
		return 0
	}
	return len(encoded) + 1
}
