package dwarf

import "flameline.dev/helper/internal/symbolize/cursor"

// value is an attribute's content: a number, or text in place.
type value struct {
	form uint16
	n    uint64
	text []byte
}

// read takes one attribute from the cursor.
func (d *Data) read(c *cursor.Cursor, u *unit, a *attribute) value {
	v := value{form: a.form}
	if v.form == formIndirect {
		v.form = uint16(min(c.Uleb(), 0xffff))
		if v.form == formIndirect || v.form == formImplicit {
			c.Skip(^uint64(0))
			return value{}
		}
	}
	switch v.form {
	case formImplicit:
		v.n = uint64(a.implicit)
	case formFlagPresent:
		v.n = 1
	case formSdata:
		v.n = uint64(c.Sleb())
	case formUdata, formRefUdata, formStrx, formAddrx, formLoclistx, formRnglistx, formGNUAddrIndex, formGNUStrIndex:
		v.n = c.Uleb()
	case formString:
		v.text = c.Text()
	case formBlock1:
		c.Skip(uint64(c.U8()))
	case formBlock2:
		c.Skip(uint64(c.U16()))
	case formBlock4:
		c.Skip(uint64(c.U32()))
	case formBlock, formExprloc:
		c.Skip(c.Uleb())
	case formData16:
		c.Skip(16)
	default:
		size := fixedSize(v.form, u)
		if size < 0 {
			c.Skip(^uint64(0)) // an unknown form: nothing after it can be read
			return value{}
		}
		v.n = c.Uint(size)
	}
	return v
}

// skip goes over the attributes from index first on.
func (d *Data) skip(c *cursor.Cursor, u *unit, s *shape) {
	if s.fixed >= 0 {
		c.Skip(uint64(s.fixed))
		return
	}
	for i := range s.attributes {
		d.read(c, u, &s.attributes[i])
	}
}

const maxTextBytes = 16 << 10

// str is a text attribute's content; nil where it lies in a supplementary file.
func (d *Data) str(u *unit, v value) []byte {
	switch v.form {
	case formString:
		return v.text
	case formStrp:
		return cursor.TextAt(d.s.str, v.n, maxTextBytes)
	case formLineStrp:
		return cursor.TextAt(d.s.lineStr, v.n, maxTextBytes)
	case formStrx, formStrx1, formStrx2, formStrx3, formStrx4, formGNUStrIndex:
		size := u.offsetSize()
		c := cursor.At(d.s.strOffsets, u.strOffsetsBase+v.n*uint64(size))
		off := c.Uint(size)
		if c.Bad() || v.n > uint64(len(d.s.strOffsets)) {
			return nil
		}
		return cursor.TextAt(d.s.str, off, maxTextBytes)
	}
	return nil
}

// address is an address attribute's content.
func (d *Data) address(u *unit, v value) (uint64, bool) {
	switch v.form {
	case formAddr:
		return v.n, true
	case formAddrx, formAddrx1, formAddrx2, formAddrx3, formAddrx4, formGNUAddrIndex:
		return d.indexedAddress(u, v.n)
	}
	return 0, false
}

func (d *Data) indexedAddress(u *unit, index uint64) (uint64, bool) {
	if index > uint64(len(d.s.addr)) {
		return 0, false
	}
	c := cursor.At(d.s.addr, u.addrBase+index*uint64(u.addrSize))
	n := c.Uint(int(u.addrSize))
	return n, !c.Bad()
}

// reference is the offset in .debug_info that an attribute points to.
func reference(u *unit, v value) (uint64, bool) {
	switch v.form {
	case formRef1, formRef2, formRef4, formRef8, formRefUdata:
		return u.off + v.n, v.n < u.end-u.off
	case formRefAddr:
		return v.n, true
	}
	return 0, false // type signatures and supplementary files: not followed
}
