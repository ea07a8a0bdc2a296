package capture

import (
	"cmp"
	"slices"
)

// memoryLedger makes samples of memory that processes took, and of what they gave back:
//
//	fault on a chosen page, with its stack ──► is the page there? ── yes ──► +bytes; the page is held
//	                                                              └─ no ───► it came and went: nothing
//	held page ── looked at a few times a second ── gone, or faulted anew ──► −bytes at the stack that had taken it
//	first fault in a stretch ──► is all of the stretch there, and came no other fault in it? ──► a huge page
//
// What a process holds when it ends or begins another program does not go back: the picture of a process is what it held.
// The ledger belongs to the goroutine that polls.
type memoryLedger struct {
	pageBits  uint
	hugePages uint64 // pages in a huge page; 0 where there are none
	hinted    bool   // the kernel unmaps pages to see who uses them, so a fault does not say that a page had gone
	kernel    pageTeller
	processes map[processKey]*grownProcess
	order     []*grownProcess // those with held pages are looked at in turns
	turn      int
	held      int
	missing   []missingPage
	untracked int64 // pages whose going back can't be told, for want of room
	stacks    map[uint64][]*Sample
	samples   []Sample
}

// pageTeller says what the kernel knows of a process's pages.
type pageTeller interface {
	// read gives the state of each page from one on; an error where the process or its memory is gone.
	read(pid int32, first uint64, states []pageState) error
	// isHuge says whether pages are one huge page; known is false where the kernel doesn't tell.
	isHuge(pid int32, first, count uint64) (huge, known bool)
}

// pageState is what the kernel says of a page.
type pageState uint8

const (
	pageGone   pageState = iota
	pageShared           // a file's, of several processes, or the page of zeros
	pageOwn
)

type processKey struct {
	pid   int32
	start uint64
}

// grownProcess is what is known of a process's memory.
type grownProcess struct {
	key       processKey
	pages     map[uint64]*heldPage // by number
	list      []*heldPage
	cursor    int
	fresh     []Sample
	stretches []openStretch
	moves     []moveRecord
	forked    int64
	small     map[uint64]int64 // when a page came last in a stretch, by the stretch's first page
	thinned   uint64           // by how much pages have been thinned at most, and had been when it forked
	asForked  uint64
}

const (
	// maxHeldPages bounds the ledger: at the finest choice they stand for 16 GiB.
	maxHeldPages = 1 << 16
	// maxMoves bounds the moves that are remembered for samples that come late.
	maxMoves = 64
	// chosenBits is FIRST_BITS of bpf/memory.h: one page in 64 is taken.
	chosenBits = 6
)

func newMemoryLedger(pageBits uint, hugePages uint64, kernel pageTeller) *memoryLedger {
	return &memoryLedger{
		pageBits: pageBits, hugePages: hugePages, kernel: kernel,
		processes: map[processKey]*grownProcess{}, stacks: map[uint64][]*Sample{},
	}
}

func (l *memoryLedger) process(key processKey) *grownProcess {
	p := l.processes[key]
	if p == nil {
		p = &grownProcess{key: key, pages: map[uint64]*heldPage{}, small: map[uint64]int64{}}
		l.processes[key] = p
		l.order = append(l.order, p)
	}
	return p
}

// fault notes the stack of a fault, to be looked at.
func (l *memoryLedger) fault(sample Sample) {
	p := l.process(processKey{sample.PID, sample.StartNs})
	for i := range p.moves {
		if p.moves[i].KTime > sample.KTime {
			sample.subject = movedTo(sample.subject, &p.moves[i])
		}
	}
	sample.amount = max(sample.amount, 1)
	p.thinned = max(p.thinned, sample.amount)
	if sample.amount < p.asForked && !p.choose(&sample, sample.subject>>l.pageBits, l.hugePages) {
		return
	}
	page := sample.subject >> l.pageBits
	if sample.flags&opensStretch != 0 && l.hugePages != 0 {
		l.opens(p, page, sample, false)
		return
	}
	l.noteSmall(p, page, sample.KTime)
	p.fresh = append(p.fresh, sample)
}

// cameAgain notes a fault whose stack was not taken: what was known to be there had gone.
func (l *memoryLedger) cameAgain(p *grownProcess, page uint64, at int64) {
	if held := p.pages[page]; held != nil && held.since < at {
		l.hasGone(p, held, at)
	}
	p.fresh = slices.DeleteFunc(p.fresh, func(s Sample) bool { return s.subject>>l.pageBits == page && s.KTime < at && p.forked < s.KTime })
}

