package capture

import (
	"testing"

	"go.opentelemetry.io/ebpf-profiler/interpreter"
	"go.opentelemetry.io/ebpf-profiler/libpf"
	"go.opentelemetry.io/ebpf-profiler/libpf/pfbufio"
	sdtypes "go.opentelemetry.io/ebpf-profiler/nativeunwind/stackdeltatypes"
	"go.opentelemetry.io/ebpf-profiler/processmanager"
	"go.opentelemetry.io/ebpf-profiler/remotememory"
)

// endless is a file of nothing but zeros, as a file with a hole of terabytes is.
type endless struct{ read int64 }

func (e *endless) ReadAt(p []byte, _ int64) (int, error) {
	clear(p)
	e.read += int64(len(p))
	return len(p), nil
}

func TestATableWithoutAnEndEnds(t *testing.T) {
	file := &endless{}
	if err := processmanager.Surviving("", func() {
		reader := pfbufio.NewReader(file, 0, 1<<60)
		defer pfbufio.PutReader(reader)
		for reader.Remaining() > 0 {
			_ = reader.Uint8()
		}
	}); err != nil {
		t.Fatal(err)
	}
	if file.read > pfbufio.FileWork+1<<20 {
		t.Errorf("%d MB were read of one file", file.read>>20)
	}
}

func TestTheTablesThatAFileBecomesAreBounded(t *testing.T) {
	var deltas sdtypes.StackDeltaArray
	err := processmanager.Surviving("", func() {
		for i := range uint32(100_000_000) {
			deltas.Add(i, sdtypes.UnwindInfo{Param: int32(i)})
		}
	})
	if err == nil || len(deltas) > pfbufio.FileWork/64 {
		t.Errorf("a file became %d rows (%v)", len(deltas), err)
	}
	// The next file has as much again.
	if err := processmanager.Surviving("", func() { deltas.Add(1, sdtypes.UnwindInfo{Param: -1}) }); err != nil {
		t.Error(err)
	}
}

// circular is an interpreter whose list leads back to its beginning.
type circular struct{ interpreter.Data }

func (circular) Attach(_ interpreter.EbpfHandler, _ libpf.PID, _ libpf.Address, memory remotememory.RemoteMemory) (interpreter.Instance, error) {
	for at := libpf.Address(0x1000); at != 0; at = memory.Ptr(at) {
	}
	return nil, nil
}

func TestAnInterpretersListWithoutAnEndEnds(t *testing.T) {
	memory := forgedMemory{[]byte{0, 0x10, 0, 0, 0, 0, 0, 0}}
	if _, err := processmanager.SurvivingAttach(circular{}, noKernel{}, 77, 0, remotememory.RemoteMemory{ReaderAt: memory}); err == nil {
		t.Error("it was believed")
	}
}
