// Package symbolize turns addresses inside mapped files into functions, files and lines, with inlined calls expanded and
// names demangled.
//
// Debug information is written by whoever built the program, so parsing it is the dangerous part of the helper. Start
// runs the parser in a child process without any rights (see client.go and sandbox/), to which `serve` hands open files;
// Local runs the same parser in this process, for tests and tools.
//
// Addresses are ELF virtual addresses of the file (what the file's program headers, symbols and DWARF speak of), not file
// offsets: that is what the engine delivers in libpf.Frame.AddressOrLineno of a native frame. The engine has already
// taken one from a return address there (processmanager.convertFrame), so for its frames Address.Return stays false;
// it is for raw return addresses only.
package symbolize

import (
	"context"
	"os"

	"flameline.dev/helper/internal/symbolize/position"
)

// Limits of one request and its answer; both sides hold them.
const (
	MaxAddresses  = 4096 // in one request
	MaxPositions  = 64   // of one address: a deeper inline chain is cut at its outer end
	MaxNameBytes  = 1024 // a longer function name is cut
	MaxFileBytes  = 4096 // a longer path is left out
	MaxLineNumber = 1 << 24
	MaxKeyBytes   = 256
)

// Address is a place in a file's code, as an ELF virtual address.
type Address struct {
	Addr uint64
	// Return says that Addr is a raw return address: the call is in front of it, so Addr-1 is looked up.
	Return bool
}

// Position is one place in source code.
type Position = position.Position

// Result is what is known about one address.
type Result struct {
	// Language is c, cpp, rust, go or native.
	Language string
	// Positions are innermost first: the callees that the compiler inlined precede the physical function.
	Positions []Position
	// Resolved is whether at least the function's name is known.
	Resolved bool
	// Bare says that the file has no debug information: a debug file would tell more.
	Bare bool
}

// Module is a mapped file. The files stay the caller's to close.
type Module struct {
	// Key says which content this is: the engine's file id or the build id. Equal keys share what was parsed.
	Key string
	// File is the mapped file, open for reading (mapped.Open).
	File *os.File
	// Debug is the separate debug file, or nil (mapped.OpenDebugFile). It counts only when its build id equals the file's.
	Debug *os.File
	// JIT says that File is a perf map or a jitdump file, and the addresses those of its process.
	JIT bool
	// Allocators asks for functions of allocators instead: see AllocatorsIn.
	Allocators bool
	// Splits are files with a part of the debug information, as they were wanted.
	Splits []Split
	// Want receives the absolute paths of files that would tell more of the addresses; nil where nobody could bring them.
	Want *[]string
}

// PackageName is the name of a Split that is the program's .dwp file.
const PackageName = "dwp"

// MaxSplits bounds the files of one request, and those that an answer wants.
const MaxSplits = 16

// Split is a file with a part of the debug information (.dwo, .dwp).
type Split struct {
	Name string   // as it was wanted, or PackageName
	File *os.File // nil says that it can't be had
}

// Symbolizer answers about addresses. It may be used from several goroutines.
type Symbolizer interface {
	// Symbolize answers in the order of addrs, with len(addrs) results; an unknown address has Resolved false. The error
	// says why nothing could be answered (the file is no ELF file, the parser died); the results are then all unresolved.
	Symbolize(ctx context.Context, module Module, addrs []Address) ([]Result, error)
	// Cost is what symbolizing has taken so far: CPU time, and the memory resident now or some seconds ago, without the
	// pages of the program's own file.
	Cost() (cpuNs int64, residentBytes int64)
	Close() error
}
