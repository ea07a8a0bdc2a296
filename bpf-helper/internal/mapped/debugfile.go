package mapped

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// OpenDebugFile opens the separate debug file of a build id, as distributions install them, inside the process's root;
// nil where there is none. The symbolizer compares the build ids.
func OpenDebugFile(process Process, buildID string) *os.File {
	if len(buildID) < 4 || len(buildID) > 128 || strings.Trim(buildID, "0123456789abcdef") != "" {
		return nil
	}
	proc, err := openProcess(process)
	if err != nil {
		return nil
	}
	defer unix.Close(proc)
	path := "/usr/lib/debug/.build-id/" + buildID[:2] + "/" + buildID[2:] + ".debug"
	opened, err := openInRoot(proc, path)
	if err != nil {
		return nil
	}
	defer unix.Close(opened)
	// Unlike the mapped file, this one was never opened by the process: root must not read for the peer what it can't.
	var info unix.Stat_t
	if unix.Fstat(opened, &info) != nil || process.PeerUID != 0 && info.Mode&0o004 == 0 && info.Uid != process.PeerUID {
		return nil
	}
	file, err := readable(opened, path)
	if err != nil {
		return nil
	}
	return file
}
