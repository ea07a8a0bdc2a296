package control

import (
	"context"
	"errors"
	"fmt"
	"os"

	"flameline.dev/helper/internal/capture"
	"flameline.dev/helper/internal/symbolize"
	"golang.org/x/sys/unix"
)

// nobody parses for root, which must not parse itself.
const nobody = 65534

// startParser starts the parser of symbols for one user, a process without any rights.
func startParser(p peer) (symbolize.Symbolizer, error) {
	uid, gid := int(p.uid), int(p.gid)
	if uid == 0 {
		uid, gid = nobody, nobody
	}
	parser, err := symbolize.Start(context.Background(), symbolize.Options{UID: uid, GID: gid, Stderr: os.Stderr})
	if err != nil {
		return nil, fmt.Errorf("start the symbolizer of user %d: %w", uid, err)
	}
	return parser, nil
}

// openFor opens a module for a user's parser. The same contents may have been mapped first by another user's process,
// whose file the user might not read: then it stays without names.
func openFor(uid uint32, module *capture.Module) (*os.File, error) {
	if module.Path == symbolize.VDSO {
		return symbolize.OpenModule(symbolize.Process{PID: os.Getpid()}, symbolize.VDSO)
	}
	file, err := module.Open()
	if err != nil || uid == 0 {
		return file, err
	}
	var info unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &info); err != nil || (info.Mode&0o004 == 0 && info.Uid != uid) {
		_ = file.Close()
		return nil, errors.New("the peer may not read the file")
	}
	return file, nil
}

// openDebug opens the separate debug file of a module, as the process that mapped it would find it or else as we do;
// nil where there is none.
func openDebug(uid uint32, mapper origin, module *capture.Module) *os.File {
	process := symbolize.Process{PID: int(mapper.pid), StartTime: mapper.startNs / nsPerClockTick, PeerUID: uid}
	if file := symbolize.OpenDebugFile(process, module.BuildID); file != nil {
		return file
	}
	return symbolize.OpenDebugFile(symbolize.Process{PID: os.Getpid()}, module.BuildID)
}
