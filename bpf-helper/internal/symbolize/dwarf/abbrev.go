package dwarf

import "flameline.dev/helper/internal/symbolize/cursor"

const (
	// maxAbbrevs and maxAttributes bound one table; GCC's and LLVM's largest have some thousands and some tens.
	maxAbbrevs    = 1 << 17
	maxAttributes = 512
)

// shape is one abbreviation: how the entries that name it are laid out.
type shape struct {
	tag      uint32
	children bool
	// fixed is the size of all attributes together, or -1 where it depends on the entry.
	fixed      int32
	attributes []attribute
}

type attribute struct {
	name, form uint16
	implicit   int64
}

// shapes is an abbreviation table. Compilers number densely from one, so it is a slice with a map for the rest.
type shapes struct {
	dense []shape
	rest  map[uint64]*shape
	count int
}

func (s *shapes) get(code uint64) *shape {
	if code-1 < uint64(len(s.dense)) {
		return &s.dense[code-1]
	}
	return s.rest[code]
}

// readShapes reads the table at off for a unit, whose format decides the sizes of some forms.
func (d *Data) readShapes(u *unit) *shapes {
	key := shapesKey{u.abbrevOff, u.version, u.addrSize, u.dwarf64}
	if s, ok := d.shapes[key]; ok {
		return s
	}
	s := &shapes{}
	c := cursor.At(d.s.abbrev, u.abbrevOff)
	for s.count < maxAbbrevs {
		code := c.Uleb()
		if code == 0 || c.Bad() {
			break
		}
		one := readShape(&c, u)
		if code == uint64(len(s.dense))+1 {
			s.dense = append(s.dense, one)
		} else {
			if s.rest == nil {
				s.rest = map[uint64]*shape{}
			}
			s.rest[code] = &one
		}
		s.count++
	}
	if len(d.shapes) >= maxKeptShapes {
		clear(d.shapes)
	}
	d.shapes[key] = s
	return s
}

// findShape reads the table only up to one code: enough for the first entry of each unit.
func (d *Data) findShape(u *unit, want uint64) *shape {
	c := cursor.At(d.s.abbrev, u.abbrevOff)
	for range maxAbbrevs {
		code := c.Uleb()
		if code == 0 || c.Bad() {
			break
		}
		one := readShape(&c, u)
		if code == want {
			return &one
		}
	}
	return nil
}

func readShape(c *cursor.Cursor, u *unit) shape {
	s := shape{tag: uint32(c.Uleb()), children: c.U8() != 0}
	for !c.Bad() {
		a := attribute{name: uint16(min(c.Uleb(), 0xffff)), form: uint16(min(c.Uleb(), 0xffff))}
		if a.form == formImplicit {
			a.implicit = c.Sleb()
		}
		if a.name == 0 && a.form == 0 {
			break
		}
		size := fixedSize(a.form, u)
		if size < 0 || s.fixed < 0 {
			s.fixed = -1
		} else {
			s.fixed += int32(size)
		}
		if len(s.attributes) < maxAttributes {
			s.attributes = append(s.attributes, a)
		} else {
			c.Skip(^uint64(0))
		}
	}
	return s
}

// fixedSize is a form's size in bytes, or -1 where the content tells it.
func fixedSize(form uint16, u *unit) int {
	switch form {
	case formFlagPresent, formImplicit:
		return 0
	case formData1, formFlag, formRef1, formStrx1, formAddrx1:
		return 1
	case formData2, formRef2, formStrx2, formAddrx2:
		return 2
	case formStrx3, formAddrx3:
		return 3
	case formData4, formRef4, formStrx4, formAddrx4, formRefSup4:
		return 4
	case formData8, formRef8, formRefSig8, formRefSup8:
		return 8
	case formData16:
		return 16
	case formAddr:
		return int(u.addrSize)
	case formRefAddr:
		if u.version <= 2 {
			return int(u.addrSize)
		}
		return u.offsetSize()
	case formStrp, formLineStrp, formSecOffset, formStrpSup, formGNURefAlt, formGNUStrpAlt:
		return u.offsetSize()
	}
	return -1
}
