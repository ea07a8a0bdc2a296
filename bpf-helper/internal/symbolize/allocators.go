package symbolize

import (
	"context"
	"debug/elf"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"

	"flameline.dev/helper/internal/symbolize/cursor"
	"flameline.dev/helper/internal/symbolize/image"
)

// AllocatorFunctions are the functions of C's allocators that AllocatorsIn looks for.
var AllocatorFunctions = []string{
	"malloc", "calloc", "realloc", "free", "aligned_alloc", "memalign", "posix_memalign",
}

// maxAllocatorSymbols bounds what is looked through for them; Chromium has under 2 million symbols.
const maxAllocatorSymbols = 8 << 20

// AllocatorsIn finds which AllocatorFunctions a file defines, and gives their offsets in the file: nothing where it has no malloc.
// The answer is as trustworthy as the file.
func AllocatorsIn(ctx context.Context, from Symbolizer, module Module) (map[string]uint64, error) {
	module.Allocators = true
	numbers := make([]Address, len(AllocatorFunctions))
	for i := range numbers {
		numbers[i].Addr = uint64(i)
	}
	results, err := from.Symbolize(ctx, module, numbers)
	if err != nil {
		return nil, err
	}
	found := map[string]uint64{}
	for i, result := range results {
		if !result.Resolved || len(result.Positions) != 1 {
			continue
		}
		offset, err := strconv.ParseUint(result.Positions[0].Function, 16, 63)
		if err != nil {
			return nil, fmt.Errorf("%w: bad offset", ErrHostile)
		}
		found[AllocatorFunctions[i]] = offset
	}
	if _, has := found["malloc"]; !has {
		return nil, nil
	}
	return found, nil
}

// allocators answers with an offset in the file, in hexadecimal digits, in the place of a name.
func allocators(fd int, numbers []Address) (results []Result, err error) {
	results = make([]Result, len(numbers))
	for i := range results {
		results[i].Language = "native"
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("parser fault in a symbol table: %v", r)
		}
	}()
	im, err := image.Open(fd)
	if err != nil {
		return results, err
	}
	defer im.Close()
	offsets := map[string]uint64{}
	left := maxAllocatorSymbols
	for _, table := range im.ELF().Sections {
		if table.Type == elf.SHT_DYNSYM || table.Type == elf.SHT_SYMTAB {
			left = findAllocators(im, table, left, offsets)
		}
	}
	for i, number := range numbers {
		if number.Addr >= uint64(len(AllocatorFunctions)) {
			return results, errors.New("there is no such function of an allocator")
		}
		if offset, has := offsets[AllocatorFunctions[number.Addr]]; has {
			results[i].Resolved = true
			results[i].Positions = []Position{{Function: strconv.FormatUint(offset, 16)}}
		}
	}
	return results, nil
}

// findAllocators looks through one table, and gives how many symbols may still be looked at. What is known stays.
func findAllocators(im *image.Image, table *elf.Section, left int, offsets map[string]uint64) int {
	const symbolBytes = 24
	if int64(table.Link) >= int64(len(im.ELF().Sections)) {
		return left
	}
	content, err := im.Content(table)
	if err != nil {
		return left
	}
	names, err := im.Content(im.ELF().Sections[table.Link])
	if err != nil {
		return left
	}
	for c := cursor.At(content, 0); c.Left() >= symbolBytes && left > 0; left-- {
		name, info, _ := c.U32(), c.U8(), c.U8()
		index, address, _ := c.U16(), c.U64(), c.U64()
		if elf.ST_TYPE(info) != elf.STT_FUNC || elf.ST_BIND(info) == elf.STB_LOCAL || index == uint16(elf.SHN_UNDEF) {
			continue
		}
		text := string(cursor.TextAt(names, uint64(name), len("posix_memalign")+1))
		for _, wanted := range AllocatorFunctions {
			if _, known := offsets[wanted]; text == wanted && !known {
				if offset, ok := offsetOf(im, address); ok {
					offsets[wanted] = offset
				}
			}
		}
	}
	return left
}

// offsetOf is where in the file an address of its code lies.
func offsetOf(im *image.Image, address uint64) (uint64, bool) {
	for _, p := range im.ELF().Progs {
		if p.Type == elf.PT_LOAD && p.Flags&elf.PF_X != 0 && address >= p.Vaddr && address-p.Vaddr < p.Filesz {
			return address - p.Vaddr + p.Off, true
		}
	}
	return 0, false
}
