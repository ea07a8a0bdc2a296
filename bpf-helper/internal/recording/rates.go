package recording

// maxRates is how many changes are remembered. Samples come at most half a second late, and a client may speak 50 times a
// second; what is older than all of them counts at the oldest rate.
const maxRates = 64

// Rates are the rates of a clock over time: what was sampled before a change counts at the rate before it, however late it comes.
type Rates struct {
	since []int64 // CLOCK_MONOTONIC ns, ascending
	hz    []int
}

// Set changes the rate from a moment on.
func (r *Rates) Set(ktime int64, hz int) {
	if len(r.hz) > 0 && r.hz[len(r.hz)-1] == hz {
		return
	}
	if len(r.hz) == maxRates {
		r.since, r.hz = append(r.since[:0], r.since[1:]...), append(r.hz[:0], r.hz[1:]...)
	}
	r.since, r.hz = append(r.since, ktime), append(r.hz, hz)
}

// At is the rate at a moment; the first one before all changes, 0 where none was set.
func (r *Rates) At(ktime int64) int {
	for i := len(r.since) - 1; i > 0; i-- {
		if ktime >= r.since[i] {
			return r.hz[i]
		}
	}
	if len(r.hz) == 0 {
		return 0
	}
	return r.hz[0]
}

// Now is the latest rate.
func (r *Rates) Now() int {
	if len(r.hz) == 0 {
		return 0
	}
	return r.hz[len(r.hz)-1]
}
