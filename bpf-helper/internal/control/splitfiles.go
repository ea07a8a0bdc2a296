package control

import (
	"errors"
	"fmt"
	"os"

	"flameline.dev/helper/internal/capture"
	"flameline.dev/helper/internal/mapped"
	"flameline.dev/helper/internal/symbolize"
	"golang.org/x/sys/unix"
)

// Split debug information lies in files that a binary names (.dwo), or beside it (.dwp). The symbolizer says which it wants, and can't open
// anything. So we do, in the root of the process that has the binary mapped and with that process's user's rights: whoever wrote
// the binary, or took over the symbolizer, gets nothing opened that the process could not open itself.

// maxRounds bounds how often one question is asked again with more files.
const maxRounds = 16

// questions asks until the symbolizer wants no more files.
func (u *userSymbols) questions(
	parser symbolize.Symbolizer, request symbolize.Module, from origin, module *capture.Module, addresses []symbolize.Address,
) (results []symbolize.Result, err error) {
	if !u.noPackage[module.FileID] {
		if dwp := u.openSplit(from, module, module.Path+".dwp"); dwp != nil {
			request.Splits = []symbolize.Split{{Name: symbolize.PackageName, File: dwp}}
		} else if len(u.noPackage) < maxModulesWithoutDebug {
			u.noPackage[module.FileID] = true
		}
	}
	for range maxRounds {
		var wanted []string
		request.Want = &wanted
		results, err = u.question(parser, request, module, addresses)
		for _, s := range request.Splits {
			if s.File != nil {
				_ = s.File.Close()
			}
		}
		request.Splits = nil
		if err != nil || len(wanted) == 0 {
			break
		}
		for _, name := range wanted[:min(len(wanted), symbolize.MaxSplits)] {
			request.Splits = append(request.Splits, symbolize.Split{Name: name, File: u.openSplit(from, module, name)})
		}
	}
	return results, err
}

// actingFor is a process in whose root files are opened, with the uid and gid of its user: the peer, unless that is root.
func (u *userSymbols) actingFor(pid int32, startTime uint64) (process mapped.Process, gid uint32, err error) {
	process = mapped.Process{PID: int(pid), StartTime: startTime, PeerUID: u.peer.uid}
	if process.PeerUID != 0 {
		return process, u.peer.gid, nil
	}
	var info unix.Stat_t
	if err := unix.Stat(fmt.Sprintf("/proc/%d", pid), &info); err != nil {
		return process, 0, fmt.Errorf("look at process %d: %w", pid, err)
	}
	process.PeerUID = info.Uid
	return process, info.Gid, nil
}

// openSplit gives nil for a file that is not there, or not to be read.
func (u *userSymbols) openSplit(from origin, module *capture.Module, path string) *os.File {
	if u.debug.silent || path[0] != '/' {
		return nil
	}
	process, gid, err := u.actingFor(from.pid, from.startNs/nsPerClockTick)
	var file *os.File
	if err == nil {
		file, err = mapped.OpenReadable(process, gid, path)
	}
	if err != nil && u.peer.uid != 0 && !errors.Is(err, mapped.ErrNoAnswer) {
		// The process may be gone; its user's client sees the same files, unless it is in another container.
		if p := u.peer; p.namespace == 0 {
			file, err = mapped.OpenReadable(mapped.Process{PID: int(p.pid), PeerUID: p.uid}, p.gid, path)
		}
	}
	if errors.Is(err, mapped.ErrNoAnswer) {
		u.debug.silent = true
		u.parent.log.Warn("a file system does not answer; its user's debug files are not opened any more", "uid", u.peer.uid, "binary", module.Path)
	}
	return file
}
