package control

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"flameline.dev/helper/internal/capture"
	"flameline.dev/helper/internal/mapped"
	"flameline.dev/helper/internal/recording"
	"flameline.dev/helper/internal/symbolize"
	"golang.org/x/sys/unix"
)

// Code that a virtual machine has made is named by the file to which the machine writes meanwhile: a perf map, or a jitdump file. It is
// opened once, as the process's own user, and kept open, as it grows and outlives the process. Only the symbolizer reads it.

const (
	// jitAgain is how often a file that has grown is read anew.
	jitAgain = 2 * time.Second
	// maxUnnamedJIT bounds the frames of one process that wait for the file to name them.
	maxUnnamedJIT = 20_000
	maxJITFiles   = 256
)

// jitFile is what names a process's own code.
type jitFile struct {
	file    *os.File // nil where there is none
	size    int64    // as of the last reading
	read    time.Time
	unnamed map[uint64][]asker
}

// askJIT names code that has no file. It is the runner's.
func (u *userSymbols) askJIT(module *capture.Module, addresses []symbolize.Address) []symbolize.Result {
	parser, err := u.ready()
	if err != nil {
		return nil
	}
	file, size := u.jitContent(module)
	if file == nil {
		return nil
	}
	defer file.Close()
	request := symbolize.Module{Key: fmt.Sprintf("%s@%d", module.FileID, size), File: file, JIT: true}
	results, _ := u.question(parser, request, module, addresses)
	return results
}

// jitContent is what there is of a process's file, for the caller to close; nil where there is none.
func (u *userSymbols) jitContent(module *capture.Module) (file *os.File, size int64) {
	j := u.jitFile(module)
	u.parent.lock.Lock()
	defer u.parent.lock.Unlock()
	if j == nil || j.file == nil || u.released || u.parent.closed {
		return nil, 0
	}
	if now := time.Now(); now.Sub(j.read) >= jitAgain {
		var info unix.Stat_t
		if unix.Fstat(int(j.file.Fd()), &info) != nil {
			return nil, 0
		}
		j.size, j.read = info.Size, now
	}
	return duplicate(j.file), j.size
}

// jitFile is a module's, opened the first time; nil where there are too many.
func (u *userSymbols) jitFile(module *capture.Module) *jitFile {
	u.parent.lock.Lock()
	j := u.jit[module]
	full := len(u.jit) >= maxJITFiles
	u.parent.lock.Unlock()
	if j != nil || full {
		return j
	}
	j = &jitFile{unnamed: map[uint64][]asker{}}
	file, err := u.openJIT(module.JIT)
	if err != nil {
		u.parent.log.Info("the code of a virtual machine stays without names", "pid", module.JIT.PID, "err", err)
	} else {
		j.file = file
	}
	u.parent.lock.Lock()
	defer u.parent.lock.Unlock()
	if u.released || u.parent.closed {
		if j.file != nil {
			_ = j.file.Close()
		}
		return nil
	}
	u.jit[module] = j
	return j
}

var errNotTheirs = errors.New("the user may not read its file")

// openJIT opens what names a process's code: as its owner, who is the peer unless that is root.
func (u *userSymbols) openJIT(jit *capture.JIT) (*os.File, error) {
	process, gid, err := u.actingFor(jit.PID, jit.StartTime)
	if err != nil {
		return nil, err
	}
	path, err := mapped.PerfMapPath(process.PID)
	if err != nil {
		return nil, err
	}
	if !jit.IsDump {
		return mapped.OpenOwn(process, gid, path)
	}
	number := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "perf-"), ".map")
	file, err := mapped.Open(process, "jit-"+number+".dump")
	if err != nil {
		return nil, err
	}
	var info unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &info); err != nil || info.Uid != process.PeerUID {
		_ = file.Close()
		return nil, errNotTheirs
	}
	return file, nil
}

// unnamedJIT keeps a frame that the file did not name yet: machines write late. The lock is held.
func (u *userSymbols) unnamedJIT(module *capture.Module, address uint64, a asker) {
	if j := u.jit[module]; j != nil && j.file != nil && len(j.unnamed) < maxUnnamedJIT {
		j.unnamed[address] = append(j.unnamed[address], a)
	}
}

// againJIT has frames asked about again whose file has grown. It is the runner's.
func (u *userSymbols) againJIT() {
	u.parent.lock.Lock()
	defer u.parent.lock.Unlock()
	if u.released || u.parent.closed {
		return
	}
	for module, j := range u.jit {
		var info unix.Stat_t
		if len(j.unnamed) == 0 || time.Since(j.read) < jitAgain || unix.Fstat(int(j.file.Fd()), &info) != nil || info.Size == j.size {
			continue
		}
		u.awaitJIT(module, j, nil)
	}
}

// lastJIT has the frames of a recording that ends asked about for the last time. The lock is held.
func (u *userSymbols) lastJIT(r *recording.Recording) {
	for module, j := range u.jit {
		if len(j.unnamed) > 0 {
			j.read = time.Time{}
			u.awaitJIT(module, j, r)
		}
	}
	u.rouse()
}

// awaitJIT puts frames among those that wait for a name, all or those of one recording.
func (u *userSymbols) awaitJIT(module *capture.Module, j *jitFile, only *recording.Recording) {
	for address, askers := range j.unnamed {
		kept := askers[:0:0]
		for _, a := range askers {
			if only == nil || a.recording == only {
				u.await(module, address, a)
			} else {
				kept = append(kept, a)
			}
		}
		if j.unnamed[address] = kept; len(kept) == 0 {
			delete(j.unnamed, address)
		}
	}
}

// forgetJIT drops the frames of a recording that has ended. The lock is held.
func (u *userSymbols) forgetJIT(r *recording.Recording) {
	for _, j := range u.jit {
		for address, askers := range j.unnamed {
			kept := askers[:0:0]
			for _, a := range askers {
				if a.recording != r {
					kept = append(kept, a)
				}
			}
			if j.unnamed[address] = kept; len(kept) == 0 {
				delete(j.unnamed, address)
			}
		}
	}
}
