package dwarf

import (
	"flameline.dev/helper/internal/symbolize/cursor"
	"flameline.dev/helper/internal/symbolize/names"
	"flameline.dev/helper/internal/symbolize/position"
)

// maxNamed bounds the memory of names found before.
const maxNamed = 1 << 14

// named is what an entry and the entries that it refers to say about a function.
type named struct {
	name string
	line int
}

// name follows abstract_origin and specification from the entry, also into other units, until name and line are known.
func (d *Data) name(entry uint64) named {
	if n, ok := d.named[entry]; ok {
		return n
	}
	n := d.findName(entry)
	if len(d.named) >= maxNamed {
		clear(d.named)
	}
	d.named[entry] = n
	return n
}

func (d *Data) findName(entry uint64) named {
	var result named
	var linkage, plain string
	var plainEntry uint64
	plainUnit := -1
	const maxHops = 16 // a cycle ends here too
	for range maxHops {
		i, ok := d.unitAt(entry)
		if !ok || entry < d.units[i].entry {
			break
		}
		u := &d.units[i]
		c := cursor.At(d.s.info[:u.end], entry)
		s := d.readShapes(u).get(c.Uleb())
		if s == nil {
			break
		}
		next, hasNext := uint64(0), false
		for j := range s.attributes {
			a := &s.attributes[j]
			v := d.read(&c, u, a)
			switch a.name {
			case attrLinkageName, attrMIPSLinkageName:
				if linkage == "" {
					linkage = string(d.str(u, v))
				}
			case attrName:
				if plain == "" {
					plain = string(d.str(u, v))
				}
				plainEntry, plainUnit = entry, i // the declaration, furthest along the chain, has the true scope
			case attrDeclLine:
				if result.line == 0 {
					result.line = lineNumber(v.n)
				}
			case attrAbstractOrigin, attrSpecification:
				next, hasNext = reference(u, v)
			}
		}
		if c.Bad() || !hasNext {
			break
		}
		entry = next
	}
	result.name = d.chooseName(linkage, plain, plainEntry, plainUnit)
	return result
}

// chooseName prefers the linker's name, which has the scopes in it; C has none, and neither have C++'s local functions.
func (d *Data) chooseName(linkage, plain string, entry uint64, unitIndex int) string {
	if linkage != "" {
		name, language := names.Readable(linkage)
		if language != position.Native || plain == "" {
			return name
		}
	}
	if plain == "" || unitIndex < 0 {
		return plain
	}
	switch d.units[unitIndex].languageName() {
	case position.Cpp:
		return names.ShortCpp(d.use(int32(unitIndex)).qualifier(entry) + plain)
	case position.Rust:
		return names.ShortRust(d.use(int32(unitIndex)).qualifier(entry) + plain)
	}
	return plain
}
