package capture

import (
	"math"
	"math/rand/v2"
	"testing"
)

func drawnSample(id uint64, size, mean uint64, at int64) Sample {
	return Sample{Event: Alloc, place: placeKey{mark: id}, amount: size, subject: mean, KTime: at}
}

func sumsOfEvents(samples []Sample) (alloc, heap int64) {
	for _, s := range samples {
		if s.Event == Alloc {
			alloc += s.Value
		} else {
			heap += s.Value
		}
	}
	return alloc, heap
}

// TestABlockIsToldOnceBothHalvesAreKnown tries each order in which stack, address and freeing can be read.
func TestABlockIsToldOnceBothHalvesAreKnown(t *testing.T) {
	stack := func(l *allocationLedger) { l.stack(drawnSample(7, 1000, 0, 10)) }
	heard := func(kind blockKind) func(*allocationLedger) {
		return func(l *allocationLedger) { l.heard(&blockRecord{ID: 7, Kind: kind, KTime: 20}) }
	}
	for name, one := range map[string]struct {
		steps       []func(*allocationLedger)
		alloc, heap int64
	}{
		"held":                   {[]func(*allocationLedger){stack, heard(blockHeld)}, 1000, 1000},
		"held, heard first":      {[]func(*allocationLedger){heard(blockHeld), stack}, 1000, 1000},
		"freed":                  {[]func(*allocationLedger){stack, heard(blockHeld), heard(blockFreed)}, 1000, 0},
		"freed before its stack": {[]func(*allocationLedger){heard(blockHeld), heard(blockFreed), stack}, 1000, 0},
		"failed":                 {[]func(*allocationLedger){stack, heard(blockFailed)}, 0, 0},
		"unfollowed":             {[]func(*allocationLedger){stack, heard(blockUnfollowed)}, 1000, 0},
		"never heard of":         {[]func(*allocationLedger){stack}, 0, 0},
	} {
		l := newAllocationLedger()
		for _, step := range one.steps {
			step(l)
		}
		if alloc, heap := sumsOfEvents(l.take()); alloc != one.alloc || heap != one.heap {
			t.Errorf("%s: %d bytes allocated and %d held, not %d and %d", name, alloc, heap, one.alloc, one.heap)
		}
		if name == "never heard of" {
			for range 3 * roundsToWait {
				l.settle()
			}
			if alloc, heap := sumsOfEvents(l.take()); alloc != 1000 || heap != 0 || l.lost != 1 || len(l.blocks) != 0 {
				t.Errorf("%s: %d, %d, lost %d, %d blocks", name, alloc, heap, l.lost, len(l.blocks))
			}
		}
	}
}

// TestDrawnBytesStandForAll draws bytes of blocks of many sizes as bpf/allocations.h does, and compares the sums.
func TestDrawnBytesStandForAll(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, size := range []uint64{16, 1000, 20_000, 65_536, 1_000_000} {
		const mean = 32768
		left, truth, found := random.ExpFloat64()*mean, 0.0, 0.0
		for truth < 4e9 && truth < 4000*mean*100 {
			truth += float64(size)
			if left -= float64(size); left <= 0 {
				found += float64(standsFor(size, mean))
				left = random.ExpFloat64() * mean
			}
		}
		if math.Abs(found/truth-1) > 0.02 {
			t.Errorf("blocks of %d bytes: %.0f bytes stand for %.0f", size, found, truth)
		}
	}
	if standsFor(0, 100) != 0 || standsFor(1<<30, 100) != 1<<30 {
		t.Error("nothing stands for something, or a large block for another size")
	}
}
