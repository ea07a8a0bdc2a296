package capture

import (
	"slices"
	"unsafe"
)

// heldPage is a page that was told, and stands for `bytes`.
type heldPage struct {
	page  uint64
	bytes int64
	since int64
	by    *Sample
	index int // in list
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

// check looks whether held pages are still there, `most` of them and then the next ones. Those that are not are released by confirm.
func (l *memoryLedger) check(most int) {
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
			if l.kernel.read(p.key.pid, held.page, state) != nil {
				l.tellLast(p)
				l.forget(p)
				break
			}
			if state[0] == pageGone {
				l.missing = append(l.missing, missingPage{p, held, held.page})
			}
			p.cursor++
		}
		if p.cursor >= len(p.list) {
			p.cursor = 0
			l.turn++
		}
	}
}

// missingPage was not where it should be.
type missingPage struct {
	of   *grownProcess
	held *heldPage
	page uint64
}

// confirm releases the pages that are not there; the moves up to the check must have been taken in before.
func (l *memoryLedger) confirm(now int64) {
	for _, m := range l.missing {
		if l.processes[m.of.key] == m.of && m.of.pages[m.page] == m.held {
			l.release(m.of, m.held, now)
		}
	}
	l.missing = l.missing[:0]
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
