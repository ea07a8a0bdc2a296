package dwarf

import (
	"slices"

	"flameline.dev/helper/internal/symbolize/cursor"
	"flameline.dev/helper/internal/symbolize/position"
)

// maxUnits bounds the scan; Chromium has some 40,000.
const maxUnits = 1 << 19

// unit is one compilation unit's header and the attributes of its first entry.
type unit struct {
	off, end, entry uint64
	abbrevOff       uint64
	version         uint16
	addrSize        uint8
	dwarf64         bool
	isCode          bool // a compile unit or skeleton, which has functions of its own
	hasRanges       bool // the first entry lists all of the unit's code

	language       uint16
	lowPC          uint64
	stmtList       uint64
	hasLines       bool
	compDir        value
	strOffsetsBase uint64
	addrBase       uint64
	rnglistsBase   uint64
	rangesBase     uint64
	splitName      value // of the file that has the entries, where this unit is only their skeleton
	splitID        uint64
	// splitRangesBase is what that file's offsets in our .debug_ranges count from.
	splitRangesBase uint64

	split *splitUnit
	index *index // nil until an address in it is asked for
	files *lineHeader
	used  int64
}

func (u *unit) offsetSize() int {
	if u.dwarf64 {
		return 8
	}
	return 4
}

// languageName maps DW_LANG codes; what we have no name for is native.
func (u *unit) languageName() string {
	switch u.language {
	case 0x01, 0x02, 0x0c, 0x1d, 0x2c, 0x3e:
		return position.C
	case 0x04, 0x1a, 0x21, 0x2a, 0x2b, 0x3a:
		return position.Cpp
	case 0x1c:
		return position.Rust
	case 0x16:
		return position.Go
	}
	return position.Native
}

// codeSpan says which unit has code where.
type codeSpan struct {
	span
	unit int32
	// reach is the highest end among this and all lower spans: where a search downwards may stop.
	reach uint64
}

// scan reads the headers and first entries of all units, and from these where each unit's code is.
func (d *Data) scan() {
	var spans []span
	for off := uint64(0); off < uint64(len(d.s.info)) && len(d.units) < maxUnits; {
		u, ok := d.readHeader(off)
		if u.end <= off {
			break
		}
		off = u.end
		if !ok {
			continue
		}
		spans = d.readFirst(&u, spans[:0])
		d.units = append(d.units, u)
		for _, s := range spans {
			if d.inCode(s.low) {
				d.code = append(d.code, codeSpan{span: s, unit: int32(len(d.units) - 1)})
			}
		}
	}
	d.units = slices.Clip(d.units)
	d.addAranges()
	slices.SortStableFunc(d.code, func(a, b codeSpan) int {
		switch {
		case a.low < b.low:
			return -1
		case a.low > b.low:
			return 1
		}
		return 0
	})
	d.code = slices.Clip(d.code)
	var reach uint64
	for i := range d.code {
		reach = max(reach, d.code[i].high)
		d.code[i].reach = reach
	}
}

func (d *Data) readHeader(off uint64) (unit, bool) {
	c := cursor.At(d.s.info, off)
	u := unit{off: off}
	length := uint64(c.U32())
	if length == 0xffffffff {
		u.dwarf64, length = true, c.U64()
	}
	if c.Bad() || length > uint64(c.Left()) {
		return u, false
	}
	u.end = c.Offset() + length
	u.version = c.U16()
	kind := uint8(unitCompile)
	switch {
	case u.version >= 2 && u.version <= 4:
		u.abbrevOff = c.Uint(u.offsetSize())
		u.addrSize = c.U8()
	case u.version == 5:
		kind = c.U8()
		u.addrSize = c.U8()
		u.abbrevOff = c.Uint(u.offsetSize())
		switch kind {
		case unitSkeleton, unitSplitCompile:
			u.splitID = c.U64()
		case unitType, unitSplitType:
			c.U64()
			c.Uint(u.offsetSize())
		}
	default:
		return u, false
	}
	u.entry = c.Offset()
	return u, !c.Bad() && u.entry < u.end && (u.addrSize == 4 || u.addrSize == 8)
}

// readFirst reads a unit's first entry and appends where its code is.
func (d *Data) readFirst(u *unit, spans []span) []span {
	// Indexes that other attributes use count from just behind the section's header where no attribute says else.
	u.strOffsetsBase, u.addrBase, u.rnglistsBase = 8, 8, 12
	if u.dwarf64 {
		u.strOffsetsBase, u.addrBase, u.rnglistsBase = 16, 16, 20
	}
	if u.version < 5 {
		u.strOffsetsBase = 0 // GCC's early split DWARF has no header there
	}
	c := cursor.At(d.s.info[:u.end], u.entry)
	s := d.findShape(u, c.Uleb())
	if s == nil {
		return spans
	}
	u.isCode = s.tag == tagCompileUnit || s.tag == tagSkeletonUnit
	var where place
	for i := range s.attributes {
		a := &s.attributes[i]
		v := d.read(&c, u, a)
		where.take(a.name, v)
		switch a.name {
		case attrLanguage:
			u.language = uint16(v.n)
		case attrStmtList:
			u.stmtList, u.hasLines = v.n, true
		case attrCompDir:
			u.compDir = v
		case attrStrOffsetsBase:
			u.strOffsetsBase = v.n
		case attrAddrBase, attrGNUAddrBase:
			u.addrBase = v.n
		case attrRnglistsBase:
			u.rnglistsBase = v.n
		case attrDwoName, attrGNUDwoName:
			u.splitName = v
		case attrGNUDwoID:
			u.splitID = v.n
		case attrGNURangesBase:
			// GCC's early split DWARF: meant for the split unit's ranges, not for this entry's own.
			u.splitRangesBase = v.n
		}
	}
	if c.Bad() {
		return spans
	}
	if where.hasLow {
		u.lowPC, _ = d.address(u, where.low)
	}
	if !u.isCode {
		return spans
	}
	u.hasRanges = where.hasRanges
	return d.spans(u, &where, spans)
}

// addAranges takes .debug_aranges for units whose first entry doesn't list their code: DWARF 2 gives only that in .text.
func (d *Data) addAranges() {
	for off := uint64(0); off < uint64(len(d.s.aranges)); {
		c := cursor.At(d.s.aranges, off)
		length, offsetSize := uint64(c.U32()), 4
		if length == 0xffffffff {
			length, offsetSize = c.U64(), 8
		}
		start := off
		if c.Bad() || length > uint64(c.Left()) || length == 0 {
			return
		}
		off = c.Offset() + length
		c.U16()
		unitOff := c.Uint(offsetSize)
		addrSize, segmentSize := int(c.U8()), c.U8()
		i, ok := d.unitAt(unitOff)
		if !ok || d.units[i].hasRanges || segmentSize != 0 || addrSize != 8 {
			continue
		}
		header := c.Offset() - start
		c.Skip((16 - header%16) % 16)
		for c.Offset() < off && !c.Bad() && len(d.code) < maxRanges {
			low, size := c.U64(), c.U64()
			if low == 0 && size == 0 {
				break
			}
			if d.inCode(low) {
				d.code = append(d.code, codeSpan{span: span{low, low + size}, unit: int32(i)})
			}
		}
	}
}

// unitAt is the unit that holds the offset of an entry.
func (d *Data) unitAt(off uint64) (int, bool) {
	i, found := slices.BinarySearchFunc(d.units, off, func(u unit, off uint64) int {
		switch {
		case u.end <= off:
			return -1
		case u.off > off:
			return 1
		}
		return 0
	})
	return i, found
}
