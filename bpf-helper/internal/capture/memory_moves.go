package capture

import "slices"

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
		l.noteSmall(p, page, move.KTime)
		l.cameAgain(p, page, move.KTime)
		return
	case move.Length == stretchOpened && l.hugePages != 0:
		l.opens(p, page, Sample{KTime: move.KTime, subject: move.From}, true)
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
