// Package target knows the machine's processes and decides which of them a recording is about.
package target

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// MixedUID is the owner of a process that only root may see: its real, effective and saved uids differ, or it may not
// be dumped (a setuid program, an unreadable executable).
const MixedUID = ^uint32(0)

// clockTick is the unit of start times in /proc: USER_HZ is 100 on every Linux that we build for.
const clockTickNs = 10_000_000

// Limits on what is kept of a command line, which a process can make as long as it likes.
const (
	maxArguments     = 200
	maxArgumentBytes = 2048
	maxCommandBytes  = 32 << 10
	maxCommandRead   = 64 << 10
)

// Process is one program that ran in a process: an exec makes a new one with the same pid.
type Process struct {
	PID              int32
	ParentPID        int32
	Name             string
	Executable       string
	CommandLine      []string
	WorkingDirectory string
	Root             string // as the helper sees it; "/" outside containers
	UID              uint32
	StartNs          uint64 // since boot, in steps of 10 ms where read from /proc
	CPUNs            int64
	Kernel           bool // a kernel thread
	// Namespace is that of its process numbers: 0 is ours, UnknownNamespace could not be read.
	Namespace uint64
	// NumberInside is its number in that namespace where it is not ours; 0 is not known.
	NumberInside int32
}

// Proc reads processes below a folder laid out like /proc.
type Proc struct{ Folder string }

// ErrGone says that the process does not exist (any more).
var ErrGone = errors.New("no such process")

// PIDs lists the processes there are.
func (p Proc) PIDs() ([]int32, error) {
	folder, err := os.Open(p.Folder)
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	defer folder.Close()
	names, err := folder.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	pids := make([]int32, 0, len(names))
	for _, name := range names {
		if pid, err := strconv.ParseInt(name, 10, 32); err == nil && pid > 0 {
			pids = append(pids, int32(pid))
		}
	}
	return pids, nil
}

// Read reads everything about a process. What can't be read stays empty; only a process that is gone is an error.
func (p Proc) Read(pid int32) (*Process, error) {
	folder := filepath.Join(p.Folder, strconv.Itoa(int(pid)))
	process, err := p.readStat(pid, folder)
	if err != nil {
		return nil, err
	}
	process.UID = owner(folder)
	if process.Kernel {
		return process, nil
	}
	process.Executable = strings.TrimSuffix(readLink(folder, "exe"), " (deleted)")
	process.WorkingDirectory = strings.TrimSuffix(readLink(folder, "cwd"), " (deleted)")
	process.Root = readLink(folder, "root")
	process.CommandLine = readArguments(folder)
	process.readNamespace(folder)
	// The pid may have been taken by another process while we were reading.
	again, err := p.readStat(pid, folder)
	if err != nil || again.StartNs != process.StartNs {
		return nil, fmt.Errorf("read process %d: %w", pid, ErrGone)
	}
	return process, nil
}

// ReadLinks reads only what an exec does not tell by itself: executable, working directory, root, and whose process it
// is. It costs a third of Read, and a build starts hundreds of programs a second.
func (p Proc) ReadLinks(pid int32, startNs uint64) (*Process, error) {
	folder := filepath.Join(p.Folder, strconv.Itoa(int(pid)))
	uid, err := fileOwner(folder)
	if err != nil {
		return nil, fmt.Errorf("read process %d: %w", pid, ErrGone)
	}
	process := &Process{
		PID: pid, UID: uid, StartNs: startNs,
		Executable:       strings.TrimSuffix(readLink(folder, "exe"), " (deleted)"),
		WorkingDirectory: strings.TrimSuffix(readLink(folder, "cwd"), " (deleted)"),
		Root:             readLink(folder, "root"),
	}
	process.readNamespace(folder)
	// The pid may have been taken by another process while we were reading.
	now, err := p.readStat(pid, folder)
	if err != nil || !SameStart(now.StartNs, startNs) {
		return nil, fmt.Errorf("read process %d: %w", pid, ErrGone)
	}
	process.Name, process.ParentPID, process.CPUNs = now.Name, now.ParentPID, now.CPUNs
	return process, nil
}

