// Package image gives the sections of an ELF file without reading more of it than is asked for.
package image

import (
	"bytes"
	"debug/elf"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sys/unix"
)

const (
	// maxSections bounds the section table; real programs have some forty, -ffunction-sections objects are not mapped.
	maxSections = 8192
	// maxInflatedBytes bounds what the compressed sections of one file may become in memory together.
	maxInflatedBytes = 384 << 20
	// maxRatio bounds a compressed section against a bomb; zlib can't do better than 1032.
	maxRatio = 1100
)

// ErrTooLarge says that the compressed debug sections would take too much memory.
var ErrTooLarge = errors.New("compressed debug sections are too large to open")

// Image is an ELF file mapped into memory. Its byte slices are views into the file and end with Close.
type Image struct {
	elf      *elf.File
	data     []byte
	mapped   bool
	inflated map[*elf.Section][]byte
	budget   uint64
}

// Open maps the file behind a descriptor, which stays the caller's to close.
func Open(fd int) (*Image, error) {
	var info unix.Stat_t
	if err := unix.Fstat(fd, &info); err != nil {
		return nil, fmt.Errorf("stat the module: %w", err)
	}
	if info.Mode&unix.S_IFMT != unix.S_IFREG || info.Size < 64 || info.Size != int64(int(info.Size)) {
		return nil, fmt.Errorf("not an ELF file: %d bytes, mode %o", info.Size, info.Mode)
	}
	data, err := unix.Mmap(fd, 0, int(info.Size), unix.PROT_READ, unix.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("map the module: %w", err)
	}
	im, err := FromBytes(data)
	if err != nil {
		_ = unix.Munmap(data)
		return nil, err
	}
	im.mapped = true
	return im, nil
}

// FromBytes reads an ELF file that is in memory already.
func FromBytes(data []byte) (*Image, error) {
	// debug/elf allocates by the counts in the header, so those are looked at first.
	if len(data) < 64 || !bytes.HasPrefix(data, []byte(elf.ELFMAG)) {
		return nil, errors.New("not an ELF file")
	}
	if data[elf.EI_CLASS] != byte(elf.ELFCLASS64) || data[elf.EI_DATA] != byte(elf.ELFDATA2LSB) {
		return nil, errors.New("not a 64-bit little-endian ELF file")
	}
	file, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("read the ELF header: %w", err)
	}
	if len(file.Sections) > maxSections {
		return nil, fmt.Errorf("%d sections are too many", len(file.Sections))
	}
	return &Image{elf: file, data: data, inflated: map[*elf.Section][]byte{}, budget: maxInflatedBytes}, nil
}

// Close unmaps the file. Nothing that the image gave out may be used after it.
func (im *Image) Close() {
	if im.mapped {
		_ = unix.Munmap(im.data)
	}
	im.data, im.mapped, im.inflated = nil, false, nil
}

// Forget lets the kernel take back the file's pages; they come again when they are read.
func (im *Image) Forget() {
	if im.mapped {
		_ = unix.Madvise(im.data, unix.MADV_DONTNEED)
	}
}

// MappedBytes is the address space that the file takes.
func (im *Image) MappedBytes() int64 {
	if !im.mapped {
		return 0
	}
	return int64(len(im.data))
}

// InflatedBytes is the memory that decompressed sections take.
func (im *Image) InflatedBytes() int64 { return int64(maxInflatedBytes - im.budget) }

// ELF is the parsed header.
func (im *Image) ELF() *elf.File { return im.elf }

// Section is the content of the named section, or nil where the file has none (or only its size, as debug files do).
// Sections by that name with the old ".zdebug_" prefix are found too.
func (im *Image) Section(name string) ([]byte, error) {
	if s := im.elf.Section(name); s != nil {
		return im.Content(s)
	}
	if len(name) > 7 && name[:7] == ".debug_" {
		if s := im.elf.Section(".zdebug_" + name[7:]); s != nil {
			return im.oldCompressed(s)
		}
	}
	return nil, nil
}

// Content is the content of one section, decompressed.
func (im *Image) Content(s *elf.Section) ([]byte, error) {
	if s.Type == elf.SHT_NOBITS {
		return nil, nil
	}
	if s.Flags&elf.SHF_COMPRESSED != 0 {
		return im.inflate(s, s.Size, s.Open)
	}
	return im.slice(s.Offset, s.FileSize)
}

func (im *Image) slice(off, size uint64) ([]byte, error) {
	if off > uint64(len(im.data)) || size > uint64(len(im.data))-off {
		return nil, fmt.Errorf("a section reaches past the end of the file")
	}
	return im.data[off : off+size : off+size], nil
}

func (im *Image) inflate(s *elf.Section, size uint64, open func() io.ReadSeeker) ([]byte, error) {
	if got, ok := im.inflated[s]; ok {
		return got, nil
	}
	if size > im.budget || size > (s.FileSize+1)*maxRatio {
		return nil, ErrTooLarge
	}
	out := make([]byte, size)
	if _, err := io.ReadFull(open(), out); err != nil {
		return nil, fmt.Errorf("decompress %q: %w", s.Name, err)
	}
	im.budget -= size
	im.inflated[s] = out
	return out, nil
}

// BuildID is the GNU build id in hexadecimal, or "".
func (im *Image) BuildID() string {
	for _, s := range im.elf.Sections {
		if s.Type != elf.SHT_NOTE || s.Name != ".note.gnu.build-id" {
			continue
		}
		note, err := im.Content(s)
		if err != nil || len(note) < 16 {
			continue
		}
		nameSize, size := im.elf.ByteOrder.Uint32(note), im.elf.ByteOrder.Uint32(note[4:])
		if nameSize == 4 && size <= 64 && int(size) <= len(note)-16 {
			return hex.EncodeToString(note[16 : 16+size])
		}
	}
	return ""
}

// At is the file's content from the virtual address on, to the end of its segment; nil where no segment covers it.
func (im *Image) At(address uint64) []byte {
	for _, p := range im.elf.Progs {
		if p.Type == elf.PT_LOAD && address >= p.Vaddr && address-p.Vaddr < p.Filesz {
			content, err := im.slice(p.Off, p.Filesz)
			if err != nil {
				return nil
			}
			return content[address-p.Vaddr:]
		}
	}
	return nil
}

// Executable tells whether the virtual address lies in an executable segment.
func (im *Image) Executable(address uint64) bool {
	for _, p := range im.elf.Progs {
		if p.Type == elf.PT_LOAD && p.Flags&elf.PF_X != 0 && address >= p.Vaddr && address-p.Vaddr < p.Memsz {
			return true
		}
	}
	return false
}
