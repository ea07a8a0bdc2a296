package control

import (
	"context"
	"log/slog"
	"os"
	"sync"
	"time"

	"flameline.dev/helper/internal/capture"
	"flameline.dev/helper/internal/recording"
	"flameline.dev/helper/internal/symbolize"
	"flameline.dev/helper/internal/wire"
)

const (
	// symbolizeTimeout bounds one request: a large file without symbols takes seconds the first time.
	symbolizeTimeout = 60 * time.Second
	// flushTimeout is how long a recording's end waits for its last names.
	flushTimeout = 5 * time.Second
	// gather is how long addresses are collected before the first question: each has its price however few it holds.
	gather = 100 * time.Millisecond
	// maxAsked bounds one question, so that its answer comes well within its time.
	maxAsked = 1024
	// maxModulesWithoutDebug bounds the list of files that have no separate debug file; beyond it they are looked for again.
	maxModulesWithoutDebug = 4096
	// maxKnownPlaces bounds what is remembered; beyond it everything is asked again.
	maxKnownPlaces = 1_000_000
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

type userSymbols struct {
	parent  *symbols
	peer    peer // the first of this user
	known   map[place]symbolize.Result
	waiting map[*capture.Module]map[uint64][]asker
	origins map[*capture.Module]origin   // a process that has it mapped
	open    map[*recording.Recording]int // frames that wait, by recording
	failed  error                        // why there is no parser
	noDebug map[string]bool              // files without a separate debug file; the runner's own
	wake    chan struct{}
	parser  symbolize.Symbolizer
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
			origins: map[*capture.Module]origin{}, open: map[*recording.Recording]int{}, noDebug: map[string]bool{},
			wake: make(chan struct{}, 1),
		}
		s.users[p.uid] = u
		go u.run()
	}
	for _, f := range frames {
		module, address := f.Frame.Module, f.Frame.Address
		if result, known := u.known[place{module.FileID, address}]; known {
			deliver(asker{r, f.Index}, result)
			continue
		}
		addresses := u.waiting[module]
		if addresses == nil {
			addresses = map[uint64][]asker{}
			u.waiting[module] = addresses
			u.origins[module] = from
		}
		addresses[address] = append(addresses[address], asker{r, f.Index})
		u.open[r]++
	}
	select {
	case u.wake <- struct{}{}:
	default:
	}
}

func (u *userSymbols) run() {
	for range u.wake {
		time.Sleep(gather)
		for u.one() {
		}
	}
}

// one asks for the addresses of one module and delivers the answers; false when nothing waits.
func (u *userSymbols) one() bool {
	s := u.parent
	s.lock.Lock()
	if s.closed {
		s.lock.Unlock()
		return false
	}
	var module *capture.Module
	for m := range u.waiting {
		module = m
		break
	}
	if module == nil {
		s.lock.Unlock()
		return false
	}
	asked := map[uint64][]asker{}
	var addresses []symbolize.Address
	for address, askers := range u.waiting[module] {
		if len(addresses) == maxAsked {
			break
		}
		asked[address] = askers
		addresses = append(addresses, symbolize.Address{Addr: address})
		delete(u.waiting[module], address)
	}
	from := u.origins[module]
	if len(u.waiting[module]) == 0 {
		delete(u.waiting, module)
		delete(u.origins, module)
	}
	s.lock.Unlock()

	results := u.ask(module, from, addresses)

	s.lock.Lock()
	defer s.lock.Unlock()
	if len(u.known) > maxKnownPlaces {
		u.known = map[place]symbolize.Result{}
	}
	for i, address := range addresses {
		result := symbolize.Result{}
		if results != nil {
			result = results[i]
			u.known[place{module.FileID, address.Addr}] = result
		}
		for _, a := range asked[address.Addr] {
			deliver(a, result)
			if u.open[a.recording]--; u.open[a.recording] == 0 {
				delete(u.open, a.recording)
			}
		}
	}
	return true
}

// ask gives the results in the order of the addresses, or nil where nothing could be asked.
func (u *userSymbols) ask(module *capture.Module, from origin, addresses []symbolize.Address) []symbolize.Result {
	s := u.parent
	file, err := openFor(u.peer.uid, module)
	if err != nil {
		s.log.Debug("a mapped file can't be opened", "err", err)
		return nil
	}
	defer file.Close()
	parser, err := u.ready()
	if err != nil {
		return nil
	}
	request := symbolize.Module{Key: module.FileID, File: file}
	if !u.noDebug[module.FileID] {
		if request.Debug = openDebug(u.peer.uid, from, module); request.Debug != nil {
			defer request.Debug.Close()
		} else if len(u.noDebug) < maxModulesWithoutDebug {
			u.noDebug[module.FileID] = true
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), symbolizeTimeout)
	defer cancel()
	results, err := parser.Symbolize(ctx, request, addresses)
	if err != nil {
		s.log.Debug("symbolizing failed", "module", module.Path, "err", err)
	}
	if len(results) != len(addresses) {
		return nil
	}
	return results
}

func (u *userSymbols) ready() (symbolize.Symbolizer, error) {
	s := u.parent
	s.lock.Lock()
	parser, failed := u.parser, u.failed
	s.lock.Unlock()
	if parser != nil || failed != nil {
		return parser, failed
	}
	parser, err := s.begin(u.peer)
	s.lock.Lock()
	defer s.lock.Unlock()
	if err != nil {
		s.log.Warn("machine code stays without names", "err", err)
		u.failed = err
		return nil, err
	}
	if s.closed {
		_ = parser.Close()
		return nil, os.ErrClosed
	}
	u.parser = parser
	return parser, nil
}

func deliver(a asker, result symbolize.Result) {
	if !result.Resolved {
		a.recording.Update(a.frame, "", nil)
		return
	}
	positions := make([]recording.Position, len(result.Positions))
	for i, p := range result.Positions {
		positions[i] = recording.Position{Function: p.Function, File: p.File, Line: p.Line, FunctionLine: p.FunctionLine}
	}
	a.recording.Update(a.frame, languageOf(result.Language), positions)
}

// languageOf takes the languages that a parser of machine code can name; it is not trusted to say anything else.
func languageOf(name string) wire.Language {
	switch language := wire.Language(name); language {
	case wire.C, wire.CPP, wire.Rust, wire.Go:
		return language
	default:
		return wire.Native
	}
}

// flush waits until a recording's frames have their names, for a while.
func (s *symbols) flush(r *recording.Recording) {
	for deadline := time.Now().Add(flushTimeout); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		s.lock.Lock()
		waiting := 0
		for _, u := range s.users {
			waiting += u.open[r]
		}
		s.lock.Unlock()
		if waiting == 0 {
			return
		}
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

func (s *symbols) close() {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.closed = true
	for _, u := range s.users {
		if u.parser != nil {
			_ = u.parser.Close()
		}
		close(u.wake)
	}
}
