package gotable

import (
	"debug/elf"
	"encoding/binary"
	"errors"

	"flameline.dev/helper/internal/symbolize/cursor"
	"flameline.dev/helper/internal/symbolize/image"
)

// Offsets in runtime.moduledata, the same in every version from 1.18 but for two fields that 1.20 put in.
const (
	moduleText      = 22 * 8
	moduleGofunc118 = 38 * 8
	moduleGofunc120 = 40 * 8
	maxRelocations  = 8 << 20
	relaBytes       = 24
)

// Find reads the Go function table of a file, or answers nil where the file has none.
func Find(im *image.Image) (*Table, error) {
	section := tableSection(im)
	if section == nil {
		return nil, nil
	}
	data, err := im.Content(section)
	if err != nil {
		return nil, err
	}
	t, err := header(data)
	if err != nil {
		return nil, err
	}
	text, gofunc := moduleFields(im, section.Addr, t.version)
	if text == 0 {
		// No moduledata: without C code the text section starts where Go's code does.
		if s := im.ELF().Section(".text"); s != nil {
			text = s.Addr
		}
	}
	// The header's own field was filled until Go 1.25, but needs a relocation where the file is position-independent.
	if text != 0 {
		t.textStart = text
	}
	if gofunc != 0 {
		t.inlineTrees = im.At(gofunc)
	}
	if len(t.functions) < 8*t.count+4 || !im.Executable(t.entry(0)) {
		return nil, errors.New("the Go function table points outside of the code")
	}
	return t, nil
}

func tableSection(im *image.Image) *elf.Section {
	for _, s := range im.ELF().Sections {
		switch s.Name {
		case ".gopclntab", ".data.rel.ro.gopclntab", ".gopclntab.rel.ro":
			if s.Type != elf.SHT_NOBITS {
				return s
			}
		}
	}
	return nil
}

// moduleFields finds runtime.moduledata, whose first word points to the table, and reads from it where Go's code starts
// and what the offsets of inline trees count from. Zeros where it can't be found.
func moduleFields(im *image.Image, table uint64, version uint32) (text, gofunc uint64) {
	gofuncAt := uint64(moduleGofunc120)
	if version == magic118 {
		gofuncAt = moduleGofunc118
	}
	read := func(module uint64, word func(uint64) uint64) bool {
		text, gofunc = word(module+moduleText), word(module+gofuncAt)
		minimum := word(module + moduleText - 16)
		return text != 0 && text <= minimum && im.Executable(text) && im.At(gofunc) != nil
	}
	plain := func(address uint64) uint64 {
		c := cursor.At(im.At(address), 0)
		return c.U64()
	}
	for _, candidate := range wordsEqual(im, table) {
		if read(candidate, plain) {
			return text, gofunc
		}
	}
	relocated := relocations(im, table)
	for module := range relocated.starts {
		if read(module, func(address uint64) uint64 { return relocated.words[address] }) {
			return text, gofunc
		}
	}
	return 0, 0
}

// wordsEqual is where a pointer to the table stands in the file's data: programs at fixed addresses.
func wordsEqual(im *image.Image, value uint64) []uint64 {
	var found []uint64
	for _, s := range im.ELF().Sections {
		if s.Type != elf.SHT_PROGBITS || s.Flags&elf.SHF_ALLOC == 0 || s.Flags&elf.SHF_EXECINSTR != 0 ||
			s.Flags&elf.SHF_WRITE == 0 && s.Name != ".data.rel.ro" {
			continue
		}
		data, err := im.Content(s)
		if err != nil {
			continue
		}
		for off := 0; off+8 <= len(data) && len(found) < 64; off += 8 {
			if binary.LittleEndian.Uint64(data[off:]) == value {
				found = append(found, s.Addr+uint64(off))
			}
		}
	}
	return found
}

type relocated struct {
	starts map[uint64]bool   // where a pointer to the table will stand
	words  map[uint64]uint64 // the words just behind those places
}

// relocations does the same for position-independent programs, whose pointers the loader fills in.
func relocations(im *image.Image, value uint64) relocated {
	found := relocated{map[uint64]bool{}, map[uint64]uint64{}}
	relative := uint64(elf.R_X86_64_RELATIVE)
	if im.ELF().Machine == elf.EM_AARCH64 {
		relative = uint64(elf.R_AARCH64_RELATIVE)
	}
	each := func(visit func(place, addend uint64)) {
		for _, s := range im.ELF().Sections {
			if s.Type != elf.SHT_RELA || s.Flags&elf.SHF_ALLOC == 0 {
				continue
			}
			data, err := im.Content(s)
			if err != nil {
				continue
			}
			c := cursor.At(data, 0)
			for n := 0; n < maxRelocations && c.Left() >= relaBytes; n++ {
				place, info, addend := c.U64(), c.U64(), c.U64()
				if info == relative {
					visit(place, addend)
				}
			}
		}
	}
	each(func(place, addend uint64) {
		if addend == value && len(found.starts) < 64 {
			found.starts[place] = true
		}
	})
	if len(found.starts) == 0 {
		return found
	}
	each(func(place, addend uint64) {
		for start := range found.starts {
			if place >= start && place-start <= moduleGofunc120 {
				found.words[place] = addend
			}
		}
	})
	return found
}
