// Package names makes the names of machine code readable: demangled, without hash, arguments and generic clutter.
package names

import (
	"strings"

	"github.com/ianlancetaylor/demangle"

	"flameline.dev/helper/internal/symbolize/position"
)

// maxMangledBytes bounds the demangler's work; longer names are shown as they are, cut by the caller.
const maxMangledBytes = 8 << 10

// Readable turns a linker symbol into what a developer calls the function, and tells the language where the mangling does:
// Cpp, Rust, or Native for a name that isn't mangled.
func Readable(symbol string) (name, language string) {
	base, _, _ := strings.Cut(symbol, "@") // the symbol's version: "memcpy@@GLIBC_2.14"
	switch {
	case len(base) > maxMangledBytes:
		return base, position.Native
	case isRust(base):
		if text, err := demangle.ToString(cutClone(base), demangle.NoParams, demangle.MaxLength(12)); err == nil {
			return ShortRust(text), position.Rust
		}
		return base, position.Rust
	case strings.HasPrefix(base, "_Z"), strings.HasPrefix(base, "_GLOBAL__"):
		text, err := demangle.ToString(cutClone(base), demangle.NoParams, demangle.NoEnclosingParams, demangle.NoABITags,
			demangle.NoRust, demangle.MaxLength(14))
		if err == nil {
			return ShortCpp(text), position.Cpp
		}
		return base, position.Cpp
	}
	return cutClone(base), position.Native
}

// isRust knows Rust's own mangling, and its older one that borrows C++'s and ends in a hash.
func isRust(symbol string) bool {
	if strings.HasPrefix(symbol, "_R") {
		return true
	}
	base := cutClone(symbol)
	const hash = len("17h0123456789abcdefE")
	if !strings.HasPrefix(base, "_ZN") || len(base) < hash || !strings.HasPrefix(base[len(base)-hash:], "17h") ||
		base[len(base)-1] != 'E' {
		return false
	}
	for _, digit := range base[len(base)-hash+3 : len(base)-1] {
		if !strings.ContainsRune("0123456789abcdef", digit) {
			return false
		}
	}
	return true
}

// cutClone drops what compilers append to the name of a part or copy of a function: ".cold", ".part.0", ".llvm.123".
func cutClone(symbol string) string {
	for _, mark := range []string{".llvm.", ".cold", ".part.", ".isra.", ".constprop.", ".lto_priv.", ".localalias", ".clone."} {
		if at := strings.Index(symbol, mark); at > 0 {
			symbol = symbol[:at]
		}
	}
	return symbol
}

// Go undoes the linker's escapes in the last element of an import path ("gopkg.in/yaml%2ev3.Load") and writes type
// arguments as the Go runtime does in its traces: "main.Map[...]".
func Go(symbol string) string {
	symbol = strings.TrimSuffix(symbol, ".abi0")
	if first, last := strings.IndexByte(symbol, '['), strings.LastIndexByte(symbol, ']'); first >= 0 && last > first {
		symbol = symbol[:first] + "[...]" + symbol[last+1:]
	}
	if !strings.Contains(symbol, "%") {
		return symbol
	}
	return strings.NewReplacer("%2e", ".", "%22", `"`, "%25", "%", "%7f", "\x7f").Replace(symbol)
}
