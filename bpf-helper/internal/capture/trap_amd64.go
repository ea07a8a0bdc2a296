package capture

import "bytes"

// emulatedTrap begins with an instruction that the kernel emulates when it is probed, as most functions do here.
func emulatedTrap()

// beginBytes is how much of a function cheapPlace looks at.
const beginBytes = 16

// cheapPlace gives how far behind a function's beginning a probe costs least and still sees arguments and stack as they were handed
// over, and whether the kernel emulates the instruction there instead of stepping over it, which takes a second exception. It emulates
// `push` of any register, conditional jumps and the short `nop` (arch/x86/kernel/uprobes.c, branch_setup_xol_ops and
// push_setup_xol_ops); before them may stand `endbr64` and, in `free`, a test of its argument.
func cheapPlace(code []byte) (skip uint64, emulated bool) {
	rest := code
	for _, harmless := range [][]byte{{0xf3, 0x0f, 0x1e, 0xfa}, {0x48, 0x85, 0xff}} {
		rest = bytes.TrimPrefix(rest, harmless)
	}
	isPush := len(rest) > 1 && (rest[0]&0xf8 == 0x50 || rest[0] == 0x41 && rest[1]&0xf8 == 0x50)
	isJump := len(rest) > 1 && (rest[0]&0xf0 == 0x70 || rest[0] == 0x0f && rest[1]&0xf0 == 0x80)
	if isPush || isJump || len(rest) > 0 && rest[0] == 0x90 {
		return uint64(len(code) - len(rest)), true
	}
	return 0, false
}
