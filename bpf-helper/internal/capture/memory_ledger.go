package capture

import (
	"cmp"
	"slices"
	"unsafe"
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
	read      pageReader
	processes map[processKey]*grownProcess
	order     []*grownProcess // those with held pages are looked at in turns
	turn      int
	held      int
	untracked int64 // pages whose going back can't be told, for want of room
	stacks    map[uint64][]*Sample
	samples   []Sample
}

// pageReader gives the state of each page from one on; an error where the process or its memory is gone.
type pageReader func(pid int32, first uint64, states []pageState) error

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
	thinned   uint64 // by how much pages have been thinned at most, and had been when it forked
	asForked  uint64
}

// heldPage is a page that was told, and stands for `bytes`.
type heldPage struct {
	page  uint64
	bytes int64
	since int64
	by    *Sample
	index int // in list
}

// openStretch may be a huge page.
type openStretch struct {
	first  uint64 // page, where it is now
	origin uint64 // page, where it came
	sample Sample
	others int  // faults on chosen pages in it, but for the one that opened it
	full   bool // all of it was there
	untold bool // its stack was not taken, as stacks are thinned
}

const (
	// maxHeldPages bounds the ledger: at the finest choice they stand for 16 GiB.
	maxHeldPages = 1 << 16
	// maxMoves bounds the moves that are remembered for samples that come late.
	maxMoves = 64
	// chosenBits is FIRST_BITS of bpf/memory.h: one page in 64 is taken.
	chosenBits = 6
)

func newMemoryLedger(pageBits uint, hugePages uint64, read pageReader) *memoryLedger {
	return &memoryLedger{
		pageBits: pageBits, hugePages: hugePages, read: read,
		processes: map[processKey]*grownProcess{}, stacks: map[uint64][]*Sample{},
	}
}

// scatter and isChosen are scatter and is_taken of bpf/memory.h; pages are thinned by a power of 4.
func scatter(value uint64) uint64 {
	value *= 0x9e3779b97f4a7c15
	return value ^ value>>32
}

func isChosen(page, thinned uint64) bool {
	if (page^scatter(page>>chosenBits))&(1<<chosenBits-1) != 0 {
		return false
	}
	return isLeft(page>>chosenBits, thinned)
}

// isLeft is is_left there.
func isLeft(number, thinned uint64) bool {
	for ; thinned > 1; number, thinned = number>>2, thinned>>2 {
		if (number^scatter(number>>2))&3 != 0 {
			return false
		}
	}
	return true
}

// thinnedHuge is by how much huge pages are thinned where pages are by an amount.
func thinnedHuge(amount uint64) uint64 { return max(amount>>2, 1) }

