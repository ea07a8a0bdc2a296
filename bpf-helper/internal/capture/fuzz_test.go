package capture

import (
	"encoding/binary"
	"io"
	"log/slog"
	"os"
	"testing"
	"time"

	"flameline.dev/helper/internal/fuzzed"
	"go.opentelemetry.io/ebpf-profiler/host"
	"go.opentelemetry.io/ebpf-profiler/interpreter/interpreterconfig"
	"go.opentelemetry.io/ebpf-profiler/libc"
	"go.opentelemetry.io/ebpf-profiler/libpf"
	"go.opentelemetry.io/ebpf-profiler/libpf/pfelf"
	enginelog "go.opentelemetry.io/ebpf-profiler/log"
	"go.opentelemetry.io/ebpf-profiler/nativeunwind/elfunwindinfo"
	"go.opentelemetry.io/ebpf-profiler/processmanager"
	"go.opentelemetry.io/ebpf-profiler/processmanager/execinfomanager"
	"go.opentelemetry.io/ebpf-profiler/remotememory"
)

// The engine reads files and memory of strangers as root. Its parsers may fail in any way that processmanager.Surviving and
// SurvivingAttach turn into an error; they may not go on for long, take memory without measure or end the process.

// elsewhere opens no other file: those are read in the same way.
type elsewhere struct{}

func (elsewhere) OpenELF(string) (*pfelf.File, error) { return nil, os.ErrNotExist }

// fileNames are what the engine goes by, besides the content.
var fileNames = []string{
	"program", "libc.so.6", "libpython3.11.so.1.0", "python3.13", "node", "libnode.so.108", "libjvm.so", "libruby-3.1.so.3.1", "libperl.so.5.36",
	"php8.2", "beam.smp", "libcoreclr.so", "libluajit-5.1.so.2", "elastic-jvmti-linux-x64.so", "ld-musl-x86_64.so.1",
}

func newExecutables(t testing.TB) *execinfomanager.ExecutableInfoManager {
	t.Helper()
	enginelog.SetLogger(*slog.New(slog.DiscardHandler)) // each odd input is worth a line to it
	interpreters := interpreterconfig.AllInterpreters()
	interpreters.Go.Symbolization.Disabled = true
	manager, err := execinfomanager.NewExecutableInfoManager(elfunwindinfo.NewStackDeltaProvider(), noKernel{}, interpreters)
	if err != nil {
		t.Fatal(err)
	}
	return manager
}

func FuzzExecutable(f *testing.F) {
	for _, flags := range [][]string{{"-shared"}, {"-static", "-fno-asynchronous-unwind-tables", "-g"}, {"-static-pie", "-fno-omit-frame-pointer"}} {
		if content := smallProgram(f, flags...); content != nil {
			for name := range fileNames {
				f.Add(content, byte(name))
			}
		}
	}
	if content := goTable(f); content != nil {
		f.Add(content, byte(0))
	}
	next := host.FileID(0)
	executables := newExecutables(f)
	limits := fuzzed.Limits{Time: 3 * time.Second, Bytes: 1 << 30}
	f.Fuzz(func(t *testing.T, content []byte, name byte) {
		file := inMemory(t, content)
		defer file.Close()
		reference := pfelf.NewReferenceWithOpenFunc("/usr/lib/"+fileNames[int(name)%len(fileNames)], elsewhere{}, func() (*pfelf.File, error) {
			return pfelf.Open(file.Name())
		})
		defer reference.Close()
		fuzzed.Do(t, limits, func() {
			_ = processmanager.Surviving("", func() {
				if opened, err := reference.GetELF(); err == nil {
					_, _ = opened.GetBuildID()
					if opened.IsGolang() {
						_, _ = opened.GetGoBuildID()
					}
					_ = opened.DebuglinkFileName(reference.FileName(), reference)
				}
			})
			next++
			id := next
			_ = processmanager.Surviving("", func() {
				if _, err := executables.AddOrIncRef(id, reference); err == nil {
					_ = executables.DecRef(id)
				}
			})
		})
	})
}

// forgedMemory is a process's memory in which every address leads somewhere: the fuzzed bytes, again and again.
type forgedMemory struct{ bytes []byte }

func (m forgedMemory) ReadAt(p []byte, at int64) (int, error) {
	if len(m.bytes) == 0 {
		return 0, io.EOF
	}
	for i := range p {
		p[i] = m.bytes[(uint64(at)+uint64(i))%uint64(len(m.bytes))]
	}
	return len(p), nil
}

func FuzzInterpreter(f *testing.F) {
	known := interpreters(f)
	if len(known) == 0 {
		f.Skip("skipped: no interpreter that the engine knows is installed")
	}
	types := []libpf.FrameType{
		libpf.PythonFrame, libpf.V8Frame, libpf.HotSpotFrame, libpf.PerlFrame, libpf.PHPFrame, libpf.RubyFrame, libpf.BEAMFrame, libpf.LuaJITFrame,
	}
	pattern := make([]byte, 4096)
	for i := range len(pattern) / 8 {
		binary.LittleEndian.PutUint64(pattern[8*i:], uint64(0x7f0000000000+8*((i*37)%512)))
	}
	for i := range known {
		for kind := range types {
			f.Add(byte(i), byte(kind), pattern, uint64(0x1000), uint64(1))
			f.Add(byte(i), byte(kind), []byte{1, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0}, uint64(0x55), uint64(0xffffffff))
		}
	}
	limits := fuzzed.Limits{Time: 5 * time.Second, Bytes: 1 << 30}
	f.Fuzz(func(t *testing.T, which, kind byte, memory []byte, first, second uint64) {
		fuzzed.Do(t, limits, func() {
			instance, err := processmanager.SurvivingAttach(known[int(which)%len(known)], noKernel{}, 77, 0x5000, remotememory.RemoteMemory{ReaderAt: forgedMemory{memory}})
			if err != nil {
				return
			}
			_ = instance.UpdateLibcInfo(noKernel{}, 77, libc.LibcInfo{})
			frame := libpf.EbpfFrame{uint64(types[int(kind)%len(types)])<<60 | 8<<52 | first&(1<<52-1), second, first, second >> 8, first, second, first, second, 0}
			for range 3 {
				frames := libpf.Frames{}
				_ = instance.Symbolize(frame, &frames, libpf.FrameMapping{})
				if len(frames) > 1000 {
					t.Errorf("one frame became %d", len(frames))
				}
			}
			_ = instance.ReleaseResources()
			_ = instance.Detach(noKernel{}, 77)
		})
	})
}
