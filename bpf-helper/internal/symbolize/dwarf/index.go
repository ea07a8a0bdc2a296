package dwarf

import (
	"slices"
	"strings"

	"flameline.dev/helper/internal/symbolize/cursor"
)

const (
	maxFunctions = 1 << 20 // with code, in one unit
	maxScopes    = 1 << 20
	maxDepth     = 1024
)

// index is what is kept of one unit.
type index struct {
	shapes    *shapes
	functions []functionSpan // sorted by low
	scopes    []scope        // in the order of the entries
	lines     lineTable
	linesRead bool
}

type functionSpan struct {
	span
	entry uint64 // offset in .debug_info
}

// scope is a namespace or a type: what stands before "::" in the names of the entries between start and end.
type scope struct {
	start, end uint64
	name       []byte
	parent     int32
}

func (x *index) bytes() int64 {
	n := int64(len(x.functions))*24 + int64(len(x.scopes))*56 + x.lines.bytes() + 4096
	if x.shapes != nil {
		n += int64(x.shapes.count) * 128
	}
	return n
}

// makeIndex walks all entries of the unit once.
func (d *Data) makeIndex(u *unit) *index {
	x := &index{shapes: d.readShapes(u)}
	c := cursor.At(d.s.info[:u.end], u.entry)
	// open has, for each entry whose children are being read, its scope's index, or -1.
	var open []int32
	inner := int32(-1)
	var spans []span
	for c.Left() > 0 && !c.Bad() {
		off := c.Offset()
		code := c.Uleb()
		if code == 0 {
			if len(open) == 0 {
				break
			}
			if at := open[len(open)-1]; at >= 0 {
				x.scopes[at].end = off
				inner = x.scopes[at].parent
			}
			if open = open[:len(open)-1]; len(open) == 0 {
				break
			}
			continue
		}
		s := x.shapes.get(code)
		if s == nil {
			break
		}
		made := int32(-1)
		switch s.tag {
		case tagSubprogram:
			spans = d.functionSpans(&c, u, s, spans[:0])
			for _, sp := range spans {
				if len(x.functions) < maxFunctions && d.inCode(sp.low) {
					x.functions = append(x.functions, functionSpan{sp, off})
				}
			}
		case tagNamespace, tagStructureType, tagClassType, tagUnionType, tagEnumerationType, tagInterfaceType, tagModule:
			name := d.nameOnly(&c, u, s)
			if s.children && len(x.scopes) < maxScopes {
				made = int32(len(x.scopes))
				x.scopes = append(x.scopes, scope{start: off, end: u.end, name: name, parent: inner})
				inner = made
			}
		default:
			d.skip(&c, u, s)
		}
		if s.children {
			if len(open) == maxDepth {
				break
			}
			open = append(open, made)
		} else if len(open) == 0 {
			break // a unit that is one entry
		}
	}
	slices.SortStableFunc(x.functions, func(a, b functionSpan) int {
		switch {
		case a.low < b.low:
			return -1
		case a.low > b.low:
			return 1
		}
		return 0
	})
	x.functions, x.scopes = slices.Clip(x.functions), slices.Clip(x.scopes)
	return x
}

func (d *Data) functionSpans(c *cursor.Cursor, u *unit, s *shape, out []span) []span {
	var where place
	for i := range s.attributes {
		a := &s.attributes[i]
		where.take(a.name, d.read(c, u, a))
	}
	if c.Bad() {
		return out
	}
	return d.spans(u, &where, out)
}

func (d *Data) nameOnly(c *cursor.Cursor, u *unit, s *shape) []byte {
	var name []byte
	for i := range s.attributes {
		if v := d.read(c, u, &s.attributes[i]); s.attributes[i].name == attrName {
			name = d.str(u, v)
		}
	}
	return name
}

// function is the innermost function of the unit that covers pc.
func (x *index) function(pc uint64) (functionSpan, bool) {
	after, _ := slices.BinarySearchFunc(x.functions, pc, func(f functionSpan, pc uint64) int {
		if f.low <= pc {
			return -1
		}
		return 1
	})
	for back := 1; back <= 16 && after-back >= 0; back++ {
		if f := x.functions[after-back]; f.contains(pc) {
			return f, true
		}
	}
	return functionSpan{}, false
}

// qualifier is the path of namespaces and types around an entry, ending in "::" where there is any.
func (x *index) qualifier(entry uint64) string {
	after, _ := slices.BinarySearchFunc(x.scopes, entry, func(s scope, entry uint64) int {
		if s.start < entry {
			return -1
		}
		return 1
	})
	at := int32(after) - 1
	for at >= 0 && x.scopes[at].end <= entry {
		at = x.scopes[at].parent
	}
	var parts []string
	for ; at >= 0 && len(parts) < 32; at = x.scopes[at].parent {
		if name := string(x.scopes[at].name); name != "" {
			parts = append(parts, name)
		} else {
			parts = append(parts, "(anonymous)")
		}
	}
	if len(parts) == 0 {
		return ""
	}
	slices.Reverse(parts)
	return strings.Join(parts, "::") + "::"
}
