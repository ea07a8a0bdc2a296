package symbolize

import (
	"context"
	"debug/elf"
	"os"
	"strings"
	"testing"

	"flameline.dev/helper/internal/mapped"
)

func TestTheVDSOHasNames(t *testing.T) {
	file, err := mapped.Open(mapped.Process{PID: os.Getpid(), PeerUID: uint32(os.Getuid())}, mapped.VDSO)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	image, err := elf.NewFile(file)
	if err != nil {
		t.Fatal(err)
	}
	symbols, err := image.DynamicSymbols()
	if err != nil {
		t.Fatal(err)
	}
	local := NewLocal()
	defer local.Close()
	for _, s := range symbols {
		if elf.ST_TYPE(s.Info) == elf.STT_FUNC && strings.Contains(s.Name, "clock_gettime") {
			r, err := local.Symbolize(context.Background(), Module{Key: mapped.VDSO, File: file}, []Address{{Addr: s.Value + 4}})
			if err != nil || !r[0].Resolved || !strings.Contains(r[0].Positions[0].Function, "clock_gettime") {
				t.Errorf("%+v, %v", r, err)
			}
			return
		}
	}
	t.Skip("no clock_gettime in this kernel's vDSO")
}
