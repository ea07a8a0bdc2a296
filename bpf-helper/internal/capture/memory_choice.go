package capture

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
