package control

import (
	"errors"
	"os"
	"time"

	"flameline.dev/helper/internal/capture"
	"flameline.dev/helper/internal/mapped"
	"flameline.dev/helper/internal/recording"
	"flameline.dev/helper/internal/wire"
	"golang.org/x/sys/unix"
)

// Mapped files without debug information are told to the client, who may have a debug file of theirs: the recorder downloads
// it with the user's own rights, into the user's own folder, and tells us where. We open it as that user would, and only the
// symbolizer, which has no rights, reads it; there it counts only where its build id is the mapped file's.

const (
	// maxBareFrames bounds the frames that are kept until a debug file comes.
	maxBareFrames = 100_000
	// maxDebugFiles bounds the open debug files of one user.
	maxDebugFiles = 256
	// debugFileTimeout is how long a recording's end waits for debug files that the client says are coming: it has more of a
	// client's patience than any of ours.
	debugFileTimeout = 90 * time.Second
)

// debugFiles are the debug files that a user's client could bring, or has brought.
type debugFiles struct {
	files  map[string]*debugFile // by build id
	frames int                   // in all files
	opened int
	next   int // number of a file
	// arrived are those whose place the client has told and that the runner has not looked at.
	arrived []string
	// silent is set once a file system did not answer: this user's files are not opened any more.
	silent bool
}

// debugFile is one of them, and the frames that wait for it.
type debugFile struct {
	bare   map[*capture.Module]map[uint64][]asker
	wanted map[*recording.Recording]bool // those that have such frames
	coming bool
	path   string
	of     peer     // who told the path
	file   *os.File // open, once it was there
	number int      // of the file, as another may come in its place
}

// lacks notes a frame in a file without debug information.
func (u *userSymbols) lacks(module *capture.Module, address uint64, a asker) {
	if module.BuildID == "" {
		return
	}
	d := u.debug.files[module.BuildID]
	if d == nil {
		d = &debugFile{bare: map[*capture.Module]map[uint64][]asker{}, wanted: map[*recording.Recording]bool{}}
		u.debug.files[module.BuildID] = d
	}
	if d.file != nil || u.debug.frames >= maxBareFrames {
		return // it is known by now to tell nothing of the address
	}
	if d.bare[module] == nil {
		d.bare[module] = map[uint64][]asker{}
	}
	d.bare[module][address] = append(d.bare[module][address], a)
	u.debug.frames++
	d.wanted[a.recording] = true
	a.recording.Lacks(module.BuildID)
}

// debugFile takes what a client says of a debug file that it was told of.
func (s *symbols) debugFile(p peer, m wire.DebugFile) {
	s.lock.Lock()
	defer s.lock.Unlock()
	u := s.users[p.uid]
	if u == nil || s.closed {
		return
	}
	d := u.debug.files[m.BuildID]
	if d == nil || d.file != nil || d.path != "" {
		return
	}
	switch m.State {
	case wire.DebugFileComing:
		d.coming = true
	case wire.DebugFileNone:
		d.coming = false
	case wire.DebugFileHere:
		d.path, d.of = m.Path, p
		u.debug.arrived = append(u.debug.arrived, m.BuildID)
		u.rouse()
	}
}

// takeArrived opens what has arrived and has the frames asked about again. It is the runner's.
func (u *userSymbols) takeArrived() {
	s := u.parent
	for {
		s.lock.Lock()
		if s.closed || u.released || len(u.debug.arrived) == 0 {
			s.lock.Unlock()
			return
		}
		id := u.debug.arrived[0]
		u.debug.arrived = u.debug.arrived[1:]
		d := u.debug.files[id]
		path, of := d.path, d.of
		refused := u.debug.silent || u.debug.opened >= maxDebugFiles
		s.lock.Unlock()

		var file *os.File
		if !refused {
			var err error
			file, err = mapped.OpenOwn(mapped.Process{PID: int(of.pid), PeerUID: of.uid}, of.gid, path)
			if err != nil {
				s.log.Info("a debug file is not used", "build id", id, "uid", of.uid, "err", err)
			}
			refused = err != nil
			u.debug.silent = u.debug.silent || errors.Is(err, mapped.ErrNoAnswer)
		}

		s.lock.Lock()
		d.coming, d.path = false, ""
		if refused || s.closed || u.released {
			if file != nil {
				_ = file.Close()
			}
			s.lock.Unlock()
			continue
		}
		d.file, d.number = file, u.debug.next
		u.debug.next++
		u.debug.opened++
		u.askAgain(d)
		s.lock.Unlock()
	}
}

// askAgain puts the frames that waited for a debug file among those that wait for a name. The lock is held.
func (u *userSymbols) askAgain(d *debugFile) {
	for module, addresses := range d.bare {
		for address, askers := range addresses {
			delete(u.known, place{module.FileID, address})
			for _, a := range askers {
				u.await(module, address, a)
			}
			u.debug.frames -= len(askers)
		}
	}
	clear(d.bare)
	clear(d.wanted)
}

// brought is the debug file that a client has brought for a module, for the caller to close; nil where there is none. It is a
// descriptor of its own: the user may be released, and the number of another one given to another's file, before it is sent.
func (u *userSymbols) brought(module *capture.Module) (file *os.File, number int) {
	u.parent.lock.Lock()
	defer u.parent.lock.Unlock()
	d := u.debug.files[module.BuildID]
	if module.BuildID == "" || d == nil || d.file == nil {
		return nil, 0
	}
	return duplicate(d.file), d.number
}

func duplicate(file *os.File) *os.File {
	fd, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	return os.NewFile(uintptr(fd), file.Name())
}

// dismiss closes a debug file that is another build's or can't be read, so that a better one may come.
func (u *userSymbols) dismiss(module *capture.Module) {
	u.parent.lock.Lock()
	defer u.parent.lock.Unlock()
	u.parent.log.Info("a debug file tells nothing of its binary", "binary", module.Path, "build id", module.BuildID)
	if d := u.debug.files[module.BuildID]; d != nil && d.file != nil {
		_ = d.file.Close()
		d.file = nil
		u.debug.opened--
	}
}

// isComing says whether frames of a recording wait for a debug file that a client says is coming. The lock is held.
func (u *userSymbols) isComing(r *recording.Recording) bool {
	for _, d := range u.debug.files {
		if d.coming && d.wanted[r] {
			return true
		}
	}
	return false
}

// forget drops the frames of a recording that has ended.
func (s *symbols) forget(r *recording.Recording) {
	s.lock.Lock()
	defer s.lock.Unlock()
	for _, u := range s.users {
		u.forgetJIT(r)
		for _, d := range u.debug.files {
			if !d.wanted[r] {
				continue
			}
			delete(d.wanted, r)
			for module, addresses := range d.bare {
				for address, askers := range addresses {
					kept := askers[:0]
					for _, a := range askers {
						if a.recording != r {
							kept = append(kept, a)
						}
					}
					u.debug.frames -= len(askers) - len(kept)
					if addresses[address] = kept; len(kept) == 0 {
						delete(addresses, address)
					}
				}
				if len(addresses) == 0 {
					delete(d.bare, module)
				}
			}
		}
	}
}

// closeDebugFiles closes what is open. The lock is held, and the runner has ended or asks no more.
func (u *userSymbols) closeDebugFiles() {
	for _, d := range u.debug.files {
		if d.file != nil {
			_ = d.file.Close()
		}
	}
	u.debug.files = map[string]*debugFile{}
	for _, j := range u.jit {
		if j.file != nil {
			_ = j.file.Close()
		}
	}
	u.jit = map[*capture.Module]*jitFile{}
}
