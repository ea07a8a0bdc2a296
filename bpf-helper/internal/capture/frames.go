package capture

import (
	"strings"
	"sync"
	"unique"

	"flameline.dev/helper/internal/wire"
	"go.opentelemetry.io/ebpf-profiler/libpf"
	"go.opentelemetry.io/ebpf-profiler/reporter/samples"
)

// maxFrames bounds the table of frames; beyond it the table is begun anew, which costs only time.
const maxFrames = 500_000

// frameTable turns the engine's frames into ours, each once.
type frameTable struct {
	modules *moduleTable
	lock    sync.Mutex
	frames  map[unique.Handle[libpf.Frame]]*Frame
	leaves  map[Frame]*Frame

	converted libpf.Frames // of one frame of a trace, used again
	recent    recentPaths
	path      *path // spare
}

func newFrameTable(modules *moduleTable) *frameTable {
	t := &frameTable{modules: modules, path: &path{}}
	t.reset()
	return t
}

func (t *frameTable) reset() {
	t.frames = map[unique.Handle[libpf.Frame]]*Frame{}
	t.leaves = map[Frame]*Frame{}
	t.recent = recentPaths{}
}

// Error codes of the engine that say that a stack was cut at a limit; all others say that unwinding failed.
const (
	errStackLengthExceeded = 2
	errMaxTailCalls        = 5
)

// converter turns the frames of the kernel's records into frames of source code.
type converter interface {
	KernelFrames(addresses []uint64, frames *libpf.Frames)
	// UserFrame appends what a frame stands for, and says whether it will stand for the same again.
	UserFrame(pid libpf.PID, frame libpf.EbpfFrame, frames *libpf.Frames) (lasting bool)
	Converted(pid libpf.PID)
}

// convert gives the frames of a trace, leaf first, appended to `frames`.
func (t *frameTable) convert(trace *libpf.EbpfTrace, by converter, frames []*Frame) ([]*Frame, Outcome) {
	t.lock.Lock()
	defer t.lock.Unlock()
	if len(t.frames) > maxFrames {
		t.reset()
	}
	kernel := min(int(trace.NumKernelFrames), len(trace.FrameData))
	t.converted = t.converted[:0]
	if kernel > 0 {
		by.KernelFrames(trace.FrameData[:kernel], &t.converted)
		frames = t.appendFrames(frames, t.converted)
	}
	words := trace.FrameData[kernel:]
	outcome, lasting := Whole, true
	same := t.recent.common(trace.TID, trace.PID, words)
	first := len(frames)
	t.path.begin(trace.PID)
	for at := 0; at < len(words); {
		if index, found := same.at(at); found {
			frames = append(frames, t.path.take(same.before, index, at, len(frames)-first)...)
			break
		}
		frame := libpf.EbpfFrame(words[at:])
		length := int(frame.Length())
		if length == 0 || at+length > len(words) {
			outcome = Broken // not a frame that we know
			break
		}
		if frame = frame[:length]; frame.Flags().Error() {
			outcome = worse(outcome, frame.Data())
		} else {
			t.converted = t.converted[:0]
			lasting = by.UserFrame(trace.PID, frame, &t.converted) && lasting
			t.path.add(at, len(frames)-first)
			frames = t.appendFrames(frames, t.converted)
		}
		at += length
	}
	by.Converted(trace.PID)
	if outcome == Whole && lasting {
		t.path.finish(words, frames[first:])
		t.path = t.recent.keep(trace.TID, t.path)
	}
	return frames, outcome
}

// worse is an outcome after an error of the unwinder.
func worse(outcome Outcome, code uint64) Outcome {
	if code == errStackLengthExceeded || code == errMaxTailCalls {
		return Truncated
	}
	if outcome == Whole {
		return Broken
	}
	return outcome
}

func (t *frameTable) appendFrames(frames []*Frame, converted libpf.Frames) []*Frame {
	for _, handle := range converted {
		frame, known := t.frames[handle]
		if !known {
			value := handle.Value()
			frame = t.frame(&value)
			t.frames[handle] = frame
		}
		frames = append(frames, frame)
	}
	return frames
}

var languages = map[libpf.InterpreterType]wire.Language{
	libpf.PHP: wire.PHP, libpf.PHPJIT: wire.PHP, libpf.Python: wire.Python, libpf.Native: wire.Native, libpf.Kernel: wire.Kernel,
	libpf.HotSpot: wire.Java, libpf.Ruby: wire.Ruby, libpf.Perl: wire.Perl, libpf.V8: wire.JavaScript, libpf.Dotnet: wire.DotNet,
	libpf.Go: wire.Go, libpf.BEAM: wire.BEAM,
}

func (t *frameTable) frame(value *libpf.Frame) *Frame {
	language, known := languages[value.Type.Interpreter()]
	if !known {
		language = wire.Native
	}
	frame := &Frame{
		Language: language,
		Function: strings.ToValidUTF8(value.FunctionName.String(), "�"),
		File:     strings.ToValidUTF8(value.SourceFile.String(), "�"),
		Line:     int(value.SourceLine),
		Column:   int(value.SourceColumn),
	}
	switch language {
	case wire.Native, wire.Go:
		if value.Mapping.Valid() {
			frame.Module = t.modules.lookup(value.Mapping.Value().File.Value())
			frame.Address = uint64(value.AddressOrLineno)
			if frame.Module.JIT != nil { // it has no address but the process's
				window := value.Mapping.Value()
				frame.Address += window.FileOffset - uint64(window.Start)
			}
		}
	case wire.Java:
		frame.Function = javaMethod(frame.Function)
	}
	if frame.Module == nil && frame.Function == "" {
		frame.Function = unnamed
	}
	return frame
}

// unnamed is shown for code that no one can name: a stub of a virtual machine, code without a file.
const unnamed = "[unknown]"

// leafFrame interns a frame that did not come from the engine.
func (t *frameTable) leafFrame(frame Frame) *Frame {
	t.lock.Lock()
	defer t.lock.Unlock()
	if known := t.leaves[frame]; known != nil {
		return known
	}
	t.leaves[frame] = &frame
	return &frame
}

// reporter stands where the engine expects one; traces are read by poll.
type reporter struct{}

func (reporter) ReportTraceEvent(*libpf.Trace, *samples.TraceEventMeta) error { return nil }
