package gotable

import (
	"encoding/binary"

	"flameline.dev/helper/internal/symbolize/cursor"
)

// function is one _func record.
type function struct {
	entry     uint64
	name      string
	startLine int
	fileTable uint32
	lineTable uint32
	unit      uint32
	treeTable uint32 // pcdata: which inlined call an address is in; 0 for none
	tree      uint32 // funcdata: offset of the inline tree, or noFuncdata
}

func (t *Table) function(i int) (function, bool) {
	off := binary.LittleEndian.Uint32(t.functions[8*i+4:])
	c := cursor.At(t.functions, uint64(off))
	f := function{entry: t.textStart + uint64(c.U32()), tree: noFuncdata}
	f.name = t.text(c.U32())
	c.Skip(8) // args, deferreturn
	c.U32()   // pcsp
	f.fileTable, f.lineTable = c.U32(), c.U32()
	pcdata := c.U32()
	f.unit = c.U32()
	if t.version == magic120 {
		f.startLine = int(int32(c.U32()))
	}
	c.Skip(3) // funcID, flag, padding
	funcdata := c.U8()
	if c.Bad() || f.entry != t.entry(i) {
		return function{}, false
	}
	arrays := c.Offset()
	if pcdata > pcdataInlineTree {
		at := cursor.At(t.functions, arrays+4*pcdataInlineTree)
		f.treeTable = at.U32()
	}
	if funcdata > funcdataInlineTree {
		at := cursor.At(t.functions, arrays+4*uint64(pcdata)+4*funcdataInlineTree)
		f.tree = at.U32()
	}
	if f.startLine == 0 && t.version == magic118 {
		// Before Go 1.20 the first line isn't kept; the prologue's line is the func line in practice.
		line, _ := t.value(f.lineTable, f.entry, f.entry)
		f.startLine = max(int(line), 0)
	}
	return f, true
}

// value walks a table of (value difference, address difference) pairs that starts at the function's entry.
func (t *Table) value(table uint32, entry, pc uint64) (int32, bool) {
	if table == 0 {
		return 0, false
	}
	c := cursor.At(t.values, uint64(table))
	value, at := int32(-1), entry
	for step := range maxSteps {
		delta := uint32(c.Uleb())
		if delta == 0 && step > 0 || c.Bad() {
			return 0, false
		}
		value += int32(-(delta & 1) ^ (delta >> 1))
		at += c.Uleb() * t.quantum
		if pc < at {
			return value, true
		}
	}
	return 0, false
}

func (t *Table) fileLine(f function, pc uint64) (string, int) {
	line, _ := t.value(f.lineTable, f.entry, pc)
	number, ok := t.value(f.fileTable, f.entry, pc)
	if !ok {
		return "", max(int(line), 0)
	}
	return t.file(f, number), max(int(line), 0)
}

// file is the name of a unit's file by its number.
func (t *Table) file(f function, number int32) string {
	if number < 0 || f.unit == ^uint32(0) {
		return ""
	}
	c := cursor.At(t.units, 4*(uint64(f.unit)+uint64(number)))
	off := c.U32()
	if c.Bad() || off == ^uint32(0) {
		return ""
	}
	return string(cursor.TextAt(t.files, uint64(off), maxNameBytes))
}

// inlinedCall is one node of a function's inline tree.
type inlinedCall struct {
	name      string
	startLine int
	parentPC  int32 // Go 1.20 and later: an instruction whose position is the place of the call
	parent    int16 // before: index of the parent, negative at the physical function
	callFile  int32
	callLine  int32
}

// inlined is the innermost inlined call at pc.
func (t *Table) inlined(f function, pc uint64) (inlinedCall, bool) {
	index, ok := t.value(f.treeTable, f.entry, pc)
	if !ok {
		return inlinedCall{}, false
	}
	return t.call(f, index)
}

func (t *Table) call(f function, index int32) (inlinedCall, bool) {
	if index < 0 || f.tree == noFuncdata || t.inlineTrees == nil {
		return inlinedCall{}, false
	}
	var call inlinedCall
	if t.version == magic118 {
		c := cursor.At(t.inlineTrees, uint64(f.tree)+20*uint64(index))
		call.parent = int16(c.U16())
		c.U16() // funcID, padding
		call.callFile, call.callLine = int32(c.U32()), int32(c.U32())
		call.name = t.text(c.U32())
		return call, !c.Bad() && call.name != ""
	}
	c := cursor.At(t.inlineTrees, uint64(f.tree)+16*uint64(index))
	c.U32() // funcID, padding
	call.name = t.text(c.U32())
	call.parentPC, call.startLine = int32(c.U32()), int(int32(c.U32()))
	return call, !c.Bad() && call.name != ""
}
