// Package position holds what every symbol source answers with.
package position

// Position is one place in source code. Line and FunctionLine are 1-based and 0 when unknown.
type Position struct {
	// Function is demangled, without hash or arguments; empty when unknown.
	Function string
	// File is as the compiler recorded it, made absolute with the compile directory where there is one.
	File string
	Line int
	// FunctionLine is the first line of the function.
	FunctionLine int
}

// The languages that a Result can name; the rest of machine code is Native.
const (
	C      = "c"
	Cpp    = "cpp"
	Rust   = "rust"
	Go     = "go"
	Native = "native"
)
