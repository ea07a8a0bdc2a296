package capture

// shortWaits are the short waits of one thread. The kernel counts them exactly, by the places that it remembers and all
// together; some have a stack, which stands for what its chance says. At each settling the stacks of a place are brought in
// line with the place's count, so that totals don't depend on the draw (separate ratio estimators: Cochran, Sampling
// Techniques, 3rd edition, §6.10). Places that the kernel had to forget are brought in line together.
type shortWaits struct {
	counted uint64 // ns of all, as of the last settling
	owed    float64
	places  map[uint64]*shortPlace // by mark
	gone    int                    // settlings since the kernel last knew the thread
}

type shortPlace struct {
	counted uint64
	owed    float64
	pending []Sample // with the values that their chances give
	fresh   bool     // the kernel remembers it at this settling
}

const (
	// maxCorrection bounds how much a settling adds to the values of forgotten places; the rest is left to the next.
	maxCorrection = 10
	// owedAtMost is the time in ns that is kept back for a place's next stack; more is told with its last.
	owedAtMost = 20e6
)

func (t *shortWaits) place(mark uint64) *shortPlace {
	place := t.places[mark]
	if place == nil {
		place = &shortPlace{}
		t.places[mark] = place
	}
	return place
}

// settle appends samples for all that the kernel has counted since the last time. `last` gives a place's last stack.
func (t *shortWaits) settle(state *threadRecord, samples []Sample, last func(mark uint64) (Sample, bool), now int64) []Sample {
	if state.ShortNs < t.counted {
		t.counted = 0 // another thread with the same number
	}
	rest := float64(state.ShortNs - t.counted)
	t.counted = state.ShortNs
	for i := range state.Places {
		of := &state.Places[i]
		if of.Mark == 0 {
			continue
		}
		place := t.place(of.Mark)
		if of.ShortNs < place.counted {
			place.counted = 0 // forgotten and met again
		}
		grown := float64(of.ShortNs - place.counted)
		place.counted, place.fresh = of.ShortNs, true
		place.owed += grown
		rest -= grown
	}
	t.owed += max(rest, 0)
	var forgotten []Sample
	for mark, place := range t.places {
		if !place.fresh {
			forgotten = append(forgotten, place.pending...)
			t.owed += place.owed
			delete(t.places, mark)
			continue
		}
		place.fresh = false
		samples = place.pay(samples, mark, last, now)
	}
	if sum := sumOf(forgotten); sum > 0 {
		correction := min(max(t.owed, 0)/sum, maxCorrection)
		t.owed -= sum * correction
		samples = appendScaled(samples, forgotten, correction)
	}
	return samples
}

func (p *shortPlace) pay(samples []Sample, mark uint64, last func(mark uint64) (Sample, bool), now int64) []Sample {
	sum := sumOf(p.pending)
	switch {
	case sum > 0:
		samples = appendScaled(samples, p.pending, max(p.owed, 0)/sum)
		p.owed = 0
	case p.owed > owedAtMost:
		if sample, known := last(mark); known {
			sample.KTime, sample.Value = now, int64(p.owed)
			samples = append(samples, sample)
			p.owed = 0
		}
	}
	p.pending = p.pending[:0]
	return samples
}

// release appends what is pending of a thread that the kernel has forgotten. Its last waits are in no count that we have
// seen, so its stacks stand for what their chances say.
func (t *shortWaits) release(samples []Sample) []Sample {
	for _, place := range t.places {
		samples = append(samples, place.pending...)
		place.pending = place.pending[:0]
	}
	return samples
}

func sumOf(samples []Sample) float64 {
	sum := 0.0
	for i := range samples {
		sum += float64(samples[i].Value)
	}
	return sum
}

func appendScaled(to, samples []Sample, by float64) []Sample {
	for _, sample := range samples {
		sample.Value = int64(float64(sample.Value) * by)
		to = append(to, sample)
	}
	return to
}
