package mapped

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// mapping is one line of /proc/PID/maps.
type mapping struct {
	addresses string // "55d0c0000000-55d0c0001000", the name under map_files
	device    uint64
	inode     uint64
	path      string
}

func findMapping(proc int, path string) (mapping, error) {
	maps, err := readAt(proc, "maps")
	if err != nil {
		return mapping{}, fmt.Errorf("read the mappings: %w", err)
	}
	var best mapping
	for line := range strings.Lines(maps) {
		m, executable, ok := parseMapping(strings.TrimSuffix(line, "\n"))
		if !ok || m.path != path && filepath.Base(m.path) != path {
			continue
		}
		if executable {
			return m, nil
		}
		if best.addresses == "" {
			best = m
		}
	}
	if best.addresses == "" {
		return mapping{}, fmt.Errorf("the process has not mapped %q: %w", path, os.ErrNotExist)
	}
	return best, nil
}

func parseMapping(line string) (m mapping, executable, ok bool) {
	fields := strings.SplitN(line, " ", 6)
	if len(fields) != 6 {
		return m, false, false
	}
	name := strings.TrimSuffix(strings.TrimLeft(fields[5], " "), " (deleted)")
	majorText, minorText, _ := strings.Cut(fields[3], ":")
	major, err1 := strconv.ParseUint(majorText, 16, 32)
	minor, err2 := strconv.ParseUint(minorText, 16, 32)
	inode, err3 := strconv.ParseUint(fields[4], 10, 64)
	if err1 != nil || err2 != nil || err3 != nil || !strings.HasPrefix(name, "/") || inode == 0 {
		return m, false, false
	}
	return mapping{fields[0], unix.Mkdev(uint32(major), uint32(minor)), inode, unescape(name)}, fields[1][2] == 'x', true
}

// unescape undoes what the kernel does to line ends in paths.
func unescape(path string) string { return strings.ReplaceAll(path, `\012`, "\n") }
