package pfbufio

// This file is added to the engine's package by build.sh. The sizes in a file's headers are whatever its author wrote: tables
// that go on behind the file's end, or that are read again for each of a million functions. So the end of the file is the end of
// each table, and what one file may cost is bounded.

import (
	"errors"
	"sync/atomic"
)

const (
	// FileWork is what one file may cost: bytes that are read, and what Spend counts. The unwind tables of a browser of 200 MB
	// take a fifth of it.
	FileWork = 256 << 20
	// fillWork is what a look into the file costs besides its bytes.
	fillWork = 64
)

var errTooMuchWork = errors.New("the file's tables are too large, or refer to each other too often")

// left and parsers are the process's: the files of a moment share the budget that the last of them began.
var left, parsers atomic.Int64

// Bounded begins the work on a file. Until the function that it gives is called, work is counted.
func Bounded() (done func()) {
	left.Store(FileWork)
	parsers.Add(1)
	return func() { parsers.Add(-1) }
}

// Spend counts work on a file, and panics when it is too much; not to be called where nobody recovers.
func Spend(work int64) {
	if !spend(work) {
		panic(errTooMuchWork)
	}
}

func spend(work int64) bool {
	return parsers.Load() == 0 || left.Add(-work) >= 0
}

// took is what a look into the source gave; where that is nothing, or was too much, the reader is at its end.
func (r *Reader) took(n int) int {
	if n <= 0 || !spend(int64(n)+fillWork) {
		r.limit = min(r.limit, r.off)
		r.slimit = min(r.slimit, r.off)
		for i := range r.sectionEnds {
			r.sectionEnds[i] = min(r.sectionEnds[i], r.off)
		}
	}
	return n
}
