// Package processcontext replaces the engine's: it knows no process context.
//
// A program may describe itself in a mapping named OTEL_CTX, as a protobuf message. We show nothing of it, and what a
// recorded program writes should not be decoded by a process of root's, least of all by a library as large as protobuf.
package processcontext

import (
	"errors"

	"go.opentelemetry.io/ebpf-profiler/libpf"
	"go.opentelemetry.io/ebpf-profiler/remotememory"
)

var (
	// ErrConcurrentUpdate and ErrNoUpdate are asked for by the engine and never returned.
	ErrConcurrentUpdate = errors.New("the process context changed while it was read")
	ErrNoUpdate         = errors.New("the process context has not changed")
	errNone             = errors.New("process contexts are not read")
)

// Info is empty.
type Info struct {
	PublishedAtNs uint64
}

// ClearAttributes does nothing.
func (*Info) ClearAttributes() {}

// IsContextMapping is false for every mapping.
func IsContextMapping(bool, string) bool { return false }

// Read always fails.
func Read(libpf.Address, remotememory.RemoteMemory, uint64, int) (Info, error) {
	return Info{}, errNone
}
