package nodev8

// This file is added to the engine's package by build.sh, which also puts the function in the place of the engine's own
// reader of baseline code's table. That takes the table's first entry, the code before the first bytecode, for the first
// bytecode's, so that every position is one bytecode too far: a call whose result is not used was on the next statement's line.

import "bytes"

// bytecodeAtBaselineOffset finds the bytecode of an instruction of baseline code; 0 where it can't be told.
//
// The table holds the length of the code before the first bytecode, then that of each bytecode.
// https://chromium.googlesource.com/v8/v8.git/+/refs/tags/9.2.230.1/src/baseline/bytecode-offset-iterator.h#45
func (i *v8Instance) bytecodeAtBaselineOffset(code *v8Code, pcDelta uint32) uint32 {
	if i.d.bytecodeSizes == nil || code.sfi.bytecode == nil || code.codePositionTable == nil {
		return 0
	}
	return BytecodeAt(code.codePositionTable, pcDelta, bytes.NewReader(code.sfi.bytecode), i.d.readBytecodeLength)
}

// BytecodeAt does so from the table and a reader of the bytecodes' lengths, which gives 0 or less where it can't go on.
func BytecodeAt(table []byte, pcDelta uint32, bytecodes *bytes.Reader, length func(*bytes.Reader) int) uint32 {
	lengths := bytes.NewReader(table)
	end, err := decodeUVLQ(lengths)
	if err != nil || end > uint64(pcDelta) {
		return 0
	}
	for offset := uint32(0); ; {
		own, err := decodeUVLQ(lengths)
		if err != nil {
			return 0
		}
		if end += own; end > uint64(pcDelta) {
			return offset
		}
		next := length(bytecodes)
		if next <= 0 {
			return 0
		}
		offset += uint32(next)
	}
}
