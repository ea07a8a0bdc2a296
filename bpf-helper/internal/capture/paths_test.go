package capture

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"go.opentelemetry.io/ebpf-profiler/libpf"
	"go.opentelemetry.io/ebpf-profiler/support"
)

// inliner converts a frame of the kernel's record with the number N into N % 3 + 1 frames of source code named after it, and
// counts what it is asked. The frames of odd processes do not last.
type inliner struct{ asked int }

func (c *inliner) KernelFrames(addresses []uint64, frames *libpf.Frames) {
	for _, address := range addresses {
		frames.Append(&libpf.Frame{Type: libpf.KernelFrame, FunctionName: libpf.Intern(fmt.Sprintf("k%d", address))})
	}
}

func (c *inliner) UserFrame(pid libpf.PID, frame libpf.EbpfFrame, frames *libpf.Frames) bool {
	c.asked++
	for i := range frame.Data()%3 + 1 {
		frames.Append(&libpf.Frame{Type: libpf.PythonFrame, FunctionName: libpf.Intern(fmt.Sprintf("p%d:%d.%d", pid, frame.Data(), i))})
	}
	return pid%2 == 0
}

func (c *inliner) Converted(libpf.PID) {}

// stackOf makes a trace of numbers, leaf first; a number N has N % 3 more words, which hold N again.
func stackOf(pid, tid libpf.PID, kernel []uint64, user ...uint64) *libpf.EbpfTrace {
	words := slices.Clone(kernel)
	for _, n := range user {
		words = append(words, libpf.NewEbpfFrame(libpf.PythonFrame, 0, uint8(n%3+1), n)...)
		for i := range n % 3 {
			words[len(words)-1-int(i)] = n
		}
	}
	return &libpf.EbpfTrace{PID: pid, TID: tid, FrameData: words, NumKernelFrames: uint16(len(kernel))}
}

func names(frames []*Frame) []string {
	var all []string
	for _, f := range frames {
		all = append(all, f.Function)
	}
	return all
}

func TestAStackIsTheSameWhateverCameBeforeIt(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	table, shared := newFrameTable(newModuleTable()), &inliner{}
	alone := &inliner{}
	stacks := [3][]uint64{}
	for range 20_000 {
		tid := random.IntN(len(stacks))
		stack := stacks[tid]
		// Like a thread: some inner frames go, others come.
		stack = stack[random.IntN(min(len(stack), 6)+1):]
		for range random.IntN(7) {
			stack = append([]uint64{random.Uint64N(8)}, stack...)
		}
		if len(stack) > 40 {
			stack = stack[:20]
		}
		stacks[tid] = stack
		trace := stackOf(libpf.PID(2+tid/2), libpf.PID(tid), make([]uint64, random.IntN(3)), stack...)
		got, outcome := table.convert(trace, shared, nil)
		want, _ := newFrameTable(newModuleTable()).convert(trace, alone, nil)
		if outcome != Whole || !slices.Equal(names(got), names(want)) {
			t.Fatalf("%v became %v, not %v (%v)", trace.FrameData, names(got), names(want), outcome)
		}
	}
	if shared.asked*2 > alone.asked {
		t.Errorf("%d of %d frames were converted again", shared.asked, alone.asked)
	}
}

func TestAnUnwindersErrorIsTheOutcomeOfItsStackOnly(t *testing.T) {
	table, by := newFrameTable(newModuleTable()), &inliner{}
	whole := stackOf(2, 2, nil, 1, 2, 3)
	failed := stackOf(2, 2, nil, 5, 1, 2, 3)
	failed.FrameData = append(failed.FrameData, libpf.NewEbpfFrame(libpf.NativeFrame, support.FrameFlagError, 1, 4012)...)
	cut := stackOf(2, 2, nil, 1, 2, 3)
	cut.FrameData = append(cut.FrameData, libpf.NewEbpfFrame(libpf.NativeFrame, support.FrameFlagError, 1, errStackLengthExceeded)...)
	for _, step := range []struct {
		trace *libpf.EbpfTrace
		want  Outcome
	}{{whole, Whole}, {failed, Broken}, {whole, Whole}, {cut, Truncated}, {whole, Whole}} {
		if _, outcome := table.convert(step.trace, by, nil); outcome != step.want {
			t.Errorf("%v has outcome %v, not %v", step.trace.FrameData, outcome, step.want)
		}
	}
}
