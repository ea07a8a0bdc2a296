package capture

import (
	"bytes"
	"testing"

	"go.opentelemetry.io/ebpf-profiler/interpreter/nodev8"
)

func TestAnInstructionOfBaselineCodeBelongsToTheBytecodeThatMadeIt(t *testing.T) {
	// 10 bytes of code before the first bytecode; then 5, 7 and 4 bytes for bytecodes of 2, 3 and 1 bytes.
	table := []byte{10, 5, 7, 4}
	lengths := []int{2, 3, 1}
	for pc, want := range map[uint32]uint32{0: 0, 9: 0, 10: 0, 14: 0, 15: 2, 21: 2, 22: 5, 25: 5, 26: 0, 1000: 0} {
		at := 0
		next := func(*bytes.Reader) int {
			at++
			return lengths[at-1]
		}
		if got := nodev8.BytecodeAt(table, pc, nil, next); got != want {
			t.Errorf("the instruction at %d belongs to bytecode %d, want %d", pc, got, want)
		}
	}
	for _, damaged := range [][]byte{nil, {0x80}, {1}, {1, 0x80}} {
		if got := nodev8.BytecodeAt(damaged, 5, nil, func(*bytes.Reader) int { return -1 }); got != 0 {
			t.Errorf("a damaged table gives %d", got)
		}
	}
}
