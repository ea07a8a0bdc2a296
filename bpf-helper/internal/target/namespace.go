package target

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// UnknownNamespace is that of a process of which it could not be read.
const UnknownNamespace = ^uint64(0)

// ourNamespace is the inode of the namespace of process numbers that we run in.
var ourNamespace = sync.OnceValue(func() uint64 {
	var info unix.Stat_t
	if unix.Stat("/proc/self/ns/pid", &info) != nil {
		return UnknownNamespace
	}
	return info.Ino
})

// namespaceAt reads which namespace a process's numbers belong to: a container has one of its own.
func namespaceAt(folder string) uint64 {
	var info unix.Stat_t
	if unix.Stat(filepath.Join(folder, "ns/pid"), &info) != nil {
		return UnknownNamespace
	}
	if info.Ino == ourNamespace() {
		return 0
	}
	return info.Ino
}

// Namespace reads which namespace a process's numbers belong to: 0 is ours.
func (p Proc) Namespace(pid int32) uint64 {
	return namespaceAt(filepath.Join(p.Folder, strconv.Itoa(int(pid))))
}

func (p *Process) readNamespace(folder string) {
	p.Namespace = namespaceAt(folder)
	if p.Namespace != 0 && p.Namespace != UnknownNamespace {
		p.NumberInside = numberInside(folder)
	}
}

// NumberInside is what a process is called in its own namespace of process numbers; 0 where it is gone.
func (p Proc) NumberInside(pid int32) int32 {
	return numberInside(filepath.Join(p.Folder, strconv.Itoa(int(pid))))
}

// ThreadInside is the same of a thread.
func (p Proc) ThreadInside(pid, tid int32) int32 {
	return numberInside(filepath.Join(p.Folder, strconv.Itoa(int(pid)), "task", strconv.Itoa(int(tid))))
}

func numberInside(folder string) int32 {
	status, err := os.ReadFile(filepath.Join(folder, "status"))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		numbers, found := strings.CutPrefix(line, "NSpid:")
		if !found {
			continue
		}
		all := strings.Fields(numbers) // ours first, its own last
		if len(all) == 0 {
			return 0
		}
		number, err := strconv.ParseInt(all[len(all)-1], 10, 32)
		if err != nil {
			return 0
		}
		return int32(number)
	}
	return 0
}
