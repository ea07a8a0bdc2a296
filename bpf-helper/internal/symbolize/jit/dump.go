package jit

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"flameline.dev/helper/internal/symbolize/cursor"
)

// A jitdump file is a header and records, in the byte order of the machine:
//
//	header   magic u32 · version u32 · size u32 · machine u32 · padding u32 · pid u32 · timestamp u64 · flags u64
//	record   id u32 · size u32 · timestamp u64 · content
//	  load   pid u32 · tid u32 · vma u64 · address u64 · size u64 · index u64 · name, 0 · code
//	  move   pid u32 · tid u32 · vma u64 · old address u64 · new address u64 · size u64 · index u64
//	  lines  address u64 · count u64 · count × (address u64 · line u32 · discriminator u32 · file, 0)
//
// Lines come before the load of their function; a file of "\xff" is that of the line before.
const (
	dumpMagic    = 0x4a695444
	headerBytes  = 40
	recordBytes  = 16
	recordLoad   = 0
	recordMove   = 1
	recordLines  = 2
	maxFileBytes = 4096
)

func isDump(data []byte) bool {
	return len(data) >= headerBytes && binary.LittleEndian.Uint32(data) == dumpMagic
}

func (t *Table) readDump(data []byte) {
	lines := map[uint64][]line{} // by the function's address, until it is loaded
	names := map[string]string{}
	at := uint64(binary.LittleEndian.Uint32(data[8:]))
	for at+recordBytes <= uint64(len(data)) {
		id, size := binary.LittleEndian.Uint32(data[at:]), uint64(binary.LittleEndian.Uint32(data[at+4:]))
		if size < recordBytes || size > uint64(len(data))-at {
			return // still being written
		}
		content := cursor.At(data[:at+size], at+recordBytes)
		switch id {
		case recordLoad:
			content.Skip(16)
			address, length := content.U64(), content.U64()
			content.Skip(8)
			name := string(bytes.TrimSpace(content.Text()))
			before := len(t.functions)
			if t.add(address, length, name); len(t.functions) > before {
				t.give(&t.functions[before], lines[address])
			}
			delete(lines, address)
		case recordMove:
			content.Skip(16)
			t.move(content.U64(), content.U64(), content.U64())
		case recordLines:
			address := content.U64()
			lines[address] = readLines(&content, names)
			if len(lines) > maxFunctions/16 {
				clear(lines) // of functions that are never loaded
			}
		}
		at += size
	}
}

func readLines(content *cursor.Cursor, names map[string]string) []line {
	var lines []line
	file := ""
	for count := content.U64(); count > 0 && !content.Bad() && len(lines) < 1<<16; count-- {
		address, number := content.U64(), content.U32()
		content.U32()
		if name := content.Text(); string(name) != "\xff" && len(name) <= maxFileBytes {
			if file = names[string(name)]; file == "" {
				file = string(name)
				names[file] = file
			}
		}
		if !content.Bad() && number <= 1<<24 {
			lines = append(lines, line{address, file, int(number)})
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(a.address, b.address) })
	return lines
}

// give takes the lines of a function over.
func (t *Table) give(f *function, lines []line) {
	if len(t.lines)+len(lines) > maxLines {
		return
	}
	f.from = int32(len(t.lines))
	t.lines = append(t.lines, lines...)
	f.to = int32(len(t.lines))
}

// move notes that the latest function at an address is at another one too.
func (t *Table) move(from, to, size uint64) {
	for i := len(t.functions) - 1; i >= 0 && i >= len(t.functions)-4096; i-- {
		f := t.functions[i]
		if f.start != from {
			continue
		}
		before := len(t.functions)
		if t.add(to, size, f.name); len(t.functions) > before {
			moved := slices.Clone(t.lines[f.from:f.to])
			for j := range moved {
				moved[j].address += to - from
			}
			t.give(&t.functions[before], moved)
		}
		return
	}
}
