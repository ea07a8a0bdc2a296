package jit

import (
	"bytes"
	"strconv"
)

// readMap reads lines of "START SIZE name", both in hexadecimal; names hold anything but a line's end.
func (t *Table) readMap(data []byte) {
	for len(data) > 0 {
		text, rest, whole := bytes.Cut(data, []byte("\n"))
		if !whole {
			return // still being written
		}
		data = rest
		start, text, _ := bytes.Cut(text, []byte(" "))
		size, name, _ := bytes.Cut(text, []byte(" "))
		from, err1 := hexadecimal(start)
		length, err2 := hexadecimal(size)
		if err1 == nil && err2 == nil {
			t.add(from, length, string(bytes.TrimSpace(name)))
		}
	}
}

func hexadecimal(text []byte) (uint64, error) {
	if len(text) > 18 {
		return 0, strconv.ErrRange
	}
	return strconv.ParseUint(string(bytes.TrimPrefix(text, []byte("0x"))), 16, 64)
}
