package python

// This file is added to the engine's package by build.sh, which also puts the two functions in the place of the engine's own
// readers of line tables. Those take an instruction without a line (the clean-up of a `with`) for the end of all known
// lines, so that every later line of the function is wrong (3.11 and later), and read half of the table with the
// instruction's number for its offset (3.10).

const (
	// locationNone and its like are the kinds of entries of a location table (_PyCodeLocationInfoKind in CPython's code.h).
	locationNone      = 15
	locationLong      = 14
	locationNoColumns = 13
	locationOneLine0  = 10
)

// LineInLocationTable finds an instruction's line in the co_linetable of Python 3.11 and later, as lines below the
// function's first; 0 where it has none. `bci` counts code units.
// https://github.com/python/cpython/blob/3.11/Objects/locations.md
func LineInLocationTable(table []byte, bci uint32) uint32 {
	line := int32(0)
	end := uint32(0)
	at := 0
	varint := func() uint32 {
		value := uint32(0)
		for shift := 0; at < len(table) && table[at]&0x80 == 0; shift += 6 {
			b := table[at]
			at++
			value |= uint32(b&0x3f) << shift
			if b&0x40 == 0 {
				break
			}
		}
		return value
	}
	signed := func() int32 {
		value := varint()
		if value&1 != 0 {
			return -int32(value >> 1)
		}
		return int32(value >> 1)
	}
	for at < len(table) {
		first := table[at]
		if first&0x80 == 0 {
			return 0 // not the start of an entry: the table is not what it should be
		}
		at++
		end += uint32(first&7) + 1
		kind := first >> 3 & 15
		switch {
		case kind == locationNone:
		case kind == locationLong:
			line += signed()
			varint()
			varint()
			varint()
		case kind == locationNoColumns:
			line += signed()
		case kind >= locationOneLine0:
			line += int32(kind - locationOneLine0)
			at += 2
		default:
			at++
		}
		if end > bci {
			if kind == locationNone || line < 0 {
				return 0
			}
			return uint32(line)
		}
	}
	return 0
}

// LineInLineTable finds an instruction's line in the co_linetable of Python 3.10, as lines below the function's first; 0
// where it has none. `instruction` counts code units of two bytes.
// https://github.com/python/cpython/blob/3.10/Objects/lnotab_notes.txt
func LineInLineTable(table []byte, instruction uint32) uint32 {
	const noLine = -128
	line := int32(0)
	end := uint32(0)
	for at := 0; at+1 < len(table); at += 2 {
		end += uint32(table[at])
		delta := int8(table[at+1])
		if delta != noLine {
			line += int32(delta)
		}
		if end > 2*instruction {
			if delta == noLine || line < 0 {
				return 0
			}
			return uint32(line)
		}
	}
	return 0
}

func lineInLocationTable(m *pythonCodeObject, bci uint32) uint32 {
	return LineInLocationTable(m.lineTable, bci)
}

func lineInLineTable(m *pythonCodeObject, instruction uint32) uint32 {
	return LineInLineTable(m.lineTable, instruction)
}
