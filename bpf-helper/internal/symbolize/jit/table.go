// Package jit reads what virtual machines write about the code that they make while they run: perf map files
// (tools/perf/Documentation/jit-interface.txt in the kernel's sources) and jitdump files (jitdump-specification.txt beside it).
package jit

import (
	"bytes"
	"cmp"
	"errors"
	"slices"

	"flameline.dev/helper/internal/symbolize/position"
)

const (
	// MaxBytes bounds a file; what is behind it is not read.
	MaxBytes = 128 << 20
	// maxFunctions bounds what is kept of it.
	maxFunctions = 1 << 20
	maxLines     = 1 << 21
)

// ErrNeither says that a file is neither of the two.
var ErrNeither = errors.New("neither a perf map nor a jitdump file")

// Table has the functions of a process that have no file. Addresses are those of the process.
type Table struct {
	functions []function // by start; of equal ones the latest last
	lines     []line     // those of each function together, by address
}

type function struct {
	start, end uint64
	name       string
	// The function's lines are lines[from:to].
	from, to int32
}

type line struct {
	address uint64
	file    string
	line    int
}

// Read reads a file; a damaged one as far as it can be read.
func Read(data []byte) (*Table, error) {
	data = data[:min(len(data), MaxBytes)]
	t := &Table{}
	switch {
	case isDump(data):
		t.readDump(data)
	case bytes.IndexByte(data[:min(len(data), 4096)], 0) >= 0:
		return nil, ErrNeither
	default:
		t.readMap(data)
	}
	// Stable: code that was written over is listed again, and the latest counts.
	slices.SortStableFunc(t.functions, func(a, b function) int { return cmp.Compare(a.start, b.start) })
	return t, nil
}

// Bytes is about the memory that the table takes.
func (t *Table) Bytes() int64 {
	n := int64(len(t.functions))*48 + int64(len(t.lines))*40
	for i := range t.functions {
		n += int64(len(t.functions[i].name))
	}
	return n
}

// maxOverlapping bounds how many functions are looked at that begin before an address.
const maxOverlapping = 64

// Lookup names the function at an address of the process, with its line where that is known.
func (t *Table) Lookup(address uint64) []position.Position {
	after, _ := slices.BinarySearchFunc(t.functions, address, func(f function, address uint64) int {
		if f.start <= address {
			return -1
		}
		return 1
	})
	for i := after - 1; i >= 0 && i >= after-maxOverlapping; i-- {
		f := &t.functions[i]
		if address >= f.end {
			continue
		}
		p := position.Position{Function: f.name}
		lines := t.lines[f.from:f.to]
		at, _ := slices.BinarySearchFunc(lines, address, func(l line, address uint64) int {
			if l.address <= address {
				return -1
			}
			return 1
		})
		if at > 0 {
			p.File, p.Line = lines[at-1].file, lines[at-1].line
		}
		if len(lines) > 0 {
			p.FunctionLine = lines[0].line
		}
		return []position.Position{p}
	}
	return nil
}

func (t *Table) add(start, size uint64, name string) {
	if size == 0 || start+size < start || name == "" || len(t.functions) >= maxFunctions {
		return
	}
	t.functions = append(t.functions, function{start: start, end: start + size, name: name})
}
