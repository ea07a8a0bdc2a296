#include "textflag.h"

// func emulatedTrap()
TEXT ·emulatedTrap(SB), NOSPLIT|NOFRAME, $0-0
	PUSHQ BP
	POPQ BP
	RET