func (l *memoryLedger) process(key processKey) *grownProcess {
	p := l.processes[key]
	if p == nil {
		p = &grownProcess{key: key, pages: map[uint64]*heldPage{}}
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
	if sample.flags&pageTaken != 0 && l.hugePages != 0 {
		for i := range p.stretches {
			if s := &p.stretches[i]; page-s.first < l.hugePages && sample.KTime > s.sample.KTime {
				s.others++
			}
		}
	}
	if sample.flags&opensStretch != 0 && l.hugePages != 0 {
		p.stretches = append(p.stretches, openStretch{first: page &^ (l.hugePages - 1), origin: page &^ (l.hugePages - 1), sample: sample})
		return
	}
	p.fresh = append(p.fresh, sample)
}

// choose thins a fault as much as others before the process forked: what it wrote to may have been there already, and is known to have
// been only as far as it had been told.
func (p *grownProcess) choose(sample *Sample, page, hugePages uint64) bool {
	if !isChosen(page, p.asForked) {
		sample.flags &^= pageTaken
	}
	if hugePages == 0 || !isLeft(page/hugePages, thinnedHuge(p.asForked)) {
		sample.flags &^= opensStretch
	}
	sample.amount = p.asForked
	return sample.flags&(pageTaken|opensStretch) != 0
}

func movedTo(address uint64, move *moveRecord) uint64 {
	if address-move.From < move.Length {
		return address - move.From + move.To
	}
	return address
}

// move notes that a process's memory lies elsewhere now.
func (l *memoryLedger) move(move *moveRecord) {
	p := l.processes[processKey{int32(move.PID), move.StartBoottime}]
	if p == nil {
		return
	}
	switch page := move.From >> l.pageBits; {
	case move.Length == pageCame:
		l.cameAgain(p, page, move.KTime)
		return
	case move.Length == stretchOpened && l.hugePages != 0:
		first := page &^ (l.hugePages - 1)
		p.stretches = append(p.stretches, openStretch{first: first, origin: first, sample: Sample{KTime: move.KTime, subject: move.From}, untold: true})
		return
	}
	if len(p.moves) >= maxMoves {
		p.moves = slices.Delete(p.moves, 0, 1)
	}
	p.moves = append(p.moves, *move)
	for i := range p.fresh {
		if p.fresh[i].KTime < move.KTime {
			p.fresh[i].subject = movedTo(p.fresh[i].subject, move)
		}
	}
	for i := range p.stretches {
		if s := &p.stretches[i]; s.sample.KTime < move.KTime {
			s.first = movedTo(s.first<<l.pageBits, move) >> l.pageBits
			s.sample.subject = movedTo(s.sample.subject, move)
		}
	}
	var moved []*heldPage
	for _, held := range p.list {
		if (held.page<<l.pageBits)-move.From < move.Length && held.since < move.KTime {
			moved = append(moved, held)
		}
	}
	for _, held := range moved {
		delete(p.pages, held.page)
	}
	for _, held := range moved {
		held.page = movedTo(held.page<<l.pageBits, move) >> l.pageBits
		if before := p.pages[held.page]; before != nil {
			l.release(p, before, move.KTime)
		}
		p.pages[held.page] = held
	}
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
	var open []openStretch
	states := make([]pageState, max(l.hugePages, 1))
	for i := range p.stretches {
		s := &p.stretches[i]
		if l.read(p.key.pid, s.first, states) != nil {
			return false
		}
		wasFull := s.full
		s.full = !slices.ContainsFunc(states, func(state pageState) bool { return state != pageOwn })
		switch {
		case s.others > 0 || !s.full:
			if s.sample.flags&pageTaken != 0 {
				p.fresh = append(p.fresh, s.sample)
			} else {
				l.cameAgain(p, s.sample.subject>>l.pageBits, s.sample.KTime)
			}
		case wasFull || all:
			l.takeHuge(p, s)
		default:
			open = append(open, *s) // another fault in it may be on its way to us
		}
	}
	p.stretches = open
	slices.SortFunc(p.fresh, func(a, b Sample) int { return cmp.Compare(a.KTime, b.KTime) })
	for i := range p.fresh {
		s := &p.fresh[i]
		page := s.subject >> l.pageBits
		if l.read(p.key.pid, page, states[:1]) != nil {
			p.fresh = p.fresh[i:]
			return false
		}
		held := p.pages[page]
		switch {
		case states[0] == pageGone && held != nil:
			l.release(p, held, s.KTime)
		case states[0] == pageOwn || (states[0] == pageShared && p.forked > s.KTime && s.flags&anonymous != 0):
			if held == nil || l.hasGone(p, held, s.KTime) {
				l.tell(s, l.bytesOf(s), s.KTime, 0)
				l.hold(p, page, l.bytesOf(s), s)
			}
		}
	}
	p.fresh = p.fresh[:0]
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

// takeHuge tells a huge page and holds its chosen pages, which stand for it.
func (l *memoryLedger) takeHuge(p *grownProcess, s *openStretch) {
	bytes := int64(l.hugePages<<l.pageBits) * int64(thinnedHuge(s.sample.amount))
	var chosen []uint64
	for i := range l.hugePages {
		page := s.first + i
		if held := p.pages[page]; held != nil && !l.hasGone(p, held, s.sample.KTime) {
			return
		}
		if isChosen(s.origin+i, 1) {
			chosen = append(chosen, page)
		}
	}
	if s.untold {
		return
	}
	l.tell(&s.sample, bytes, s.sample.KTime, 0)
	for _, page := range chosen {
		l.hold(p, page, bytes/int64(len(chosen)), &s.sample)
	}
}

func (l *memoryLedger) hold(p *grownProcess, page uint64, bytes int64, by *Sample) {
	if l.held >= maxHeldPages {
		l.untracked++
		return
	}
	held := &heldPage{page: page, bytes: bytes, since: by.KTime, by: l.shared(by), index: len(p.list)}
	p.pages[page] = held
	p.list = append(p.list, held)
	l.held++
}

// release tells that a page went back.
func (l *memoryLedger) release(p *grownProcess, held *heldPage, at int64) {
	l.tell(held.by, -held.bytes, at, held.since)
	if p.pages[held.page] == held {
		delete(p.pages, held.page)
	}
	last := p.list[len(p.list)-1]
	p.list[held.index] = last
	last.index = held.index
	p.list = p.list[:len(p.list)-1]
	l.held--
}

// check looks whether held pages are still there, `most` of them and then the next ones.
func (l *memoryLedger) check(most int, now int64) {
	state := make([]pageState, 1)
	for range len(l.order) {
		if most <= 0 || len(l.order) == 0 {
			return
		}
		l.turn %= len(l.order)
		p := l.order[l.turn]
		if len(p.list) == 0 && len(p.fresh)+len(p.stretches) == 0 {
			l.forget(p)
			continue
		}
		for p.cursor = min(p.cursor, len(p.list)); p.cursor < len(p.list) && most > 0; most-- {
			held := p.list[p.cursor]
			if l.read(p.key.pid, held.page, state) != nil {
				l.tellLast(p)
				l.forget(p)
				break
			}
			if state[0] == pageGone {
				l.release(p, held, now)
			} else {
				p.cursor++
			}
		}
		if p.cursor >= len(p.list) {
			p.cursor = 0
			l.turn++
		}
	}
}

// shared gives one sample for all with the same stack.
func (l *memoryLedger) shared(s *Sample) *Sample {
	hash := uint64(s.TID)
	for _, frame := range s.Frames {
		hash = (hash ^ uint64(uintptr(unsafe.Pointer(frame)))) * 0x100000001b3
	}
	for _, known := range l.stacks[hash] {
		if known.TID == s.TID && known.StartNs == s.StartNs && known.Recordings == s.Recordings && slices.Equal(known.Frames, s.Frames) {
			return known
		}
	}
	if len(l.stacks) >= maxHeldPages {
		clear(l.stacks) // held pages keep theirs
	}
	kept := *s
	kept.Frames = slices.Clone(s.Frames)
	l.stacks[hash] = append(l.stacks[hash], &kept)
	return &kept
}

// take gives the samples made since the last call; they are valid until the next.
func (l *memoryLedger) take() []Sample {
	samples := l.samples
	l.samples = l.samples[:0]
	return samples
}
