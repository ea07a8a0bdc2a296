// Package cursor reads little-endian binary data that an attacker may have written: a read past the end gives zero
// and sets Bad, and never panics.
package cursor

import (
	"bytes"
	"encoding/binary"
)

// Cursor is a position in data. The zero value is at the end of nothing.
type Cursor struct {
	data []byte
	off  int
	bad  bool
}

// At returns a cursor over data that stands at off.
func At(data []byte, off uint64) Cursor {
	if off > uint64(len(data)) {
		return Cursor{data: data, off: len(data), bad: true}
	}
	return Cursor{data: data, off: int(off)}
}

// Bad tells whether something was read past the end.
func (c *Cursor) Bad() bool { return c.bad }

// Offset is where the next read starts.
func (c *Cursor) Offset() uint64 { return uint64(c.off) }

// Left is the number of bytes not read yet.
func (c *Cursor) Left() int { return len(c.data) - c.off }

func (c *Cursor) fail() {
	c.off = len(c.data)
	c.bad = true
}

// Skip goes n bytes on.
func (c *Cursor) Skip(n uint64) {
	if n > uint64(c.Left()) {
		c.fail()
		return
	}
	c.off += int(n)
}

// U8 reads one byte.
func (c *Cursor) U8() uint8 {
	if c.off >= len(c.data) {
		c.fail()
		return 0
	}
	b := c.data[c.off]
	c.off++
	return b
}

// U16 reads two bytes.
func (c *Cursor) U16() uint16 {
	if c.Left() < 2 {
		c.fail()
		return 0
	}
	v := binary.LittleEndian.Uint16(c.data[c.off:])
	c.off += 2
	return v
}

// U32 reads four bytes.
func (c *Cursor) U32() uint32 {
	if c.Left() < 4 {
		c.fail()
		return 0
	}
	v := binary.LittleEndian.Uint32(c.data[c.off:])
	c.off += 4
	return v
}

// U64 reads eight bytes.
func (c *Cursor) U64() uint64 {
	if c.Left() < 8 {
		c.fail()
		return 0
	}
	v := binary.LittleEndian.Uint64(c.data[c.off:])
	c.off += 8
	return v
}

// Uint reads an integer of 1 to 8 bytes.
func (c *Cursor) Uint(size int) uint64 {
	switch size {
	case 1:
		return uint64(c.U8())
	case 2:
		return uint64(c.U16())
	case 4:
		return uint64(c.U32())
	case 8:
		return c.U64()
	}
	var v uint64
	for i := range size {
		v |= uint64(c.U8()) << (8 * i)
	}
	return v
}

// Uleb reads an unsigned LEB128; bits above 64 are dropped.
func (c *Cursor) Uleb() uint64 {
	var v uint64
	for shift := uint(0); ; shift += 7 {
		if c.off >= len(c.data) {
			c.fail()
			return 0
		}
		b := c.data[c.off]
		c.off++
		if shift < 64 {
			v |= uint64(b&0x7f) << shift
		}
		if b < 0x80 {
			return v
		}
	}
}

// Sleb reads a signed LEB128; bits above 64 are dropped.
func (c *Cursor) Sleb() int64 {
	var v int64
	for shift := uint(0); ; shift += 7 {
		b := c.U8()
		if shift < 64 {
			v |= int64(b&0x7f) << shift
		}
		if b < 0x80 {
			if b&0x40 != 0 && shift+7 < 64 {
				v |= -1 << (shift + 7)
			}
			return v
		}
	}
}

// Text reads up to the next zero byte, which it skips. The answer is part of the data, not a copy.
func (c *Cursor) Text() []byte {
	end := bytes.IndexByte(c.data[c.off:], 0)
	if end < 0 {
		c.fail()
		return nil
	}
	text := c.data[c.off : c.off+end]
	c.off += end + 1
	return text
}

// TextAt is the zero-terminated text at off, cut at limit bytes; empty where there is none.
func TextAt(data []byte, off uint64, limit int) []byte {
	if off >= uint64(len(data)) {
		return nil
	}
	rest := data[off:]
	if len(rest) > limit {
		rest = rest[:limit]
	}
	if end := bytes.IndexByte(rest, 0); end >= 0 {
		return rest[:end]
	}
	return rest
}
