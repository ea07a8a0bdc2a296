package control

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"flameline.dev/helper/internal/capture"
	"flameline.dev/helper/internal/recording"
	"flameline.dev/helper/internal/symbolize"
	"flameline.dev/helper/internal/wire"
)

// userSymbols asks one user's parser.
type userSymbols struct {
	parent    *symbols
	peer      peer // the first of this user
	known     map[place]symbolize.Result
	waiting   map[*capture.Module]map[uint64][]asker
	origins   map[*capture.Module]origin   // a process that has it mapped
	open      map[*recording.Recording]int // frames that wait, by recording
	failed    error                        // why there is no parser
	noDebug   map[string]bool              // files without a separate debug file; the runner's own
	unopened  map[string]bool              // files of which it was said that they can't be opened; the runner's own
	wake      chan struct{}                // there is something to ask
	hurry     chan struct{}                // it should be asked soon
	addresses int                          // that wait
	parser    symbolize.Symbolizer
	debug     debugFiles
	jit       map[*capture.Module]*jitFile
	noPackage map[string]bool // files without a .dwp file; the runner's own
	released  bool
}

func (u *userSymbols) run() {
	var asked time.Time
	for range u.wake {
		time.Sleep(gather)
		select {
		case <-u.hurry:
		case <-time.After(gatherFew - time.Since(asked)):
		}
		u.takeArrived()
		u.againJIT()
		for u.one() {
			asked = time.Now()
			u.takeArrived()
		}
	}
}

// rouse lets the runner look at what there is to do. The lock is held.
func (u *userSymbols) rouse() {
	signal(u.wake)
	signal(u.hurry)
}

func signal(to chan struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}

// await puts a frame among those that wait for a name. The lock is held.
func (u *userSymbols) await(module *capture.Module, address uint64, a asker) {
	if u.waiting[module] == nil {
		u.waiting[module] = map[uint64][]asker{}
	}
	if u.waiting[module][address] == nil {
		u.addresses++
	}
	u.waiting[module][address] = append(u.waiting[module][address], a)
	u.open[a.recording]++
}

// one asks for the addresses of one module and delivers the answers; false when nothing waits.
func (u *userSymbols) one() bool {
	s := u.parent
	s.lock.Lock()
	if s.closed || u.released {
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
		u.addresses--
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
			if module.JIT == nil || result.Resolved {
				u.known[place{module.FileID, address.Addr}] = result
			}
		}
		for _, a := range asked[address.Addr] {
			u.deliver(module, address.Addr, a, result)
			if u.open[a.recording]--; u.open[a.recording] == 0 {
				delete(u.open, a.recording)
			}
		}
	}
	return true
}

// ask gives the results in the order of the addresses, or nil where nothing could be asked.
func (u *userSymbols) ask(module *capture.Module, from origin, addresses []symbolize.Address) []symbolize.Result {
	if module.JIT != nil {
		return u.askJIT(module, addresses)
	}
	s := u.parent
	file, err := openFor(u.peer.uid, module)
	if err != nil {
		if !u.unopened[module.FileID] && len(u.unopened) < maxModulesWithoutDebug {
			u.unopened[module.FileID] = true
			s.log.Info("the functions of a mapped file stay without names", "file", module.Path, "uid", u.peer.uid, "err", err)
		}
		return nil
	}
	defer file.Close()
	parser, err := u.ready()
	if err != nil {
		return nil
	}
	request := symbolize.Module{Key: module.FileID, File: file}
	if brought, number := u.brought(module); brought != nil {
		defer brought.Close()
		// Known by another name: a debug file that the parser dies of must not take the symbols along.
		with := symbolize.Module{Key: fmt.Sprintf("%s+%d", module.FileID, number), File: file, Debug: brought}
		results, err := u.questions(parser, with, from, module, addresses)
		if !errors.Is(err, symbolize.ErrUnresolvable) && !(len(results) > 0 && results[0].Bare) {
			return results
		}
		u.dismiss(module)
	} else if !u.noDebug[module.FileID] {
		if request.Debug = openDebug(u.peer.uid, from, module); request.Debug != nil {
			defer request.Debug.Close()
		} else if len(u.noDebug) < maxModulesWithoutDebug {
			u.noDebug[module.FileID] = true
		}
	}
	results, _ := u.questions(parser, request, from, module, addresses)
	return results
}

func (u *userSymbols) question(
	parser symbolize.Symbolizer, request symbolize.Module, module *capture.Module, addresses []symbolize.Address,
) ([]symbolize.Result, error) {
	ctx, cancel := context.WithTimeout(context.Background(), symbolizeTimeout)
	defer cancel()
	results, err := parser.Symbolize(ctx, request, addresses)
	if err != nil {
		u.parent.log.Debug("symbolizing failed", "module", module.Path, "err", err)
	}
	if len(results) != len(addresses) {
		return nil, err
	}
	return results, err
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
	if s.closed || u.released {
		_ = parser.Close()
		return nil, os.ErrClosed
	}
	u.parser = parser
	return parser, nil
}

// deliver tells a frame's name to its recording. The lock is held.
func (u *userSymbols) deliver(module *capture.Module, address uint64, a asker, result symbolize.Result) {
	if result.Bare {
		u.lacks(module, address, a)
	}
	if module.JIT != nil && !result.Resolved {
		u.unnamedJIT(module, address, a)
	}
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
