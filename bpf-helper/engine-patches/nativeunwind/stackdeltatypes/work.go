package stackdeltatypes

// This file is added to the engine's package by build.sh: it bounds the memory that a file's unwind tables become.

import "go.opentelemetry.io/ebpf-profiler/libpf/pfbufio"

// deltaWork is the memory of a delta, in a slice that has grown, and what it takes to make one.
const deltaWork = 64

func counted(delta StackDelta) StackDelta {
	pfbufio.Spend(deltaWork)
	return delta
}

func countedBlock(block BasicBlock) *BasicBlock {
	pfbufio.Spend(deltaWork)
	return &block
}
