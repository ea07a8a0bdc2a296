package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"

	"flameline.dev/helper/internal/capture"
	"flameline.dev/helper/internal/mapped"
	"flameline.dev/helper/internal/symbolize"
	"golang.org/x/sys/unix"
)

// nobody parses for root, which must not parse itself.
const nobody = 65534

// startParser starts the parser of symbols for one user, a process without any rights.
func startParser(p peer, log *slog.Logger) (symbolize.Symbolizer, error) {
	uid, gid := int(p.uid), int(p.gid)
	if uid == 0 {
		uid, gid = nobody, nobody
	}
	parser, err := symbolize.Start(context.Background(), symbolize.Options{UID: uid, GID: gid, Stderr: &childLog{log: log}})
	if err != nil {
		return nil, fmt.Errorf("start the symbolizer of user %d: %w", uid, err)
	}
	return parser, nil
}

// errUnreadable says that the peer neither owns a mapped file nor finds it readable for all, though its process runs it.
var errUnreadable = errors.New("the user may not read the file")

// openFor opens a module for a user's parser. The same contents may have been mapped first by another user's process,
// whose file the user might not read: then it stays without names.
func openFor(uid uint32, module *capture.Module) (*os.File, error) {
	if module.Path == mapped.VDSO {
		return mapped.Open(mapped.Process{PID: os.Getpid()}, mapped.VDSO)
	}
	file, err := module.Open()
	if err != nil || uid == 0 {
		return file, err
	}
	var info unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &info); err != nil || (info.Mode&0o004 == 0 && info.Uid != uid) {
		_ = file.Close()
		return nil, errUnreadable
	}
	return file, nil
}

// openDebug opens the separate debug file of a module, as the process that mapped it would find it or else as we do;
// nil where there is none.
func openDebug(uid uint32, mapper origin, module *capture.Module) *os.File {
	process := mapped.Process{PID: int(mapper.pid), StartTime: mapper.startNs / nsPerClockTick, PeerUID: uid}
	if file := mapped.OpenDebugFile(process, module.BuildID); file != nil {
		return file
	}
	return mapped.OpenDebugFile(mapped.Process{PID: os.Getpid()}, module.BuildID)
}
