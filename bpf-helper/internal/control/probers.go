package control

import (
	"context"
	"log/slog"
	"os"
	"strconv"
	"sync"
	"time"

	"flameline.dev/helper/internal/mapped"
	"flameline.dev/helper/internal/symbolize"
	"flameline.dev/helper/internal/target"
	"golang.org/x/sys/unix"
)

const (
	// maxProbed bounds the processes that are probed at a time, at some dozen descriptors each.
	maxProbed = 64
	// maxCodeFiles bounds the files of a process that are asked for an allocator, and maxAllocators those that have one.
	maxCodeFiles  = 512
	maxAllocators = 4
	// maxKnownFiles bounds the files that are remembered of a user.
	maxKnownFiles = 4096
	findTimeout   = 10 * time.Second
)

// looks are when a process is looked at: at once for what it has mapped, or is about to as others did, then for what its loader and it
// itself have loaded since.
var looks = []time.Duration{0, 20 * time.Millisecond, 100 * time.Millisecond, 400 * time.Millisecond, 1500 * time.Millisecond, 4 * time.Second}

// probers puts probes on the allocators of recorded processes.
type probers struct {
	hub   *hub
	begin func(peer) (symbolize.Symbolizer, error)
	log   *slog.Logger

	lock      sync.Mutex
	processes map[int32]*probed
	users     map[uint32]*userAllocators
}

// probed is a process with probes.
type probed struct {
	startNs uint64
	looking sync.Mutex
	files   map[mapped.FileID]bool // that were dealt with
	count   int                    // of them those with an allocator
}

// identity is the process for whoever looks at it on a peer's behalf.
func (p *probed) identity(pid int32, of peer) mapped.Process {
	return mapped.Process{PID: int(pid), StartTime: p.startNs / nsPerClockTick, PeerUID: of.uid}
}

// userAllocators is what a user's parser found.
type userAllocators struct {
	lock   sync.Mutex
	parser symbolize.Symbolizer
	files  map[mapped.FileID]*allocatorFile
}

// allocatorFile has functions where the file has an allocator; then it is open.
type allocatorFile struct {
	file      *os.File
	code      mapped.Code
	size      int64
	modified  unix.Timespec
	functions map[string]uint64
}

func newProbers(h *hub, begin func(peer) (symbolize.Symbolizer, error)) *probers {
	return &probers{hub: h, begin: begin, log: h.log, processes: map[int32]*probed{}, users: map[uint32]*userAllocators{}}
}

func (p *probers) count() int {
	p.lock.Lock()
	defer p.lock.Unlock()
	return len(p.processes)
}

// follow looks after a process: what a box wants gets probes, what none wants any more loses them. `fresh` says that it runs another
// program now; `looking` waits until it has been looked at once, nil for nobody. The hub is locked.
func (p *probers) follow(pid int32, entry wanted, fresh bool, looking *sync.WaitGroup) {
	recordings := entry.recordings & p.hub.boxBits()
	p.lock.Lock()
	defer p.lock.Unlock()
	known := p.processes[pid]
	if recordings == 0 || (known != nil && !target.SameStart(known.startNs, entry.startNs)) {
		if known != nil {
			delete(p.processes, pid)
			go p.hub.engine.UnprobeAllocations(pid)
			known = nil
		}
	}
	if recordings == 0 || (known != nil && !fresh) {
		return
	}
	if known == nil {
		if len(p.processes) >= maxProbed {
			p.log.Info("allocations of some processes are not followed: there are too many", "most", maxProbed)
			return
		}
		known = &probed{startNs: entry.startNs, files: map[mapped.FileID]bool{}}
		p.processes[pid] = known
	}
	for _, l := range p.hub.live {
		if l != nil && l.box != nil && l.bit()&recordings != 0 {
			first := func() {}
			if looking != nil {
				looking.Add(1)
				first = sync.OnceFunc(looking.Done)
			}
			go p.lookAfter(pid, known, l.peer, first)
			return
		}
	}
}

// keep forgets the processes that no box wants any more.
func (p *probers) keep(wanted map[int32]wanted, boxes uint64) {
	p.lock.Lock()
	for pid := range p.processes {
		if wanted[pid].recordings&boxes == 0 {
			delete(p.processes, pid)
			if boxes != 0 {
				go p.hub.engine.UnprobeAllocations(pid)
			}
		}
	}
	var idle []*userAllocators
	if boxes == 0 {
		for uid, user := range p.users {
			idle = append(idle, user)
			delete(p.users, uid)
		}
	}
	p.lock.Unlock()
	for _, user := range idle {
		go user.close()
	}
}

func (p *probers) isProbed(pid int32, process *probed) bool {
	p.lock.Lock()
	defer p.lock.Unlock()
	return p.processes[pid] == process
}

