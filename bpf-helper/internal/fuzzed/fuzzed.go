// Package fuzzed holds fuzzed inputs to limits: no input may take long or much memory, however odd it is. For tests.
package fuzzed

import (
	"fmt"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
)

// Limits of one input.
type Limits struct {
	Time  time.Duration
	Bytes uint64 // allocated in all, whether or not it was free again
}

// Do does the work of one input. An input that takes too long ends the process, with the stacks of all goroutines, as nothing
// else stops a loop; the fuzzer then keeps the input.
func Do(t *testing.T, limits Limits, work func()) {
	t.Helper()
	debug.SetTraceback("all")
	watch := time.AfterFunc(limits.Time, func() { panic(fmt.Sprintf("an input takes longer than %v", limits.Time)) })
	before := allocated()
	work()
	took := allocated() - before
	watch.Stop()
	if took > limits.Bytes {
		t.Errorf("an input allocated %d MB, more than %d MB", took>>20, limits.Bytes>>20)
	}
}

func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
