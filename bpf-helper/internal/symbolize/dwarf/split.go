package dwarf

import (
	"path"
	"slices"
	"strings"

	"flameline.dev/helper/internal/symbolize/cursor"
	"flameline.dev/helper/internal/symbolize/image"
)

// Split DWARF (DWARF 5, section 7.3.2, and GCC's form of it for DWARF 4): the program keeps a skeleton of each unit, with its lines
// and addresses, and a file beside the object (.dwo), or one for the whole program (.dwp), has the entries. What such a file
// counts in is sections of the program where addresses are concerned, and its own for all else.

const (
	// maxWanted bounds how many files are asked for at a time.
	maxWanted = 16
	// maxSplits bounds the files and units that are kept.
	maxSplits = 4096
)

// splits are what is known of the files that have the entries.
type splits struct {
	files   map[string]*image.Image // by the name that was asked for; nil images can't be had
	program *image.Image            // the .dwp
	index   packageIndex
	wanted  []string
	open    []*Data
}

// splitUnit is a unit whose entries lie elsewhere: there, as debug information of its own with one unit.
type splitUnit struct{ data *Data }

var noSplit = &splitUnit{}

// Package takes the program's .dwp file.
func (d *Data) Package(im *image.Image) {
	d.splits.program = im
	d.splits.index = readPackageIndex(im)
}

// Split takes a file that was wanted; nil says that it can't be had.
func (d *Data) Split(name string, im *image.Image) {
	if d.splits.files == nil {
		d.splits.files = map[string]*image.Image{}
	}
	if len(d.splits.files) < maxSplits {
		d.splits.files[name] = im
	}
}

// TakeWanted gives the absolute paths of files whose entries were missed since the last call.
func (d *Data) TakeWanted() []string {
	wanted := d.splits.wanted
	d.splits.wanted = nil
	return wanted
}

// splitOf is where a skeleton's entries are; nil where they are in the unit itself, or can't be had.
func (d *Data) splitOf(u *unit) *splitUnit {
	if u.splitName.form == 0 || u.splitID == 0 {
		return nil
	}
	if u.split == nil {
		u.split = d.findSplit(u)
	}
	if u.split == nil || u.split.data == nil {
		return nil
	}
	return u.split
}

// languageOf is the language of a unit, which only its entries tell.
func (d *Data) languageOf(u *unit) string {
	if s := d.splitOf(u); s != nil {
		return s.data.units[0].languageName()
	}
	return u.languageName()
}

// findSplit is nil where a file is wanted first.
func (d *Data) findSplit(u *unit) *splitUnit {
	if parts, found := d.splits.index.find(u.splitID); found {
		if s := d.openSplit(u, d.splits.program, parts); s != nil {
			return s
		}
	}
	name := string(d.str(u, u.splitName))
	if !strings.HasPrefix(name, "/") {
		name = path.Join(string(d.str(u, u.compDir)), name)
	}
	if !strings.HasPrefix(name, "/") || len(name) > maxTextBytes/4 {
		return noSplit
	}
	im, isKnown := d.splits.files[name]
	switch {
	case !isKnown && len(d.splits.wanted) < maxWanted && !slices.Contains(d.splits.wanted, name):
		d.splits.wanted = append(d.splits.wanted, name)
		return nil
	case !isKnown:
		return nil
	case im == nil:
		return noSplit
	}
	if s := d.openSplit(u, im, nil); s != nil {
		return s
	}
	return noSplit
}

