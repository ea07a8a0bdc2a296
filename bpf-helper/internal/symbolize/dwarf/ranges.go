package dwarf

import "flameline.dev/helper/internal/symbolize/cursor"

// maxRanges bounds one list; a unit with -ffunction-sections has one entry per function.
const maxRanges = 1 << 20

type span struct{ low, high uint64 }

func (s span) contains(pc uint64) bool { return pc >= s.low && pc < s.high }

// place gathers the attributes that say where an entry's code is.
type place struct {
	low, high, ranges          value
	hasLow, hasHigh, hasRanges bool
}

func (p *place) take(name uint16, v value) {
	switch name {
	case attrLowPC:
		p.low, p.hasLow = v, true
	case attrHighPC:
		p.high, p.hasHigh = v, true
	case attrRanges:
		p.ranges, p.hasRanges = v, true
	}
}

// spans appends the address ranges that the attributes give.
func (d *Data) spans(u *unit, p *place, out []span) []span {
	if p.hasRanges {
		return d.rangeList(u, p.ranges, out)
	}
	if !p.hasLow || !p.hasHigh {
		return out
	}
	low, ok := d.address(u, p.low)
	if !ok {
		return out
	}
	high, absolute := d.address(u, p.high)
	if !absolute {
		high = low + p.high.n
	}
	if high > low {
		out = append(out, span{low, high})
	}
	return out
}

func (d *Data) rangeList(u *unit, v value, out []span) []span {
	if u.version < 5 {
		return d.oldRanges(u, v.n+u.rangesBase, out)
	}
	off := v.n
	if v.form == formRnglistx {
		if v.n > uint64(len(d.s.rnglists)) {
			return out
		}
		c := cursor.At(d.s.rnglists, u.rnglistsBase+v.n*uint64(u.offsetSize()))
		off = u.rnglistsBase + c.Uint(u.offsetSize())
		if c.Bad() {
			return out
		}
	}
	return d.newRanges(u, off, out)
}

// oldRanges reads .debug_ranges: pairs relative to a base, a pair of zeros ends the list.
func (d *Data) oldRanges(u *unit, off uint64, out []span) []span {
	c := cursor.At(d.s.ranges, off)
	size := int(u.addrSize)
	base := u.lowPC
	largest := ^uint64(0) >> (64 - 8*size)
	for range maxRanges {
		low, high := c.Uint(size), c.Uint(size)
		switch {
		case c.Bad() || low == 0 && high == 0:
			return out
		case low == largest:
			base = high
		case high > low:
			out = append(out, span{base + low, base + high})
		}
	}
	return out
}

// newRanges reads .debug_rnglists (DWARF 5, section 7.25).
func (d *Data) newRanges(u *unit, off uint64, out []span) []span {
	c := cursor.At(d.s.rnglists, off)
	size := int(u.addrSize)
	base := u.lowPC
	for range maxRanges {
		var low, high uint64
		switch c.U8() {
		case 0: // end of list
			return out
		case 1: // base_addressx
			base, _ = d.indexedAddress(u, c.Uleb())
			continue
		case 2: // startx_endx
			low, _ = d.indexedAddress(u, c.Uleb())
			high, _ = d.indexedAddress(u, c.Uleb())
		case 3: // startx_length
			low, _ = d.indexedAddress(u, c.Uleb())
			high = low + c.Uleb()
		case 4: // offset_pair
			low, high = base+c.Uleb(), base+c.Uleb()
		case 5: // base_address
			base = c.Uint(size)
			continue
		case 6: // start_end
			low, high = c.Uint(size), c.Uint(size)
		case 7: // start_length
			low = c.Uint(size)
			high = low + c.Uleb()
		default:
			return out
		}
		if c.Bad() {
			return out
		}
		if high > low {
			out = append(out, span{low, high})
		}
	}
	return out
}
