package capture

import (
	"os"
	"runtime"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
)

// TestTheTrapIsMeasured looks at the order of magnitude: hundreds of ns to some tens of µs, on any machine.
func TestTheTrapIsMeasured(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("skipped: probes need root; run the tests with sudo")
	}
	if err := tryBPF(); err != nil {
		t.Skipf("skipped: %v", err) // another processor, emulated
	}
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Type: ebpf.Kprobe, AttachType: probeKind(), License: "GPL", Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, 0), asm.Return()},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	before := trapped
	for range 5 {
		prices := measureTraps(program)
		t.Logf("a probe's hit costs %+v ns", prices)
		for _, ns := range []int64{prices.stepped, prices.emulated} {
			if ns == usualTrap || ns < 100 || ns > 100_000 {
				t.Errorf("a probe's hit is said to cost %d ns", ns)
			}
		}
	}
	if trapped-before != 5*trapsMeasured {
		t.Errorf("the function ran %d times", trapped-before)
	}
}

func TestProbesAreSetWhereTheyCostLeast(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("skipped: only amd64 has places that cost less")
	}
	for _, one := range []struct {
		code     []byte
		skip     uint64
		emulated bool
	}{
		{[]byte{0x41, 0x54, 0x55, 0x53}, 0, true},                               // push %r12
		{[]byte{0x55, 0x48, 0x89, 0xe5}, 0, true},                               // push %rbp
		{[]byte{0xf3, 0x0f, 0x1e, 0xfa, 0x41, 0x57}, 4, true},                   // endbr64; push %r15
		{[]byte{0x48, 0x85, 0xff, 0x0f, 0x84, 0, 0, 0, 0}, 3, true},             // test %rdi,%rdi; je
		{[]byte{0xf3, 0x0f, 0x1e, 0xfa, 0x48, 0x85, 0xff, 0x74, 0x10}, 7, true}, // endbr64; test %rdi,%rdi; je
		{[]byte{0xf3, 0x0f, 0x1e, 0xfa, 0x48, 0x83, 0xec, 0x18}, 0, false},      // endbr64; sub $24,%rsp
		{[]byte{0x80, 0x3d, 0x71, 0x0e, 0x14, 0, 0}, 0, false},                  // cmpb
		{[]byte{0x48, 0x85}, 0, false}, {nil, 0, false},                         // the file ends
	} {
		if skip, emulated := cheapPlace(one.code); skip != one.skip || emulated != one.emulated {
			t.Errorf("% x is probed at +%d (emulated: %v), not at +%d (%v)", one.code, skip, emulated, one.skip, one.emulated)
		}
	}
}
