package capture

import (
	"slices"
	"time"
)

// smallNear is how long after a fault on a small page there is no huge one around it.
const smallNear = int64(100 * time.Millisecond)

// openStretch may be a huge page.
type openStretch struct {
	first  uint64 // page, where it is now
	origin uint64 // page, where it came
	sample Sample
	others int  // faults on chosen pages in it, but for the one that opened it
	full   bool // all of it was there
	missed bool // some was not
	untold bool // its stack was not taken, as stacks are thinned
}

// opens notes a stretch that may be a huge page.
func (l *memoryLedger) opens(p *grownProcess, page uint64, sample Sample, untold bool) {
	s := openStretch{first: page &^ (l.hugePages - 1), origin: page &^ (l.hugePages - 1), sample: sample, untold: untold}
	if last, known := p.small[s.first]; known && sample.KTime-last < smallNear && last != sample.KTime {
		s.others++
	}
	if sample.flags&pageTaken != 0 {
		l.noteSmall(p, page, sample.KTime)
	}
	p.stretches = append(p.stretches, s)
}

// noteSmall notes a fault on a chosen page: in a huge page only the first one could be.
func (l *memoryLedger) noteSmall(p *grownProcess, page uint64, at int64) {
	if l.hugePages == 0 {
		return
	}
	for i := range p.stretches {
		if s := &p.stretches[i]; page-s.first < l.hugePages && at > s.sample.KTime {
			s.others++
		}
	}
	if len(p.small) >= maxMoves*maxMoves {
		clear(p.small)
	}
	p.small[page&^(l.hugePages-1)] = at
}

// lookAtStretches says which of them are huge pages; false where the process is gone.
func (l *memoryLedger) lookAtStretches(p *grownProcess, all bool) bool {
	var open []openStretch
	states := make([]pageState, max(l.hugePages, 1))
	for i := range p.stretches {
		s := &p.stretches[i]
		if l.kernel.read(p.key.pid, s.first, states) != nil {
			return false
		}
		wasFull := s.full
		shared := p.forked > s.sample.KTime // what was its own then is its child's, too
		s.full = !slices.ContainsFunc(states, func(state pageState) bool { return state == pageGone || (state == pageShared && !shared) })
		huge, known := false, false
		if s.full && s.first == s.origin {
			huge, known = l.kernel.isHuge(p.key.pid, s.first, l.hugePages)
		}
		switch {
		case huge:
			l.takeHuge(p, s)
		case !s.full && !s.missed && s.others == 0 && !all:
			s.missed = true // it may have been moved just now, which we shall hear
			open = append(open, *s)
		case known || s.others > 0 || !s.full:
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
