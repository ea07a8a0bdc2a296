package dwarf

import (
	"slices"

	"flameline.dev/helper/internal/symbolize/cursor"
	"flameline.dev/helper/internal/symbolize/position"
)

// call is an inlined call that covers the address: what was called, and from where.
type call struct {
	origin    uint64
	file      uint64
	line      int
	hasOrigin bool
}

// inUnit answers from one unit. Without a function that covers pc, the line alone is an answer.
func (d *Data) inUnit(u *unit, x *index, pc uint64) []position.Position {
	file, line := d.line(u, x, pc)
	// The entries may lie in a file of their own; lines and files never do.
	e, eu, ex := d, u, x
	if s := d.splitOf(u); s != nil {
		e, eu, ex = s.data, &s.data.units[0], s.data.use(0)
	}
	f, ok := ex.function(pc)
	if !ok {
		if line == 0 {
			return nil
		}
		return []position.Position{{File: file, Line: line}}
	}
	calls := e.calls(eu, ex, f.entry, pc)
	positions := make([]position.Position, 0, len(calls)+1)
	for _, c := range slices.Backward(calls) {
		p := position.Position{File: file, Line: line}
		if c.hasOrigin {
			n := e.name(c.origin)
			p.Function, p.FunctionLine = n.name, n.line
		}
		positions = append(positions, p)
		file, line = d.fileName(u, c.file), c.line
	}
	n := e.name(f.entry)
	return append(positions, position.Position{Function: n.name, File: file, Line: line, FunctionLine: n.line})
}

// calls walks the tree of the function at entry and collects the inlined calls around pc, outermost first.
func (d *Data) calls(u *unit, x *index, entry, pc uint64) []call {
	c := cursor.At(d.s.info[:u.end], entry)
	s := x.shapes.get(c.Uleb())
	if s == nil || !s.children {
		return nil
	}
	d.skip(&c, u, s)
	var calls []call
	depth := 1
	skipBelow := 0 // while set: everything deeper than this is left out
	var found []int
	for depth > 0 && c.Left() > 0 && !c.Bad() {
		code := c.Uleb()
		if code == 0 {
			depth--
			if depth == skipBelow {
				skipBelow = 0
			}
			if n := len(found); n > 0 && depth == found[n-1] {
				return calls // the innermost call's own entries have ended: nothing after it covers pc
			}
			continue
		}
		s := x.shapes.get(code)
		if s == nil {
			return calls
		}
		if skipBelow > 0 {
			d.skip(&c, u, s)
		} else if enter, one := d.covers(&c, u, s, pc); !enter {
			if s.children {
				skipBelow = depth
			}
		} else if one != nil {
			if len(calls) == maxInlined {
				return calls
			}
			calls = append(calls, *one)
			if !s.children {
				return calls
			}
			found = append(found, depth)
		}
		if s.children {
			depth++
			if depth > maxDepth {
				return calls
			}
		}
	}
	return calls
}

// covers reads one entry inside a function and tells whether pc can be in its children, and the call if it is one.
func (d *Data) covers(c *cursor.Cursor, u *unit, s *shape, pc uint64) (enter bool, one *call) {
	const tagLexicalBlock, tagTryBlock, tagCatchBlock = 0x0b, 0x32, 0x25
	switch s.tag {
	case tagInlinedSubroutine, tagLexicalBlock, tagTryBlock, tagCatchBlock:
	case tagSubprogram:
		d.skip(c, u, s)
		return false, nil // a nested function is one of its own
	default:
		d.skip(c, u, s)
		return false, nil // variables, types, call sites
	}
	var where place
	var made call
	for i := range s.attributes {
		a := &s.attributes[i]
		v := d.read(c, u, a)
		where.take(a.name, v)
		switch a.name {
		case attrAbstractOrigin:
			made.origin, made.hasOrigin = reference(u, v)
		case attrCallFile:
			made.file = v.n
		case attrCallLine:
			made.line = lineNumber(v.n)
		}
	}
	spans := d.spans(u, &where, d.scratch[:0])
	d.scratch = spans
	inside := slices.ContainsFunc(spans, func(s span) bool { return s.contains(pc) })
	if s.tag == tagInlinedSubroutine {
		if !inside {
			return false, nil
		}
		return true, &made
	}
	// A block without ranges of its own (GCC drops them where they equal the parent's) may still hold calls.
	return inside || !where.hasRanges && !where.hasLow, nil
}

func lineNumber(n uint64) int {
	if n > 1<<24 {
		return 0
	}
	return int(n)
}
