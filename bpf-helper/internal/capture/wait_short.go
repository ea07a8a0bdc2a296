package capture

// shortWaits are the short waits of one thread. The kernel counts them exactly, by the places that it remembers and all
// together; some have a stack, which stands for what its chance says. At each settling the stacks of a place are brought in
// line with the place's count, so that totals don't depend on the draw (separate ratio estimators: Cochran, Sampling
// Techniques, 3rd edition, §6.10). It tells the count of a place that it has to forget; small ones are
// brought in line together.
type shortWaits struct {
	counted uint64 // ns of all, as of the last settling
	owed    float64
	places  map[uint64]*shortPlace // by mark
	waits   countedWaits
	gone    int // settlings since the kernel last knew the thread
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

// forget notes what the kernel counted at a place that it forgets.
func (t *shortWaits) forget(mark, ns uint64) {
	place := t.place(mark)
	if ns >= place.counted {
		grown := float64(ns - place.counted)
		place.owed += grown
		t.owed -= grown // the thread's count has it, too
	}
	place.counted = 0
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
		if state.Marks[i] == 0 {
			continue
		}
		place := t.place(state.Marks[i])
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
			if place.owed == 0 {
				forgotten = append(forgotten, place.pending...)
				delete(t.places, mark)
				continue
			}
			// It was forgotten with a count, which is all there is to come.
			samples = place.pay(samples, mark, last, now, true)
			delete(t.places, mark)
			continue
		}
		place.fresh = false
		samples = place.pay(samples, mark, last, now, false)
	}
	if sum := sumOf(forgotten); sum > 0 {
		correction := min(max(t.owed, 0)/sum, maxCorrection)
		t.owed -= sum * correction
		samples = appendScaled(samples, forgotten, correction)
	}
	return samples
}

func (p *shortPlace) pay(samples []Sample, mark uint64, last func(mark uint64) (Sample, bool), now int64, all bool) []Sample {
	sum := sumOf(p.pending)
	switch {
	case sum > 0:
		samples = appendScaled(samples, p.pending, max(p.owed, 0)/sum)
		p.owed = 0
	case p.owed > owedAtMost || (all && p.owed > 0):
		if sample, known := last(mark); known {
			sample.KTime, sample.Value = now, int64(p.owed)
			samples = append(samples, sample)
			p.owed = 0
		}
	}
	p.pending = p.pending[:0]
	return samples
}

// release appends what is left of a thread that the kernel has forgotten: by the counts that it told at the end, or, of little
// time, by what the chances of its stacks say.
func (t *shortWaits) release(samples []Sample, last func(mark uint64) (Sample, bool), now int64) []Sample {
	for mark, place := range t.places {
		if place.owed <= 0 {
			samples = append(samples, place.pending...)
		} else {
			samples = place.pay(samples, mark, last, now, true)
		}
		delete(t.places, mark)
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
