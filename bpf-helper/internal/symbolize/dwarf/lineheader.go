package dwarf

import (
	"path"
	"strings"

	"flameline.dev/helper/internal/symbolize/cursor"
)

const (
	maxFiles   = 1 << 18
	maxFormats = 64
)

// lineHeader is the head of a unit's line program: how to run it, and the file names that numbers stand for.
type lineHeader struct {
	program, end   uint64
	version        uint16
	minInstruction uint64
	maxOps         uint64
	lineBase       int8
	lineRange      uint64
	opcodeBase     uint8
	operands       [255]uint8
	directories    [][]byte
	files          []lineFile
	joined         map[uint64]string
}

type lineFile struct {
	name      []byte
	directory uint64
}

func (d *Data) lineHeader(u *unit) *lineHeader {
	if u.files == nil {
		u.files = d.readLineHeader(u)
		if u.files == nil {
			u.files = &lineHeader{} // unreadable: not tried again
		}
	}
	if u.files.version == 0 {
		return nil
	}
	return u.files
}

func (d *Data) readLineHeader(u *unit) *lineHeader {
	if !u.hasLines {
		return nil
	}
	c := cursor.At(d.s.line, u.stmtList)
	length, offsetSize := uint64(c.U32()), 4
	if length == 0xffffffff {
		length, offsetSize = c.U64(), 8
	}
	if c.Bad() || length > uint64(c.Left()) {
		return nil
	}
	h := &lineHeader{end: c.Offset() + length, version: c.U16(), maxOps: 1, joined: map[uint64]string{}}
	if h.version < 2 || h.version > 5 {
		return nil
	}
	// Forms in the tables below have the sizes of this header, which can differ from the unit's.
	form := &unit{version: h.version, addrSize: u.addrSize, dwarf64: offsetSize == 8, strOffsetsBase: u.strOffsetsBase}
	if h.version == 5 {
		c.U8() // address size
		c.U8() // segment selector size
	}
	headerLength := c.Uint(offsetSize)
	h.program = c.Offset() + headerLength
	h.minInstruction = uint64(c.U8())
	if h.version >= 4 {
		h.maxOps = uint64(max(1, c.U8()))
	}
	c.U8() // default_is_stmt
	h.lineBase, h.lineRange, h.opcodeBase = int8(c.U8()), uint64(c.U8()), c.U8()
	if c.Bad() || h.lineRange == 0 || h.opcodeBase == 0 || h.program > h.end || h.program < c.Offset() {
		return nil
	}
	for i := range int(h.opcodeBase) - 1 {
		h.operands[i] = c.U8()
	}
	if h.version == 5 {
		d.readTables5(&c, form, h)
	} else {
		readTables(&c, h)
	}
	return h
}

// readTables reads the tables of DWARF 2 to 4, where directory 0 is the compile directory and files count from 1.
func readTables(c *cursor.Cursor, h *lineHeader) {
	h.directories = append(h.directories, nil)
	for len(h.directories) < maxFiles {
		text := c.Text()
		if len(text) == 0 {
			break
		}
		h.directories = append(h.directories, text)
	}
	h.files = append(h.files, lineFile{})
	for len(h.files) < maxFiles {
		text := c.Text()
		if len(text) == 0 {
			break
		}
		h.files = append(h.files, lineFile{text, c.Uleb()})
		c.Uleb() // time
		c.Uleb() // size
	}
}

// readTables5 reads the self-describing tables of DWARF 5, where both count from 0.
func (d *Data) readTables5(c *cursor.Cursor, u *unit, h *lineHeader) {
	for _, entry := range d.readTable5(c, u) {
		h.directories = append(h.directories, entry.name)
	}
	h.files = d.readTable5(c, u)
}

func (d *Data) readTable5(c *cursor.Cursor, u *unit) []lineFile {
	var formats []attribute
	for range min(c.U8(), maxFormats) {
		formats = append(formats, attribute{name: uint16(min(c.Uleb(), 0xffff)), form: uint16(min(c.Uleb(), 0xffff))})
	}
	count := c.Uleb()
	if len(formats) == 0 || count > maxFiles {
		return nil
	}
	var files []lineFile
	for range count {
		var file lineFile
		for i := range formats {
			v := d.read(c, u, &formats[i])
			switch formats[i].name {
			case 1: // path
				file.name = d.str(u, v)
			case 2: // directory_index
				file.directory = v.n
			}
		}
		if c.Bad() {
			break
		}
		files = append(files, file)
	}
	return files
}

// fileName is the path of a file by its number in the unit's line table, absolute where the compile directory is.
func (d *Data) fileName(u *unit, number uint64) string {
	h := d.lineHeader(u)
	if h == nil || number >= uint64(len(h.files)) {
		return ""
	}
	if joined, ok := h.joined[number]; ok {
		return joined
	}
	file := h.files[number]
	joined := string(file.name)
	if joined != "" && !strings.HasPrefix(joined, "/") {
		directory := ""
		if file.directory < uint64(len(h.directories)) {
			directory = string(h.directories[file.directory])
		}
		if !strings.HasPrefix(directory, "/") {
			directory = path.Join(string(d.str(u, u.compDir)), directory)
		}
		joined = path.Join(directory, joined)
	} else if joined != "" {
		joined = path.Clean(joined)
	}
	h.joined[number] = joined
	return joined
}