// openSplit reads the one unit of a .dwo file, or of a part of a .dwp file; nil where it belongs to another build.
func (d *Data) openSplit(u *unit, im *image.Image, parts contribution) *splitUnit {
	s := &Data{shapes: map[shapesKey]*shapes{}, named: map[uint64]named{}, inCode: d.inCode}
	s.s.addr, s.s.ranges = d.s.addr, d.s.ranges
	for _, want := range []struct {
		name string
		kind uint32
		to   *[]byte
	}{
		{".debug_info.dwo", partInfo, &s.s.info}, {".debug_abbrev.dwo", partAbbrev, &s.s.abbrev}, {".debug_str.dwo", 0, &s.s.str},
		{".debug_str_offsets.dwo", partStrOffsets, &s.s.strOffsets}, {".debug_rnglists.dwo", partRnglists, &s.s.rnglists},
	} {
		content, err := im.Section(want.name)
		if err != nil {
			return nil
		}
		if parts != nil && want.kind != 0 {
			content = parts.of(want.kind, content)
		}
		*want.to = content
	}
	for off := uint64(0); off < uint64(len(s.s.info)); {
		found, ok := s.readHeader(off)
		if found.end <= off {
			break
		}
		off = found.end
		if !ok {
			continue
		}
		s.readFirst(&found, nil)
		if found.splitID != u.splitID || !found.isCode {
			continue // a type unit, or stale
		}
		found.addrBase, found.rangesBase, found.lowPC = u.addrBase, u.splitRangesBase, u.lowPC
		found.splitName = value{}
		s.units = []unit{found}
		d.splits.open = append(d.splits.open, s)
		return &splitUnit{s}
	}
	return nil
}

// The kinds of a package's parts; 8 is something else in GCC's form, which has no such lists.
const (
	partInfo       = 1
	partAbbrev     = 3
	partStrOffsets = 6
	partRnglists   = 8
)

// packageIndex finds a unit's parts in the sections of a .dwp file (DWARF 5, section 7.3.5.3).
type packageIndex struct {
	version uint32
	kinds   []uint32
	rows    map[uint64]uint32 // from 1, by the unit's id
	offsets []byte
	sizes   []byte
}

// contribution is the part of each section, as offset and size.
type contribution map[uint32][2]uint64

func (c contribution) of(kind uint32, content []byte) []byte {
	part := c[kind]
	if part[0] > uint64(len(content)) || part[1] > uint64(len(content))-part[0] {
		return nil
	}
	return content[part[0] : part[0]+part[1]]
}

func readPackageIndex(im *image.Image) (index packageIndex) {
	content, err := im.Section(".debug_cu_index")
	if err != nil {
		return index
	}
	c := cursor.At(content, 0)
	index.version = c.U32() & 0xffff // of DWARF 5 two bytes and two of padding
	columns, units, slots := uint64(c.U32()), uint64(c.U32()), uint64(c.U32())
	if c.Bad() || index.version != 2 && index.version != 5 || columns > 16 || units > maxUnits || slots > 4*maxUnits || slots*12 > uint64(c.Left()) {
		return packageIndex{}
	}
	ids := cursor.At(content, c.Offset())
	c.Skip(slots * 8)
	index.rows = map[uint64]uint32{}
	for range slots {
		if id, row := ids.U64(), c.U32(); row > 0 && uint64(row) <= units {
			index.rows[id] = row
		}
	}
	for range columns {
		index.kinds = append(index.kinds, c.U32())
	}
	if table := units * columns * 4; !c.Bad() && 2*table <= uint64(c.Left()) {
		index.offsets = content[c.Offset() : c.Offset()+table]
		index.sizes = content[c.Offset()+table : c.Offset()+2*table]
		return index
	}
	return packageIndex{}
}

func (index packageIndex) find(id uint64) (contribution, bool) {
	row, found := index.rows[id]
	if !found {
		return nil, false
	}
	parts := contribution{}
	at := uint64(row-1) * uint64(len(index.kinds)) * 4
	offsets, sizes := cursor.At(index.offsets, at), cursor.At(index.sizes, at)
	for _, kind := range index.kinds {
		offset, size := uint64(offsets.U32()), uint64(sizes.U32())
		if index.version == 2 && kind == partRnglists {
			continue // macros there
		}
		parts[kind] = [2]uint64{offset, size}
	}
	return parts, !offsets.Bad() && !sizes.Bad()
}
