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
}

func newFrameTable(modules *moduleTable) *frameTable {
	t := &frameTable{modules: modules}
	t.reset()
	return t
}

func (t *frameTable) reset() {
	t.frames = map[unique.Handle[libpf.Frame]]*Frame{}
	t.leaves = map[Frame]*Frame{}
}

// Error codes of the engine that say that a stack was cut at a limit; all others say that unwinding failed.
const (
	errStackLengthExceeded = 2
	errMaxTailCalls        = 5
)

func (t *frameTable) convert(trace *libpf.Trace) ([]*Frame, Outcome) {
	t.lock.Lock()
	defer t.lock.Unlock()
	if len(t.frames) > maxFrames {
		t.reset()
	}
	outcome := Whole
	frames := make([]*Frame, 0, len(trace.Frames))
	for _, handle := range trace.Frames {
		frame, known := t.frames[handle]
		if !known {
			value := handle.Value()
			if value.Type.IsError() {
				code := value.AddressOrLineno
				if code == errStackLengthExceeded || code == errMaxTailCalls {
					outcome = Truncated
				} else if outcome == Whole {
					outcome = Broken
				}
				continue
			}
			frame = t.frame(&value)
			t.frames[handle] = frame
		}
		frames = append(frames, frame)
	}
	return frames, outcome
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

// reporter receives the frames of each trace, in the goroutine that polls.
type reporter struct{ engine *Engine }

func (r reporter) ReportTraceEvent(trace *libpf.Trace, _ *samples.TraceEventMeta) error {
	if r.engine.matcher.current != nil {
		frames, outcome := r.engine.frames.convert(trace)
		r.engine.matcher.finishTrace(frames, outcome)
	}
	return nil
}
