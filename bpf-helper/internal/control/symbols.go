package control

import (
	"log/slog"
	"sync"
	"time"

	"flameline.dev/helper/internal/capture"
	"flameline.dev/helper/internal/recording"
	"flameline.dev/helper/internal/symbolize"
)

const (
	// symbolizeTimeout bounds one request: a large file without symbols takes seconds the first time.
	symbolizeTimeout = 60 * time.Second
	// flushTimeout is how long a recording's end waits for its last names.
	flushTimeout = 5 * time.Second
	// gather is how long addresses are collected before a question: each has its price however few it holds. Once most are known a few
	// new ones come all the time: then gatherFew passes between questions, unless many wait.
	gather    = 100 * time.Millisecond
	gatherFew = 2 * time.Second
	many      = 64
	// maxAsked bounds one question, so that its answer comes well within its time.
	maxAsked = 1024
	// maxModulesWithoutDebug bounds the list of files that have no separate debug file; beyond it they are looked for again.
	maxModulesWithoutDebug = 4096
	// maxKnownPlaces bounds what is remembered; beyond it everything is asked again.
	maxKnownPlaces = 100_000
)

// place is an address in a file: what is asked once.
type place struct {
	module  string // capture.Module.FileID
	address uint64
}

// nsPerClockTick is the unit of start times in /proc.
const nsPerClockTick = 10_000_000

// origin is the process in which a module was met.
type origin struct {
	pid     int32
	startNs uint64
}

// asker is a frame that waits for a name.
type asker struct {
	recording *recording.Recording
	frame     int
}

// symbols names frames of machine code, lazily and each address once. Each user's files are parsed by a process of
// that user, and what one user's parser says reaches that user's recordings only.
type symbols struct {
	log   *slog.Logger
	begin func(peer) (symbolize.Symbolizer, error)

	lock   sync.Mutex
	closed bool
	users  map[uint32]*userSymbols
}

func newSymbols(log *slog.Logger, begin func(peer) (symbolize.Symbolizer, error)) *symbols {
	return &symbols{log: log, begin: begin, users: map[uint32]*userSymbols{}}
}

// resolve takes frames that a recording has just got. Those that are known are named at once, the others later.
func (s *symbols) resolve(r *recording.Recording, p peer, from origin, frames []recording.Unresolved) {
	if len(frames) == 0 {
		return
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.closed {
		return
	}
	u := s.users[p.uid]
	if u == nil {
		u = &userSymbols{
			parent: s, peer: p, known: map[place]symbolize.Result{}, waiting: map[*capture.Module]map[uint64][]asker{},
			origins: map[*capture.Module]origin{}, open: map[*recording.Recording]int{}, noDebug: map[string]bool{}, unopened: map[string]bool{},
			wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1), debug: debugFiles{files: map[string]*debugFile{}},
			jit: map[*capture.Module]*jitFile{}, noPackage: map[string]bool{},
		}
		s.users[p.uid] = u
		go u.run()
	}
	for _, f := range frames {
		module, address := f.Frame.Module, f.Frame.Address
		if result, known := u.known[place{module.FileID, address}]; known {
			u.deliver(module, address, asker{r, f.Index}, result)
			continue
		}
		if u.waiting[module] == nil {
			u.origins[module] = from
		}
		u.await(module, address, asker{r, f.Index})
	}
	if u.addresses > 0 {
		signal(u.wake)
	}
	if u.addresses >= many {
		signal(u.hurry)
	}
}

// flush waits until a recording's frames have their names, for a while.
func (s *symbols) flush(r *recording.Recording) {
	began := time.Now()
	s.lock.Lock()
	if !s.closed {
		for _, u := range s.users {
			u.lastJIT(r)
		}
	}
	s.lock.Unlock()
	for {
		s.lock.Lock()
		waiting, coming := 0, false
		for _, u := range s.users {
			if u.open[r] > 0 {
				waiting += u.open[r]
				signal(u.hurry)
			}
			coming = coming || u.isComing(r)
		}
		s.lock.Unlock()
		limit := time.Duration(0)
		if waiting > 0 {
			limit = flushTimeout
		}
		if coming {
			limit = debugFileTimeout
		}
		if time.Since(began) >= limit {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func (s *symbols) cost() (cpuNs, residentBytes int64) {
	s.lock.Lock()
	defer s.lock.Unlock()
	for _, u := range s.users {
		if u.parser != nil {
			cpu, resident := u.parser.Cost()
			cpuNs += cpu
			residentBytes += resident
		}
	}
	return cpuNs, residentBytes
}

// release ends the parser of a user who has no client left, and forgets what it said.
func (s *symbols) release(uid uint32) {
	s.lock.Lock()
	u := s.users[uid]
	if u == nil || s.closed {
		s.lock.Unlock()
		return
	}
	delete(s.users, uid)
	u.released = true
	u.closeDebugFiles()
	close(u.wake)
	signal(u.hurry)
	parser := u.parser
	s.lock.Unlock()
	if parser != nil {
		_ = parser.Close() // also in the middle of a question
	}
}

func (s *symbols) close() {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.closed = true
	for _, u := range s.users {
		if u.parser != nil {
			_ = u.parser.Close()
		}
		u.closeDebugFiles()
		close(u.wake)
		signal(u.hurry)
	}
}
