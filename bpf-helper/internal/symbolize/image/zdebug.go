package image

import (
	"bytes"
	"compress/zlib"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io"
)

// oldCompressed reads a section of `-gz=zlib-gnu`: "ZLIB", the size in eight big-endian bytes, a zlib stream.
func (im *Image) oldCompressed(s *elf.Section) ([]byte, error) {
	raw, err := im.slice(s.Offset, s.FileSize)
	if err != nil || len(raw) < 12 || string(raw[:4]) != "ZLIB" {
		return nil, err
	}
	stream, err := zlib.NewReader(bytes.NewReader(raw[12:]))
	if err != nil {
		return nil, fmt.Errorf("decompress %q: %w", s.Name, err)
	}
	return im.inflate(s, binary.BigEndian.Uint64(raw[4:]), func() io.ReadSeeker { return readOnly{stream} })
}

// readOnly makes a plain stream fit where debug/elf gives a seekable one; nothing seeks.
type readOnly struct{ io.Reader }

func (readOnly) Seek(int64, int) (int64, error) { return 0, fmt.Errorf("not seekable") }
