package capture

import "math"

// allocationLedger makes samples of allocations that were drawn, once the allocator has given what was asked, and of what of them is
// held, until it is freed:
//
//	stack ──┬── HELD ──► +bytes of `alloc`, +bytes of `heap` ── FREED ──► −bytes of `heap` at the same stack
//	        └── FAILED ─► nothing
//
// Stacks come through the matcher and the rest through a ring of its own, so either may be read first. The ledger belongs to the
// goroutine that polls.
type allocationLedger struct {
	blocks  map[uint64]*drawnBlock
	round   int
	samples []Sample
	lost    int64
}

type drawnBlock struct {
	sample   Sample
	hasStack bool
	kind     blockKind // what was heard last; 0 for nothing
	freedAt  int64
	told     bool
	since    int // the round in which it was heard of first
}

const (
	// roundsToWait is how long the other half of what is known of a block may take: seconds, as polls come 4 to 20 times a second.
	roundsToWait = 40
	// maxDrawnBlocks bounds the ledger; the kernel remembers half as many addresses.
	maxDrawnBlocks = 1 << 17
)

func newAllocationLedger() *allocationLedger {
	return &allocationLedger{blocks: map[uint64]*drawnBlock{}}
}

// standsFor is how many bytes an allocation of a size stands for, one of whose bytes was drawn where drawn bytes are `mean` apart on
// average: it was to be drawn with a chance of 1 - e^(-size/mean), so sums are right on average (Horvitz and Thompson, A Generalization
// of Sampling Without Replacement From a Finite Universe, 1952; the same in Go's scaleHeapSample and in tcmalloc).
func standsFor(size, mean uint64) int64 {
	if mean == 0 || size == 0 {
		return int64(size)
	}
	return int64(math.Round(float64(size) / -math.Expm1(-float64(size)/float64(mean))))
}

func (l *allocationLedger) block(id uint64) *drawnBlock {
	b := l.blocks[id]
	if b == nil {
		if len(l.blocks) >= maxDrawnBlocks {
			l.lost++
			return nil
		}
		b = &drawnBlock{since: l.round}
		l.blocks[id] = b
	}
	return b
}

// stack notes the stack of an allocation.
func (l *allocationLedger) stack(sample Sample) {
	id := sample.place.mark
	b := l.block(id)
	if b == nil {
		return
	}
	sample.Value = standsFor(sample.amount, sample.subject)
	b.sample, b.hasStack = sample, true
	l.tell(id, b)
}

// heard takes in what the kernel says of a block.
func (l *allocationLedger) heard(record *blockRecord) {
	b := l.block(record.ID)
	if b == nil {
		return
	}
	b.kind = record.Kind
	if record.Kind == blockFreed {
		b.freedAt = record.KTime
	}
	l.tell(record.ID, b)
}

func (l *allocationLedger) tell(id uint64, b *drawnBlock) {
	if !b.hasStack || b.kind == 0 {
		return
	}
	if !b.told && b.kind != blockFailed {
		b.told = true
		l.add(b, Alloc, b.sample.Value, b.sample.KTime)
		if b.kind == blockHeld || b.kind == blockFreed {
			l.add(b, Heap, b.sample.Value, b.sample.KTime)
		}
	}
	if b.kind == blockFreed {
		l.add(b, Heap, -b.sample.Value, b.freedAt)
	}
	if b.kind != blockHeld {
		delete(l.blocks, id)
	}
}

func (l *allocationLedger) add(b *drawnBlock, event Event, bytes, at int64) {
	sample := b.sample
	sample.Event, sample.Value = event, bytes
	if bytes < 0 {
		sample.Since = sample.KTime
	}
	sample.KTime = at
	l.samples = append(l.samples, sample)
}

// settle forgets the halves whose other half did not come: a thread that ended, or a full ring.
func (l *allocationLedger) settle() {
	l.round++
	if l.round%roundsToWait != 0 {
		return
	}
	for id, b := range l.blocks {
		if !b.told && l.round-b.since > roundsToWait {
			if b.hasStack {
				l.add(b, Alloc, b.sample.Value, b.sample.KTime)
				l.lost++
			}
			delete(l.blocks, id)
		}
	}
}

// take gives the samples made since the last call; they are valid until the next.
func (l *allocationLedger) take() []Sample {
	samples := l.samples
	l.samples = l.samples[:0]
	return samples
}
