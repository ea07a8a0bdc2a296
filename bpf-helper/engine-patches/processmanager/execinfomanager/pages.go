package execinfomanager

// This file is added to the engine's package by build.sh: it bounds how far apart a file's code may lie.

import "errors"

// mostPages is how many pages of 64 KiB the unwinder's map has room for, of all files together. A damaged file may say that its code spans
// all there are of 64 bits, and for each of them there would be a counter.
const mostPages = 1 << 15

var errScattered = errors.New("the file's code spans more than 2 GiB")

// spanned gives the number of pages from a file's first code to its last. Whoever reads files that may be hostile survives the panic.
func spanned(pages uint64) uint64 {
	if pages > mostPages {
		panic(errScattered)
	}
	return pages
}
