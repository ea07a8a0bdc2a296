// Package gotable reads the function table that every Go program carries for its own stack traces (pclntab), with the
// trees of inlined calls, in the layouts of Go 1.18 to 1.19 and of Go 1.20 and later. It is there in stripped programs too.
//
// Sources: runtime/symtab.go and runtime/symtabinl.go of Go 1.18 to 1.26.
package gotable

import (
	"encoding/binary"
	"errors"
	"sort"

	"flameline.dev/helper/internal/symbolize/cursor"
	"flameline.dev/helper/internal/symbolize/names"
	"flameline.dev/helper/internal/symbolize/position"
)

const (
	magic118 = 0xfffffff0
	magic120 = 0xfffffff1

	pcdataInlineTree   = 2
	funcdataInlineTree = 3
	noFuncdata         = ^uint32(0)

	maxNameBytes = 4 << 10
	// maxInlined bounds a chain; the compiler's own limit keeps real ones far below.
	maxInlined = 64
	// maxSteps bounds the walk through one function's table of values.
	maxSteps = 1 << 20
)

// ErrNotSupported says that the table is of a Go before 1.18 or damaged.
var ErrNotSupported = errors.New("not a function table of Go 1.18 or later")

// Table is the function table of one file. Its slices are views into the file.
type Table struct {
	version   uint32
	quantum   uint64
	ptrSize   int
	count     int
	textStart uint64
	names     []byte
	units     []byte
	files     []byte
	values    []byte // pctab: runs of (value, address) differences
	functions []byte // the index by address, then the _func records
	// inlineTrees is what funcdata offsets count from (moduledata's gofunc); nil where it wasn't found.
	inlineTrees []byte
}

// header reads the section; text and trees are found elsewhere.
func header(data []byte) (*Table, error) {
	c := cursor.At(data, 0)
	t := &Table{version: c.U32()}
	if t.version != magic118 && t.version != magic120 {
		return nil, ErrNotSupported
	}
	c.U16()
	t.quantum, t.ptrSize = uint64(c.U8()), int(c.U8())
	if t.ptrSize != 8 || t.quantum != 1 && t.quantum != 4 {
		return nil, ErrNotSupported
	}
	count := c.U64()
	c.U64() // number of files
	t.textStart = c.U64()
	part := func() []byte {
		off := c.U64()
		if off > uint64(len(data)) {
			c.Skip(^uint64(0))
			return nil
		}
		return data[off:]
	}
	t.names, t.units, t.files, t.values, t.functions = part(), part(), part(), part(), part()
	if c.Bad() || count == 0 || count > uint64(len(t.functions))/8 {
		return nil, ErrNotSupported
	}
	t.count = int(count)
	return t, nil
}

func (t *Table) entry(i int) uint64 {
	return t.textStart + uint64(binary.LittleEndian.Uint32(t.functions[8*i:]))
}

// Covers tells whether the address lies in this table's code.
func (t *Table) Covers(pc uint64) bool {
	if len(t.functions) < 8*t.count+4 {
		return false
	}
	return pc >= t.entry(0) && pc < t.entry(t.count)
}

// Len is the number of functions.
func (t *Table) Len() int { return t.count }

// Lookup answers with the positions at pc, innermost first; nothing where no function covers pc.
func (t *Table) Lookup(pc uint64) []position.Position {
	if !t.Covers(pc) {
		return nil
	}
	i := sort.Search(t.count, func(i int) bool { return t.entry(i) > pc }) - 1
	f, ok := t.function(i)
	if !ok || f.name == "" {
		return nil
	}
	var positions []position.Position
	for at := pc; len(positions) < maxInlined; {
		file, line := t.fileLine(f, at)
		call, inlined := t.inlined(f, at)
		if !inlined {
			return append(positions, position.Position{Function: f.name, File: file, Line: line, FunctionLine: f.startLine})
		}
		positions = append(positions, position.Position{Function: call.name, File: file, Line: line, FunctionLine: call.startLine})
		if t.version == magic118 {
			return t.parents(f, call, positions)
		}
		at = f.entry + uint64(uint32(call.parentPC))
	}
	return positions
}

// parents climbs the tree of Go 1.18 and 1.19, where each call knows its parent and the place that it is called from.
func (t *Table) parents(f function, call inlinedCall, positions []position.Position) []position.Position {
	for len(positions) < maxInlined {
		file := t.file(f, call.callFile)
		line := int(call.callLine)
		parent, ok := t.call(f, int32(call.parent))
		if !ok {
			return append(positions, position.Position{Function: f.name, File: file, Line: line, FunctionLine: f.startLine})
		}
		positions = append(positions, position.Position{Function: parent.name, File: file, Line: line})
		call = parent
	}
	return positions
}

func (t *Table) text(off uint32) string {
	return names.Go(string(cursor.TextAt(t.names, uint64(off), maxNameBytes)))
}
