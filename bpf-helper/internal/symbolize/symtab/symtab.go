// Package symtab finds the symbol that covers an address in .symtab and .dynsym.
package symtab

import (
	"debug/elf"
	"slices"

	"flameline.dev/helper/internal/symbolize/cursor"
	"flameline.dev/helper/internal/symbolize/image"
)

const (
	// maxSymbols bounds the memory of one table: 24 bytes a symbol. Chromium with all its symbols has under 2 million.
	maxSymbols = 4 << 20
	// maxNameBytes cuts mangled names; the longest seen in Boost programs are under 16 KiB.
	maxNameBytes = 16 << 10
	symbolBytes  = 24
)

type symbol struct {
	address uint64
	size    uint64
	name    uint32
	strings uint8 // which of Table.strings
	rank    uint8 // lower is the better name among aliases
}

// Table is the function symbols of one file, sorted by address.
type Table struct {
	symbols []symbol
	strings [][]byte
	// ends has the end of each executable section, for symbols without a size.
	sections []section
}

type section struct{ start, end uint64 }

// Read collects the symbols of all the images: a file, its debug file, its mini debug file. Unreadable tables are left out.
func Read(images ...*image.Image) *Table {
	t := &Table{}
	for _, im := range images {
		if im != nil {
			t.add(im)
		}
	}
	slices.SortStableFunc(t.symbols, func(a, b symbol) int {
		switch {
		case a.address != b.address:
			return compare(a.address, b.address)
		case (a.size == 0) != (b.size == 0):
			return compare(b.size, a.size)
		default:
			return compare(uint64(a.rank), uint64(b.rank))
		}
	})
	t.symbols = slices.CompactFunc(t.symbols, func(a, b symbol) bool { return a.address == b.address })
	t.symbols = slices.Clip(t.symbols)
	return t
}

func compare(a, b uint64) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}

func (t *Table) add(im *image.Image) {
	for _, s := range im.ELF().Sections {
		if s.Flags&elf.SHF_EXECINSTR != 0 && s.Addr != 0 {
			t.sections = append(t.sections, section{s.Addr, s.Addr + s.Size})
		}
	}
	for _, s := range im.ELF().Sections {
		if s.Type != elf.SHT_SYMTAB && s.Type != elf.SHT_DYNSYM {
			continue
		}
		if int64(s.Link) >= int64(len(im.ELF().Sections)) || len(t.strings) == 255 {
			continue
		}
		table, err := im.Content(s)
		if err != nil {
			continue
		}
		names, err := im.Content(im.ELF().Sections[s.Link])
		if err != nil {
			continue
		}
		t.strings = append(t.strings, names)
		t.read(im, table, uint8(len(t.strings)-1))
	}
}

func (t *Table) read(im *image.Image, table []byte, names uint8) {
	sections := im.ELF().Sections
	for c := cursor.At(table, 0); c.Left() >= symbolBytes && len(t.symbols) < maxSymbols; {
		name, info, other := c.U32(), c.U8(), c.U8()
		index, address, size := c.U16(), c.U64(), c.U64()
		kind := elf.ST_TYPE(info)
		if index == uint16(elf.SHN_UNDEF) || name == 0 || address == 0 {
			continue
		}
		if kind != elf.STT_FUNC && kind != elf.STT_GNU_IFUNC {
			// Hand-written assembly leaves labels without a type; data labels are told by their section.
			if kind != elf.STT_NOTYPE || int(index) >= len(sections) || sections[index].Flags&elf.SHF_EXECINSTR == 0 {
				continue
			}
		}
		text := cursor.TextAt(t.strings[names], uint64(name), maxNameBytes)
		if len(text) == 0 || text[0] == '$' || size > 1<<40 {
			continue // "$x" and "$d" are marks of the ARM assembler
		}
		t.symbols = append(t.symbols, symbol{address, size, name, names, rank(text, kind, elf.ST_BIND(info), other)})
	}
}

// rank prefers what a developer would call the function: `malloc` to `__libc_malloc`, a function to a label.
func rank(name []byte, kind elf.SymType, bind elf.SymBind, other uint8) uint8 {
	var r uint8
	if kind == elf.STT_NOTYPE {
		r += 128
	}
	if bind == elf.STB_LOCAL {
		r += 64
	}
	if other&3 != 0 { // hidden
		r += 32
	}
	if len(name) > 1 && name[0] == '_' && name[1] != 'Z' && name[1] != 'R' {
		r += 16
	}
	return r + uint8(min(len(name)/4, 15))
}

// Find is the name and start of the symbol that covers the address.
func (t *Table) Find(address uint64) (name string, start uint64, ok bool) {
	after, found := slices.BinarySearchFunc(t.symbols, address, func(s symbol, a uint64) int { return compare(s.address, a) })
	if !found {
		after--
	}
	// A label inside a function must not hide it when it ends before the address: look a few symbols back.
	for back := 0; back < 8 && after-back >= 0; back++ {
		i := after - back
		s := t.symbols[i]
		if s.size != 0 {
			if address-s.address < s.size {
				return t.name(s), s.address, true
			}
			continue
		}
		if back == 0 && address < t.sectionEnd(s.address) {
			return t.name(s), s.address, true
		}
	}
	return "", 0, false
}

func (t *Table) sectionEnd(address uint64) uint64 {
	for _, s := range t.sections {
		if address >= s.start && address < s.end {
			return s.end
		}
	}
	return address + 1
}

func (t *Table) name(s symbol) string {
	return string(cursor.TextAt(t.strings[s.strings], uint64(s.name), maxNameBytes))
}

// Len is the number of symbols.
func (t *Table) Len() int { return len(t.symbols) }

// Bytes is the memory that the table takes.
func (t *Table) Bytes() int64 { return int64(cap(t.symbols)) * 24 }
