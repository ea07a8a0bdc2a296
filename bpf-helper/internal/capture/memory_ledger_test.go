package capture

import (
	"errors"
	"testing"
)

// fakeMemory is what the kernel would say of pages.
type fakeMemory struct {
	pages map[uint64]pageState
	gone  bool

	huge, tellsHuge bool
}

func (f *fakeMemory) read(_ int32, first uint64, states []pageState) error {
	if f.gone {
		return errors.New("no such process")
	}
	for i := range states {
		states[i] = f.pages[first+uint64(i)]
	}
	return nil
}

func (f *fakeMemory) set(first, count uint64, state pageState) {
	for i := range count {
		f.pages[first+i] = state
	}
}

// isHuge is not known to kernels before 6.7.
func (f *fakeMemory) isHuge(int32, uint64, uint64) (huge, known bool) { return f.huge, f.tellsHuge }

type ledgerTest struct {
	*testing.T
	*memoryLedger
	memory *fakeMemory
	now    int64
}

func newLedgerTest(t *testing.T) *ledgerTest {
	memory := &fakeMemory{pages: map[uint64]pageState{}}
	return &ledgerTest{T: t, memory: memory, memoryLedger: newMemoryLedger(12, 512, memory)}
}

// comes is a fault on a page by a function.
func (l *ledgerTest) comes(page uint64, by string, flags tickFlags) {
	l.now++
	l.memory.pages[page] = pageOwn
	l.fault(Sample{
		Event: Memory, PID: 7, TID: 7, KTime: l.now, Frames: []*Frame{{Function: by}}, Outcome: Whole,
		amount: 1, subject: page << 12, flags: flags,
	})
}

// want compares what was told since the last call.
func (l *ledgerTest) want(all bool, sums map[string]int64) {
	l.Helper()
	l.settle(all)
	l.now++
	l.check(maxHeldPages)
	l.confirm(l.now)
	found := map[string]int64{}
	for _, sample := range l.take() {
		found[sample.Frames[0].Function] += sample.Value
		if sample.Value < 0 && sample.Since == 0 {
			l.Errorf("what went back by %s does not say when it had come", sample.Frames[0].Function)
		}
	}
	for by, sum := range sums {
		if found[by] != sum {
			l.Errorf("%s: told %d bytes, want %d", by, found[by], sum)
		}
		delete(found, by)
	}
	for by, sum := range found {
		l.Errorf("%s: told %d bytes too many", by, sum)
	}
}

const quarter = 64 << 12 // bytes that a page stands for

func TestPagesThatStayAreGrowthAndThoseThatGoAreTakenBack(t *testing.T) {
	l := newLedgerTest(t)
	l.comes(1000, "load", pageTaken)
	l.comes(2000, "passing", pageTaken)
	l.memory.pages[2000] = pageGone
	l.want(false, map[string]int64{"load": quarter})
	l.want(false, nil)
	l.memory.pages[1000] = pageGone
	l.want(false, map[string]int64{"load": -quarter})
	l.want(false, nil)
}

func TestAPageThatComesAgainIsTakenFromWhoHadIt(t *testing.T) {
	l := newLedgerTest(t)
	l.comes(1000, "first", pageTaken)
	l.want(false, map[string]int64{"first": quarter})
	l.comes(1000, "second", pageTaken)
	l.want(false, map[string]int64{"first": -quarter, "second": quarter})
	l.now++
	l.move(&moveRecord{PID: 7, KTime: l.now, From: 1000 << 12, Length: pageCame})
	l.want(false, map[string]int64{"second": -quarter})
}

func TestWritingAfterAForkTakesNothingNew(t *testing.T) {
	l := newLedgerTest(t)
	l.comes(1000, "before", pageTaken)
	l.want(false, map[string]int64{"before": quarter})
	l.now++
	l.forked(7, l.now)
	l.comes(1000, "after", pageTaken)
	l.want(false, nil)
}

func TestPagesOfFilesAndZerosAreNoGrowth(t *testing.T) {
	l := newLedgerTest(t)
	l.comes(1000, "reading", pageTaken)
	l.memory.pages[1000] = pageShared
	l.want(false, nil)
}

func TestMemoryThatMovesIsStillWhosItWas(t *testing.T) {
	l := newLedgerTest(t)
	l.comes(1000, "held", pageTaken)
	l.want(false, map[string]int64{"held": quarter})
	l.comes(1001, "late", pageTaken)
	l.now++
	l.memory.set(1000, 2, pageGone)
	l.memory.set(5000, 2, pageOwn)
	l.move(&moveRecord{PID: 7, KTime: l.now, From: 1000 << 12, To: 5000 << 12, Length: 2 << 12})
	l.want(false, map[string]int64{"late": quarter})
	l.memory.set(5000, 2, pageGone)
	l.want(false, map[string]int64{"held": -quarter, "late": -quarter})
}

