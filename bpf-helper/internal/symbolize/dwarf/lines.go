package dwarf

import (
	"cmp"
	"slices"

	"flameline.dev/helper/internal/symbolize/cursor"
)

// maxRows bounds one unit's line table: 16 bytes each. A program linked as one unit with 100 MB of code has some 10 million.
const maxRows = 12 << 20

// row says that the code from address on, up to the next row, belongs to a line. File -1 ends a sequence.
type row struct {
	address uint64
	file    int32
	line    uint32
}

type lineTable struct {
	header *lineHeader
	rows   []row
}

func (t *lineTable) bytes() int64 { return int64(cap(t.rows)) * 16 }

// line is the file and line of pc.
func (d *Data) line(u *unit, x *index, pc uint64) (string, int) {
	if !x.linesRead {
		x.linesRead = true
		before := x.bytes()
		x.lines = d.readLines(u)
		if u.index == x {
			d.keptBytes += x.bytes() - before
		}
	}
	rows := x.lines.rows
	after, _ := slices.BinarySearchFunc(rows, pc, func(r row, pc uint64) int {
		if r.address <= pc {
			return -1
		}
		return 1
	})
	if after == 0 || rows[after-1].file < 0 {
		return "", 0
	}
	r := rows[after-1]
	if r.line == 0 {
		return "", 0
	}
	return d.fileName(u, uint64(r.file)), int(r.line)
}

// registers are the line program's state machine (DWARF 5, section 6.2.2); columns and flags aren't kept.
type registers struct {
	address uint64
	file    uint64
	line    int64
	op      uint64
}

// readLines runs the unit's line program.
func (d *Data) readLines(u *unit) lineTable {
	h := d.lineHeader(u)
	if h == nil {
		return lineTable{}
	}
	t := lineTable{header: h}
	c := cursor.At(d.s.line[:h.end], h.program)
	var rows []row // of the sequence being read
	r := registers{file: 1, line: 1}
	emit := func(file int32) {
		if len(t.rows)+len(rows) < maxRows {
			rows = append(rows, row{r.address, file, uint32(max(0, min(r.line, 1<<24)))})
		}
	}
	advance := func(operation uint64) {
		if h.maxOps <= 1 {
			r.address += h.minInstruction * operation
			return
		}
		r.address += h.minInstruction * ((r.op + operation) / h.maxOps)
		r.op = (r.op + operation) % h.maxOps
	}
	file := func() int32 { return int32(min(r.file, 1<<30)) }
	for c.Left() > 0 && !c.Bad() {
		op := c.U8()
		if op >= h.opcodeBase {
			adjusted := uint64(op - h.opcodeBase)
			advance(adjusted / h.lineRange)
			r.line += int64(h.lineBase) + int64(adjusted%h.lineRange)
			emit(file())
			continue
		}
		switch op {
		case 0: // extended
			length := c.Uleb()
			end := c.Offset() + length
			if length == 0 || length > uint64(c.Left()) {
				continue
			}
			switch c.U8() {
			case 1: // end_sequence
				emit(-1)
				t.addSequence(d, rows)
				rows = rows[:0]
				r = registers{file: 1, line: 1}
			case 2: // set_address
				r.address, r.op = c.Uint(int(min(length-1, 8))), 0
			}
			c.Skip(end - min(end, c.Offset()))
		case 1: // copy
			emit(file())
		case 2: // advance_pc
			advance(c.Uleb())
		case 3: // advance_line
			r.line += c.Sleb()
		case 4: // set_file
			r.file = c.Uleb()
		case 5, 12: // set_column, set_isa
			c.Uleb()
		case 6, 7, 10, 11: // flags
		case 8: // const_add_pc
			advance(uint64(255-h.opcodeBase) / h.lineRange)
		case 9: // fixed_advance_pc
			r.address, r.op = r.address+uint64(c.U16()), 0
		default:
			for range h.operands[op-1] {
				c.Uleb()
			}
		}
	}
	slices.SortStableFunc(t.rows, func(a, b row) int {
		switch {
		case a.address < b.address:
			return -1
		case a.address > b.address:
			return 1
		}
		// Where one sequence ends and another starts at the same address, the start counts.
		return cmp.Compare(min(a.file, 0), min(b.file, 0))
	})
	t.rows = slices.Clip(t.rows)
	return t
}

// addSequence takes a finished sequence over. Those of functions that the linker dropped start outside of the code.
func (t *lineTable) addSequence(d *Data, rows []row) {
	if len(rows) < 2 || !d.inCode(rows[0].address) {
		return
	}
	// Rows without code, at the very end, would sort behind the end and claim what follows.
	end := rows[len(rows)-1]
	rows = rows[:len(rows)-1]
	for len(rows) > 0 && rows[len(rows)-1].address >= end.address {
		rows = rows[:len(rows)-1]
	}
	t.rows = append(append(t.rows, rows...), end)
}
