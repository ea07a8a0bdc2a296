package target

import (
	"path/filepath"
	"strconv"
	"sync"
)

// Table keeps what is known of processes, the gone ones included for as long as their samples may still come.
type Table struct {
	proc Proc
	lock sync.Mutex
	now  map[int32]*Process
	gone []*Process // the latest that exited, oldest first
}

// maxGone bounds the memory for processes that exited; samples come within a second of the exit.
const maxGone = 8192

// NewTable makes an empty table over a folder laid out like /proc.
func NewTable(proc Proc) *Table { return &Table{proc: proc, now: map[int32]*Process{}} }

// Get gives a process by pid and start. It is read when it is not known yet; where it can't be read any more, what a
// sample says of it must do: `fallback` makes that.
func (t *Table) Get(pid int32, startNs uint64, fallback func() *Process) *Process {
	t.lock.Lock()
	defer t.lock.Unlock()
	if known := t.find(pid, startNs); known != nil {
		return known
	}
	process, err := t.proc.Read(pid)
	if err != nil || (startNs != 0 && !SameStart(process.StartNs, startNs)) {
		if fallback == nil {
			return nil
		}
		process = fallback()
		t.gone = append(t.gone, process)
		t.trim()
		return process
	}
	if startNs != 0 {
		process.StartNs = startNs
	}
	t.put(process)
	return process
}

func (t *Table) find(pid int32, startNs uint64) *Process {
	if known := t.now[pid]; known != nil && (startNs == 0 || SameStart(known.StartNs, startNs)) {
		return known
	}
	for i := len(t.gone) - 1; i >= 0; i-- {
		if p := t.gone[i]; p.PID == pid && startNs != 0 && SameStart(p.StartNs, startNs) {
			return p
		}
	}
	return nil
}

func (t *Table) put(process *Process) {
	if previous := t.now[process.PID]; previous != nil {
		t.gone = append(t.gone, previous)
		t.trim()
	}
	t.now[process.PID] = process
}

func (t *Table) trim() {
	if len(t.gone) > 2*maxGone {
		t.gone = append([]*Process(nil), t.gone[len(t.gone)-maxGone:]...)
	}
}

// Known gives a process that was read before, without reading.
func (t *Table) Known(pid int32) *Process {
	t.lock.Lock()
	defer t.lock.Unlock()
	return t.now[pid]
}

// Scan reads all processes that are not known yet, forgets those that are gone, and refreshes the working directory of
// those that `moved` asks for.
func (t *Table) Scan(moved func(*Process) bool) ([]*Process, error) {
	pids, err := t.proc.PIDs()
	if err != nil {
		return nil, err
	}
	t.lock.Lock()
	defer t.lock.Unlock()
	present := make(map[int32]bool, len(pids))
	processes := make([]*Process, 0, len(pids))
	for _, pid := range pids {
		present[pid] = true
		process := t.now[pid]
		if process != nil {
			start, err := t.proc.StartNs(pid)
			if err != nil {
				continue
			}
			if !SameStart(start, process.StartNs) {
				process = nil
			}
		}
		if process == nil {
			if process, err = t.proc.Read(pid); err != nil {
				continue
			}
			t.put(process)
		} else if moved(process) {
			process.WorkingDirectory = readLink(filepath.Join(t.proc.Folder, strconv.Itoa(int(pid))), "cwd")
		}
		processes = append(processes, process)
	}
	for pid, process := range t.now {
		if !present[pid] {
			delete(t.now, pid)
			t.gone = append(t.gone, process)
		}
	}
	t.trim()
	return processes, nil
}

// Forked notes a child, which is its parent's twin until it runs another program.
func (t *Table) Forked(pid, parent int32, uid uint32, startNs uint64) *Process {
	t.lock.Lock()
	defer t.lock.Unlock()
	child := &Process{}
	if from := t.now[parent]; from != nil {
		*child = *from
		child.CPUNs = 0
		child.NumberInside = 0
	}
	child.PID, child.ParentPID, child.UID, child.StartNs = pid, parent, uid, startNs
	t.put(child)
	return child
}

// Executed notes that a process runs another program now. What /proc says is taken where it can still be read;
// `filename` and `command` are what the kernel said at the time.
func (t *Table) Executed(pid, parent int32, uid uint32, startNs uint64, filename string, command []string) *Process {
	t.lock.Lock()
	defer t.lock.Unlock()
	process, err := t.readExecuted(pid, uid, startNs, command)
	if err != nil || process.Executable == "" { // it is gone, or its memory is, and then its files belong to root
		process = &Process{PID: pid, ParentPID: parent, UID: uid, Root: "/", Namespace: UnknownNamespace}
		if before := t.find(pid, startNs); before != nil {
			process.WorkingDirectory, process.Root, process.Namespace = before.WorkingDirectory, before.Root, before.Namespace
		} else if from := t.now[parent]; from != nil {
			process.WorkingDirectory, process.Root = from.WorkingDirectory, from.Root
		}
		process.Executable = filename
		if filename != "" && !filepath.IsAbs(filename) && process.WorkingDirectory != "" {
			process.Executable = filepath.Join(process.WorkingDirectory, filename)
		}
		process.Name = firstBytes(filepath.Base(filename), 15)
		process.CommandLine = LimitArguments(command)
	}
	process.StartNs = startNs
	t.put(process)
	return process
}

// wholeCommand is below what the kernel says of a command line at an exec; a longer one has to be read.
const wholeCommand = 1000

func (t *Table) readExecuted(pid int32, uid uint32, startNs uint64, command []string) (*Process, error) {
	bytes := 0
	for _, argument := range command {
		bytes += len(argument) + 1
	}
	if bytes == 0 || bytes > wholeCommand {
		process, err := t.proc.Read(pid)
		if err == nil && !SameStart(process.StartNs, startNs) {
			err = ErrGone
		}
		return process, err
	}
	process, err := t.proc.ReadLinks(pid, startNs)
	if err != nil {
		return nil, err
	}
	if process.UID != uid { // it may not be dumped, or its uids differ
		process.UID = MixedUID
	}
	process.CommandLine = LimitArguments(command)
	return process, nil
}

// Exited notes that a process is gone.
func (t *Table) Exited(pid int32) {
	t.lock.Lock()
	defer t.lock.Unlock()
	if process := t.now[pid]; process != nil {
		delete(t.now, pid)
		t.gone = append(t.gone, process)
		t.trim()
	}
}

// Ancestors gives a process's known ancestors, nearest first.
func (t *Table) Ancestors(process *Process) []*Process {
	t.lock.Lock()
	defer t.lock.Unlock()
	const deepest = 64
	var ancestors []*Process
	for at := t.now[process.ParentPID]; at != nil && len(ancestors) < deepest; at = t.now[at.ParentPID] {
		ancestors = append(ancestors, at)
	}
	return ancestors
}

func firstBytes(text string, count int) string {
	if len(text) > count {
		return text[:count]
	}
	return text
}