func (p *probers) user(of peer) *userAllocators {
	p.lock.Lock()
	defer p.lock.Unlock()
	user := p.users[of.uid]
	if user == nil {
		user = &userAllocators{files: map[mapped.FileID]*allocatorFile{}}
		p.users[of.uid] = user
	}
	return user
}

// lookAfter looks a few times what a process has mapped, and says when it has the first time.
func (p *probers) lookAfter(pid int32, process *probed, of peer, first func()) {
	defer first()
	user := p.user(of)
	began := time.Now()
	for i, at := range looks {
		time.Sleep(at - time.Since(began))
		if !p.isProbed(pid, process) {
			return
		}
		process.looking.Lock()
		if i == 0 {
			p.probeKnown(pid, process, of, user)
		}
		p.look(pid, process, of, user)
		process.looking.Unlock()
		first()
		if !p.isProbed(pid, process) {
			p.hub.engine.UnprobeAllocations(pid) // what came too late
			return
		}
	}
}

// probeKnown probes the allocators that other processes of the user have: a process that has just begun will map them in a moment, and
// the kernel puts the probes in then.
func (p *probers) probeKnown(pid int32, process *probed, of peer, user *userAllocators) {
	if mapped.DiesOfReturnProbes(process.identity(pid, of)) {
		return
	}
	for id, known := range user.known() {
		p.probe(pid, process, id, known)
	}
}

func (p *probers) look(pid int32, process *probed, of peer, user *userAllocators) {
	from := process.identity(pid, of)
	if mapped.DiesOfReturnProbes(from) {
		p.log.Info("the allocations of a process are not followed: this kernel ends processes with a list of system calls at such a probe", "pid", pid)
		return
	}
	files, err := mapped.CodeOf(from, maxCodeFiles)
	if err != nil {
		return // gone, or not this peer's
	}
	for i := range files {
		if process.files[files[i].ID] {
			continue
		}
		found := user.find(from, &files[i], func() (symbolize.Symbolizer, error) { return p.begin(of) })
		if found == nil {
			process.files[files[i].ID] = true
			continue
		}
		// The parser is the user's and may say anything: a probe goes only where the process itself has code of that file.
		checked := *found
		checked.functions = map[string]uint64{}
		for name, offset := range found.functions {
			if files[i].Holds(offset) {
				checked.functions[name] = offset
			}
		}
		p.probe(pid, process, files[i].ID, &checked)
	}
}

func (p *probers) probe(pid int32, process *probed, id mapped.FileID, known *allocatorFile) {
	if process.files[id] || process.count >= maxAllocators {
		return
	}
	process.files[id] = true
	process.count++
	if err := p.hub.engine.ProbeAllocations(pid, known.file, known.functions); err != nil {
		p.log.Info("the allocations of a process are not followed", "pid", pid, "file", known.code.Path, "err", err)
	}
}

// known are the files with allocators.
func (u *userAllocators) known() map[mapped.FileID]*allocatorFile {
	u.lock.Lock()
	defer u.lock.Unlock()
	known := map[mapped.FileID]*allocatorFile{}
	for id, f := range u.files {
		if f != nil && f.functions != nil {
			known[id] = f
		}
	}
	return known
}

// find says where a file has an allocator; nil where it has none.
func (u *userAllocators) find(from mapped.Process, code *mapped.Code, begin func() (symbolize.Symbolizer, error)) *allocatorFile {
	u.lock.Lock()
	defer u.lock.Unlock()
	file, err := mapped.OpenProbed(from, code)
	if err != nil {
		return nil
	}
	var info unix.Stat_t
	if unix.Fstat(int(file.Fd()), &info) != nil {
		_ = file.Close()
		return nil
	}
	if known := u.files[code.ID]; known != nil && known.size == info.Size && known.modified == info.Mtim {
		_ = file.Close()
		if known.functions == nil {
			return nil
		}
		return known
	}
	found := &allocatorFile{file: file, code: *code, size: info.Size, modified: info.Mtim}
	if u.parser == nil {
		u.parser, _ = begin()
	}
	if u.parser != nil {
		ctx, cancel := context.WithTimeout(context.Background(), findTimeout)
		defer cancel()
		key := "allocator " + strconv.FormatUint(code.ID.Device, 16) + ":" + strconv.FormatUint(code.ID.Inode, 16)
		found.functions, _ = symbolize.AllocatorsIn(ctx, u.parser, symbolize.Module{Key: key, File: file})
	}
	if found.functions == nil {
		_ = file.Close()
		found.file = nil
	}
	if len(u.files) < maxKnownFiles {
		u.files[code.ID] = found
	}
	if found.functions == nil {
		return nil
	}
	return found
}

func (u *userAllocators) close() {
	u.lock.Lock()
	defer u.lock.Unlock()
	if u.parser != nil {
		_ = u.parser.Close()
	}
	for _, f := range u.files {
		if f.file != nil {
			_ = f.file.Close()
		}
	}
	u.files = map[mapped.FileID]*allocatorFile{}
}
