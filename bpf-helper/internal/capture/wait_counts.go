package capture

// WaitCount is how many waits are over of threads that the same recordings want, and of how many of them the stack was taken. The
// others are in the totals; the lines and functions are those of the stacks.
type WaitCount struct {
	Recordings    uint64
	Waits, Stacks int64
}

// countedWaits are a thread's waits, as the kernel counts them.
type countedWaits struct {
	counted    uint64 // as of the last settling
	told       int64  // told one by one since then
	unsaid     int64  // counted before it was known who wants them
	recordings uint64
}

// countTo takes the kernel's count of a thread's waits.
func (l *waitLedger) countTo(tid uint32, waits uint64) {
	of := &l.thread(tid).waits
	if waits < of.counted {
		of.counted = 0 // another thread with the same number
	}
	of.unsaid += int64(waits - of.counted)
	of.counted, of.told = waits, 0
	l.sayWaits(of)
}

// countTold counts what was told of a thread that is gone without a count.
func (l *waitLedger) countTold(of *countedWaits) {
	of.unsaid += of.told
	of.told = 0
	l.sayWaits(of)
}

func (l *waitLedger) sayWaits(of *countedWaits) {
	if of.recordings != 0 && of.unsaid > 0 {
		l.counts[of.recordings] = l.counts[of.recordings].plus(WaitCount{Waits: of.unsaid})
		of.unsaid = 0
	}
}

func (c WaitCount) plus(more WaitCount) WaitCount {
	return WaitCount{Waits: c.Waits + more.Waits, Stacks: c.Stacks + more.Stacks}
}

// takeCounts gives what was counted since the last call.
func (l *waitLedger) takeCounts() []WaitCount {
	var counts []WaitCount
	for recordings, count := range l.counts {
		count.Recordings = recordings
		counts = append(counts, count)
	}
	clear(l.counts)
	return counts
}

// counted is how many waits were counted since the last call of takeCounts.
func (l *waitLedger) counted() (sum int64) {
	for _, count := range l.counts {
		sum += count.Waits
	}
	return sum
}
