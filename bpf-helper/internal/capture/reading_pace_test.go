package capture

import (
	"testing"
	"time"
)

func TestReadingIsPacedOnlyWhereThereIsABudget(t *testing.T) {
	var p readingPace
	at := time.Unix(0, 0)
	for range 10 {
		if !p.allows(at) {
			t.Fatal("without a budget something was not read")
		}
		p.spend(time.Second)
	}
	p.set(0.01, at)
	if !p.allows(at) {
		t.Error("what was read before the budget counts against it")
	}
}

// The time that reading takes over two minutes is the pace's, however much wants to be read, and however long each look takes.
func TestReadingTakesNoMoreThanItsPace(t *testing.T) {
	const share, look = 0.01, 150 * time.Millisecond
	var p readingPace
	at := time.Unix(0, 0)
	p.set(share, at)
	for pid := range uint32(5000) {
		p.wait(pid)
		p.wait(pid)
	}
	if len(p.waiting) != maxWaiting {
		t.Errorf("%d wait, not %d", len(p.waiting), maxWaiting)
	}
	spent, first := time.Duration(0), p.waiting[0]
	for end := at.Add(2 * time.Minute); at.Before(end); at = at.Add(max(p.next(), soonestRead)) {
		if p.allows(at) {
			if pid := p.take(); spent == 0 && pid != first {
				t.Errorf("the first read was %d, not %d, which has waited longest", pid, first)
			}
			p.spend(look)
			spent += look
		}
	}
	if most := time.Duration(120*share*float64(time.Second)) + look; spent > most {
		t.Errorf("reading took %v of 2 minutes, more than %v", spent, most)
	}
	if least := time.Duration(100 * share * float64(time.Second)); spent < least {
		t.Errorf("reading took %v of 2 minutes, though %v were there", spent, least)
	}
}

func TestWhoWaitsIsToldAndForgotten(t *testing.T) {
	var p readingPace
	p.set(0.01, time.Now())
	p.wait(1)
	p.wait(2)
	told := p.told()
	p.forget(func(pid uint32) bool { return pid == 1 })
	if len(*told) != 2 || (*told)[0] != 1 {
		t.Errorf("what was told has changed to %v", *told)
	}
	if now := *p.told(); len(now) != 1 || now[0] != 2 {
		t.Errorf("%v wait, not 2", now)
	}
	p.wait(1)
	if now := *p.told(); len(now) != 2 {
		t.Errorf("who was forgotten can't wait again: %v", now)
	}
	p.set(0, time.Now())
	if p.next() != soonestRead || !p.allows(time.Now()) {
		t.Error("who waits is not read when the budget is lifted")
	}
}
