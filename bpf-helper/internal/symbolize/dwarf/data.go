// Package dwarf answers from the compiler's debug information (DWARF 2 to 5): the chain of inlined calls at an address, with
// the names and lines of each.
//
// Only what an address needs is read: the first entry of every unit once, then the units that addresses fall in, of which
// it keeps where the functions start, and the line table. A function's own tree is walked when an address in it is asked for.
package dwarf

import (
	"fmt"

	"flameline.dev/helper/internal/symbolize/image"
	"flameline.dev/helper/internal/symbolize/position"
)

const (
	// maxKeptBytes bounds the units that stay indexed in one file.
	maxKeptBytes  = 48 << 20
	maxKeptShapes = 256
	maxInlined    = 64
)

type sections struct {
	info, abbrev, line, str, lineStr, ranges, rnglists, addr, strOffsets, aranges []byte
}

type shapesKey struct {
	off      uint64
	version  uint16
	addrSize uint8
	dwarf64  bool
}

// Data is the debug information of one file.
type Data struct {
	s      sections
	units  []unit
	code   []codeSpan
	shapes map[shapesKey]*shapes
	inCode func(uint64) bool

	indexed   []int32 // units with an index
	keptBytes int64
	clock     int64
	scratch   []span
	named     map[uint64]named // by offset of the entry
	splits    splits
}

// Open finds the debug information in im; nil where there is none. inCode tells whether an address belongs to the
// program: linkers leave entries of functions that they dropped behind, at address 0 or so.
func Open(im *image.Image, inCode func(uint64) bool) (*Data, error) {
	d := &Data{shapes: map[shapesKey]*shapes{}, named: map[uint64]named{}, inCode: inCode}
	for _, want := range []struct {
		name string
		to   *[]byte
	}{
		{".debug_info", &d.s.info}, {".debug_abbrev", &d.s.abbrev}, {".debug_line", &d.s.line}, {".debug_str", &d.s.str},
		{".debug_line_str", &d.s.lineStr}, {".debug_ranges", &d.s.ranges}, {".debug_rnglists", &d.s.rnglists},
		{".debug_addr", &d.s.addr}, {".debug_str_offsets", &d.s.strOffsets}, {".debug_aranges", &d.s.aranges},
	} {
		content, err := im.Section(want.name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", want.name, err)
		}
		*want.to = content
		if want.name == ".debug_info" && len(content) == 0 {
			return nil, nil
		}
	}
	d.scan()
	return d, nil
}

// Bytes is the memory that the parsed form takes.
func (d *Data) Bytes() int64 {
	n := int64(len(d.units))*240 + int64(len(d.code))*32 + d.keptBytes
	for _, s := range d.splits.open {
		n += 1024 + s.keptBytes
	}
	return n
}

// Lookup answers with the positions at pc, innermost first, and the language of the unit; nothing where no unit covers pc.
func (d *Data) Lookup(pc uint64) (positions []position.Position, language string) {
	lo, hi := 0, len(d.code)
	for lo < hi { // the first span that starts behind pc
		if mid := (lo + hi) / 2; d.code[mid].low > pc {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	const maxOverlapping = 64
	for i, tries := lo-1, 0; i >= 0 && d.code[i].reach > pc && tries < maxOverlapping; i-- {
		if !d.code[i].contains(pc) {
			continue
		}
		tries++
		u := &d.units[d.code[i].unit]
		found := d.inUnit(u, d.use(d.code[i].unit), pc)
		if found == nil {
			continue
		}
		if positions == nil || positions[len(positions)-1].Function == "" && found[len(found)-1].Function != "" {
			positions, language = found, d.languageOf(u)
		}
		if positions[len(positions)-1].Function != "" {
			break
		}
	}
	return positions, language
}

// use answers with the unit's index, made where needed, and drops those not used for longest when they take too much.
func (d *Data) use(i int32) *index {
	d.clock++
	u := &d.units[i]
	u.used = d.clock
	if u.index != nil {
		return u.index
	}
	made := d.makeIndex(u)
	u.index = made
	d.keptBytes += made.bytes()
	d.indexed = append(d.indexed, i)
	for d.keptBytes > maxKeptBytes && len(d.indexed) > 1 {
		d.dropOldest()
	}
	return made
}

func (d *Data) dropOldest() {
	oldest := 0
	for at, i := range d.indexed {
		if d.units[i].used < d.units[d.indexed[oldest]].used {
			oldest = at
		}
	}
	u := &d.units[d.indexed[oldest]]
	d.keptBytes -= u.index.bytes()
	u.index, u.files = nil, nil
	d.indexed[oldest] = d.indexed[len(d.indexed)-1]
	d.indexed = d.indexed[:len(d.indexed)-1]
}
