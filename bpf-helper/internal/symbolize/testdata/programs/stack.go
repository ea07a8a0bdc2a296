// Prints the runtime's own account of a stack with inlined calls, for the tests of the symbolizer.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sort"
	"strings"
)

type box[T any] struct{ value T }

func (b *box[T]) get(pcs []uintptr) int { return first(pcs) }

func first(pcs []uintptr) int { return second(pcs) }

func second(pcs []uintptr) int {
	n := runtime.Callers(0, pcs)
	return n
}

//go:noinline
func outer(b *box[int], pcs []uintptr) int {
	return b.get(pcs)
}

func main() {
	pcs := make([]uintptr, 32)
	n := 0
	sort.Slice([]int{2, 1}, func(i, j int) bool {
		n = outer(&box[int]{1}, pcs)
		return i < j
	})
	// Where the program was loaded, to tell addresses in the file from those in memory.
	self, _ := os.Executable()
	maps, _ := os.ReadFile("/proc/self/maps")
	for line := range strings.Lines(string(maps)) {
		if strings.Contains(line, self) {
			start, _, _ := strings.Cut(line, "-")
			fmt.Println("start", start)
			break
		}
	}
	frames := runtime.CallersFrames(pcs[:n])
	for {
		f, more := frames.Next()
		fmt.Println("frame", f.Function, f.File, f.Line)
		if !more {
			break
		}
	}
	for _, pc := range pcs[:n] {
		fmt.Printf("pc %x\n", pc)
	}
}