// forked notes that a process shares its pages with a child, so that writing to one makes a fault.
func (l *memoryLedger) forked(pid int32, at int64) {
	for _, p := range l.order {
		if p.key.pid == pid {
			p.forked, p.asForked = at, p.thinned
		}
	}
}

// ended notes that a process's memory is no more, as it has ended or runs another program.
func (l *memoryLedger) ended(pid int32, at int64) {
	for _, p := range slices.Clone(l.order) {
		if p.key.pid != pid {
			continue
		}
		later := slices.DeleteFunc(slices.Clone(p.fresh), func(s Sample) bool { return s.KTime <= at })
		p.fresh = slices.DeleteFunc(p.fresh, func(s Sample) bool { return s.KTime > at })
		l.tellLast(p)
		l.forget(p)
		for i := range later {
			l.fault(later[i])
		}
	}
}

// tellLast tells what a process took in its last moments, which nobody can look at any more.
func (l *memoryLedger) tellLast(p *grownProcess) {
	for i := range p.stretches {
		p.fresh = append(p.fresh, p.stretches[i].sample)
	}
	for i := range p.fresh {
		if s := &p.fresh[i]; s.flags&anonymous != 0 && s.flags&pageTaken != 0 && p.pages[s.subject>>l.pageBits] == nil {
			l.tell(s, l.bytesOf(s), s.KTime, 0)
		}
	}
	p.fresh, p.stretches = nil, nil
}

func (l *memoryLedger) forget(p *grownProcess) {
	l.held -= len(p.list)
	delete(l.processes, p.key)
	if at := slices.Index(l.order, p); at >= 0 {
		l.order = slices.Delete(l.order, at, at+1)
	}
}

// bytesOf is what a chosen page stands for.
func (l *memoryLedger) bytesOf(s *Sample) int64 {
	return int64(s.amount) << (l.pageBits + chosenBits)
}

func (l *memoryLedger) tell(of *Sample, bytes, at, since int64) {
	sample := *of
	sample.Value, sample.KTime, sample.Since = bytes, at, since
	if bytes < 0 {
		sample.Outcome = Whole // it was counted when the memory was taken
	}
	l.samples = append(l.samples, sample)
}

// settle looks at what came since the last time; with `all` nothing is left for the next.
func (l *memoryLedger) settle(all bool) {
	for _, p := range slices.Clone(l.order) {
		if len(p.fresh)+len(p.stretches) > 0 && !l.look(p, all) {
			l.tellLast(p)
			l.forget(p)
		}
	}
}

// look is false where the process is gone.
func (l *memoryLedger) look(p *grownProcess, all bool) bool {
	if !l.lookAtStretches(p, all) {
		return false
	}
	states := make([]pageState, 1)
	slices.SortFunc(p.fresh, func(a, b Sample) int { return cmp.Compare(a.KTime, b.KTime) })
	rest := p.fresh[:0]
	for i := range p.fresh {
		s := p.fresh[i]
		page := s.subject >> l.pageBits
		if l.kernel.read(p.key.pid, page, states) != nil {
			p.fresh = append(rest, p.fresh[i:]...)
			return false
		}
		held := p.pages[page]
		switch {
		case states[0] == pageGone && !s.missed && !all:
			s.missed = true // it may have been moved just now, which we shall hear
			rest = append(rest, s)
		case states[0] == pageGone && held != nil:
			l.release(p, held, s.KTime)
		case states[0] == pageOwn || (states[0] == pageShared && p.forked > s.KTime && s.flags&anonymous != 0):
			if held == nil || l.hasGone(p, held, s.KTime) {
				l.tell(&s, l.bytesOf(&s), s.KTime, 0)
				l.hold(p, page, l.bytesOf(&s), &s)
			}
		}
	}
	p.fresh = rest
	return true
}

// hasGone releases a held page that was faulted anew, unless the fault has another reason.
func (l *memoryLedger) hasGone(p *grownProcess, held *heldPage, at int64) bool {
	if l.hinted || p.forked > held.since {
		held.since = at
		return false
	}
	l.release(p, held, at)
	return true
}

// take gives the samples made since the last call; they are valid until the next.
func (l *memoryLedger) take() []Sample {
	samples := l.samples
	l.samples = l.samples[:0]
	return samples
}
