package capture

func emulatedTrap() { trap() }

const beginBytes = 4

// cheapPlace knows no better place than the first instruction, which the kernel steps over.
func cheapPlace([]byte) (skip uint64, emulated bool) { return 0, false }