// StartNs reads when a process began, since boot, in steps of 10 ms.
func (p Proc) StartNs(pid int32) (uint64, error) {
	process, err := p.readStat(pid, filepath.Join(p.Folder, strconv.Itoa(int(pid))))
	if err != nil {
		return 0, err
	}
	return process.StartNs, nil
}

// SameStart says whether two start times since boot, of which each may be rounded down to 10 ms, can be equal.
func SameStart(a, b uint64) bool { return a/clockTickNs == b/clockTickNs }

func (p Proc) readStat(pid int32, folder string) (*Process, error) {
	text, err := os.ReadFile(filepath.Join(folder, "stat"))
	if err != nil {
		return nil, fmt.Errorf("read process %d: %w", pid, ErrGone)
	}
	process, err := parseStat(string(text))
	if err != nil {
		return nil, fmt.Errorf("read process %d: %w", pid, err)
	}
	process.PID = pid
	return process, nil
}

// parseStat reads /proc/PID/stat, in which the name may hold spaces and parentheses of its own.
func parseStat(text string) (*Process, error) {
	open, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return nil, errors.New("its stat has no name")
	}
	fields := strings.Fields(text[end+1:])
	if len(fields) < 20 {
		return nil, errors.New("its stat is too short")
	}
	number := func(field int) int64 { // numbered as in proc(5), where the state is field 3
		value, _ := strconv.ParseInt(fields[field-3], 10, 64)
		return value
	}
	const kernelThread = 0x00200000 // PF_KTHREAD
	return &Process{
		Name:      strings.ToValidUTF8(text[open+1:end], "�"),
		ParentPID: int32(number(4)),
		Kernel:    number(9)&kernelThread != 0,
		CPUNs:     (number(14) + number(15)) * clockTickNs,
		StartNs:   uint64(number(22)) * clockTickNs,
	}, nil
}

// fileOwner is the owner of the files in a process's folder: root where the process may not be dumped. The folder itself
// tells the effective uid in any case.
func fileOwner(folder string) (uint32, error) {
	var info unix.Stat_t
	err := unix.Stat(filepath.Join(folder, "stat"), &info)
	return info.Uid, err
}

// owner is the uid whose process it is: all four uids agree with each other and with the owner of its files.
func owner(folder string) uint32 {
	ownerOfFiles, err := fileOwner(folder)
	if err != nil {
		return MixedUID
	}
	status, err := os.ReadFile(filepath.Join(folder, "status"))
	if err != nil {
		return MixedUID
	}
	for line := range strings.Lines(string(status)) {
		ids, found := strings.CutPrefix(line, "Uid:")
		if !found {
			continue
		}
		all := strings.Fields(ids)
		if len(all) != 4 { // real, effective, saved, file system
			return MixedUID
		}
		for _, id := range all {
			if id != strconv.FormatUint(uint64(ownerOfFiles), 10) {
				return MixedUID
			}
		}
		return ownerOfFiles
	}
	return MixedUID
}

func readLink(folder, name string) string {
	link, err := os.Readlink(filepath.Join(folder, name))
	if err != nil {
		return ""
	}
	return strings.ToValidUTF8(link, "�")
}

// readArguments reads as much of a command line as is kept: a process can make it as long as it likes.
func readArguments(folder string) []string {
	file, err := os.Open(filepath.Join(folder, "cmdline"))
	if err != nil {
		return nil
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxCommandRead))
	if err != nil {
		return nil
	}
	return splitArguments(string(text))
}

func splitArguments(text string) []string {
	text = strings.TrimRight(text, "\x00")
	if text == "" {
		return nil
	}
	return LimitArguments(strings.Split(text, "\x00"))
}

// LimitArguments cuts a command line to what is worth keeping.
func LimitArguments(arguments []string) []string {
	if len(arguments) > maxArguments {
		arguments = arguments[:maxArguments]
	}
	kept := make([]string, 0, len(arguments))
	bytes := 0
	for _, argument := range arguments {
		argument = strings.ToValidUTF8(firstBytes(argument, maxArgumentBytes), "�")
		bytes += len(argument)
		if bytes > maxCommandBytes {
			break
		}
		kept = append(kept, argument)
	}
	return kept
}