func TestAHugePageIsOneFaultInAStretchThatIsAllThere(t *testing.T) {
	l := newLedgerTest(t)
	l.memory.set(1024, 512, pageOwn)
	l.comes(1030, "huge", opensStretch|pageTaken|anonymous)
	l.want(false, nil) // other faults in it may be on their way
	l.want(false, map[string]int64{"huge": 2 << 20})
	l.memory.set(1024, 256, pageGone)
	l.want(false, map[string]int64{"huge": -1 << 20})
}

func TestAStretchOfSmallPagesIsNoHugePage(t *testing.T) {
	l := newLedgerTest(t)
	l.memory.set(1024, 512, pageOwn)
	l.comes(1024, "small", opensStretch|pageTaken|anonymous)
	l.want(false, nil)
	l.comes(1500, "small", pageTaken)
	l.want(false, map[string]int64{"small": 2 * quarter})
}

func TestWhatAProcessHeldWhenItEndedStays(t *testing.T) {
	l := newLedgerTest(t)
	l.comes(1000, "held", pageTaken|anonymous)
	l.want(false, map[string]int64{"held": quarter})
	l.comes(2000, "last", pageTaken|anonymous)
	l.comes(3000, "of a file", pageTaken)
	l.memory.gone = true
	l.want(false, map[string]int64{"last": quarter})
	if l.held != 0 || len(l.processes) != 0 {
		t.Errorf("%d pages of %d processes are remembered", l.held, len(l.processes))
	}
}

func TestAnotherProgramBeginsWithNothing(t *testing.T) {
	l := newLedgerTest(t)
	l.comes(1000, "old", pageTaken|anonymous)
	l.want(false, map[string]int64{"old": quarter})
	l.now++
	l.ended(7, l.now)
	l.memory.pages[1000] = pageGone
	l.comes(2000, "new", pageTaken|anonymous)
	l.want(false, map[string]int64{"new": quarter})
}

func TestTheLedgerIsBounded(t *testing.T) {
	l := newLedgerTest(t)
	for page := range uint64(maxHeldPages + 10) {
		l.comes(page, "leak", pageTaken)
	}
	l.want(false, map[string]int64{"leak": quarter * (maxHeldPages + 10)})
	if l.held != maxHeldPages || l.untracked != 10 {
		t.Errorf("%d pages are held and %d are not", l.held, l.untracked)
	}
}

// The choice of pages is the kernel's: one of each 64 neighbours, and of those one of each 4 with each step of thinning.
func TestOnePageOfEachGroupIsChosen(t *testing.T) {
	for thinned, group := uint64(1), uint64(64); thinned <= 64; thinned, group = thinned*4, group*4 {
		for first := uint64(0); first < 64*group; first += group {
			chosen := 0
			for page := first; page < first+group; page++ {
				if isChosen(page, thinned) {
					chosen++
				}
			}
			if chosen != 1 {
				t.Fatalf("of %d pages from %d on %d are chosen", group, first, chosen)
			}
		}
	}
}

func TestWhereTheKernelTellsHugePagesItIsBelieved(t *testing.T) {
	l := newLedgerTest(t)
	l.memory.tellsHuge = true
	l.memory.set(1024, 512, pageOwn)
	l.comes(1024, "small", opensStretch|pageTaken|anonymous)
	l.want(false, map[string]int64{"small": quarter})
	l.memory.huge = true
	l.memory.set(2048, 512, pageOwn)
	l.comes(2050, "huge", opensStretch)
	l.want(false, map[string]int64{"huge": 2 << 20})
}

func TestAStretchThatOpensAgainAmidSmallPagesIsNoHugePage(t *testing.T) {
	l := newLedgerTest(t)
	l.memory.set(1024, 512, pageOwn)
	l.comes(1100, "small", pageTaken)
	l.comes(1500, "small", opensStretch|anonymous)
	l.want(true, map[string]int64{"small": quarter})
}

func TestAPageThatMovesBetweenTwoLooksHasNotGone(t *testing.T) {
	l := newLedgerTest(t)
	l.comes(1000, "held", pageTaken)
	l.want(false, map[string]int64{"held": quarter})
	l.comes(1001, "new", pageTaken)
	l.now++
	at := l.now
	l.memory.set(1000, 2, pageGone)
	l.memory.set(5000, 2, pageOwn)
	l.settle(false)
	l.check(maxHeldPages)
	l.move(&moveRecord{PID: 7, KTime: at, From: 1000 << 12, To: 5000 << 12, Length: 2 << 12})
	l.confirm(l.now)
	l.want(false, map[string]int64{"new": quarter})
}
