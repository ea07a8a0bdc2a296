package mapped

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// FileID names a file for as long as it lies on its file system.
type FileID struct{ Device, Inode uint64 }

// Code is a file of which a process has mapped parts to run them.
type Code struct {
	ID    FileID
	Path  string
	Parts []Part
}

// Part is a stretch of a file, in bytes.
type Part struct{ Offset, Bytes uint64 }

// Holds says whether an offset in the file is mapped to be run.
func (c *Code) Holds(offset uint64) bool {
	return slices.ContainsFunc(c.Parts, func(p Part) bool { return offset >= p.Offset && offset-p.Offset < p.Bytes })
}

// CodeOf gives the first `most` files that a process runs code of.
func CodeOf(process Process, most int) ([]Code, error) {
	proc, err := openProcess(process)
	if err != nil {
		return nil, err
	}
	defer unix.Close(proc)
	maps, err := readAt(proc, "maps")
	if err != nil {
		return nil, fmt.Errorf("read the mappings: %w", err)
	}
	var files []Code
	for line := range strings.Lines(maps) {
		line = strings.TrimSuffix(line, "\n")
		m, executable, ok := parseMapping(line)
		part, valid := partOf(line)
		if !ok || !executable || !valid {
			continue
		}
		id := FileID{m.device, m.inode}
		at := slices.IndexFunc(files, func(c Code) bool { return c.ID == id })
		if at < 0 {
			if len(files) >= most {
				continue
			}
			at = len(files)
			files = append(files, Code{ID: id, Path: m.path})
		}
		files[at].Parts = append(files[at].Parts, part)
	}
	return files, nil
}

func partOf(line string) (Part, bool) {
	fields := strings.Fields(line)
	if len(fields) < 3 {
		return Part{}, false
	}
	from, to, _ := strings.Cut(fields[0], "-")
	start, err1 := strconv.ParseUint(from, 16, 64)
	end, err2 := strconv.ParseUint(to, 16, 64)
	offset, err3 := strconv.ParseUint(fields[2], 16, 64)
	if err1 != nil || err2 != nil || err3 != nil || end <= start {
		return Part{}, false
	}
	return Part{offset, end - start}, true
}

// fuse is the kernel's magic number of file systems that a program serves.
const fuse = 0x65735546

// OpenProbed opens a file to put probes on it. The kernel reads it then and whenever it is mapped, so it may not lie on a file system
// that a user serves, who could let everybody wait.
func OpenProbed(process Process, code *Code) (*os.File, error) {
	file, err := Open(process, code.Path)
	if err != nil {
		return nil, err
	}
	var info unix.Stat_t
	var system unix.Statfs_t
	if err := errors.Join(unix.Fstat(int(file.Fd()), &info), unix.Fstatfs(int(file.Fd()), &system)); err != nil {
		_ = file.Close()
		return nil, err
	}
	if info.Ino != code.ID.Inode || system.Type == fuse {
		_ = file.Close()
		return nil, fmt.Errorf("%q can't be probed", code.Path)
	}
	return file, nil
}
