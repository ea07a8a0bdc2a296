package image

import (
	"bytes"
	"fmt"
	"io"

	"github.com/ulikunitz/xz"

	"flameline.dev/helper/internal/symbolize/cursor"
)

const (
	// maxMiniBytes bounds the symbol table that Fedora's builds carry compressed in .gnu_debugdata.
	maxMiniBytes = 64 << 20
	// maxMiniDictionary bounds the memory that the xz header can ask for before anything is read.
	maxMiniDictionary = 32 << 20
)

// MiniDebug is the small ELF file inside .gnu_debugdata, or nil where there is none.
func (im *Image) MiniDebug() (*Image, error) {
	packed, err := im.Section(".gnu_debugdata")
	if err != nil || packed == nil {
		return nil, err
	}
	if dictionaryBytes(packed) > maxMiniDictionary {
		return nil, ErrTooLarge
	}
	stream, err := xz.ReaderConfig{DictCap: 1 << 20, SingleStream: true}.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("open .gnu_debugdata: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(stream, maxMiniBytes+1))
	if err != nil {
		return nil, fmt.Errorf("decompress .gnu_debugdata: %w", err)
	}
	if len(data) > maxMiniBytes {
		return nil, ErrTooLarge
	}
	return FromBytes(data)
}

// dictionaryBytes is the memory that the first block's LZMA2 filter asks for: the reader allocates it unseen.
// Later blocks could ask for more; then the process's own memory limit ends it.
func dictionaryBytes(packed []byte) uint64 {
	block := cursor.At(packed, 12)
	block.U8()
	flags := block.U8()
	if flags&0x40 != 0 {
		block.Uleb()
	}
	if flags&0x80 != 0 {
		block.Uleb()
	}
	for range flags&3 + 1 {
		id, size := block.Uleb(), block.Uleb()
		if id != 0x21 || size != 1 {
			block.Skip(size)
			continue
		}
		bits := block.U8()
		if bits > 40 || block.Bad() {
			return ^uint64(0)
		}
		return (2 | uint64(bits)&1) << (bits/2 + 11)
	}
	return 0
}
