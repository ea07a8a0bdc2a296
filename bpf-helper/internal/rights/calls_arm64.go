package rights

import "golang.org/x/sys/unix"

// callsHere are those that only this processor has under this name.
var callsHere = []uint32{unix.SYS_FSTATAT}
