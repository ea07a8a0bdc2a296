package capture

import "slices"

// callLedger brings the stacks of calls in line with the kernel's exact counts, place by place: what a place's stacks of half a
// second stand for is scaled to what was counted there (separate ratio estimators: Cochran, Sampling Techniques, 3rd edition,
// §6.10), and a count without a stack goes to the place's last one. So sums by process, event, and file or peer are exact; only how a place's
// bytes are shared out over lines that call from the same place is an estimate.
type callLedger struct {
	places  map[placeOfCalls]*callPlace
	samples []Sample
}

// placeOfCalls is the twin of struct place_key in bpf/calls.h.
type placeOfCalls struct {
	Subject uint64
	PID     uint32
	Counted uint16
	Mark    uint16
}

// callPlaceRecord is the twin of struct call_place.
type callPlaceRecord struct {
	Bytes, Calls, Recordings, StartBoottime uint64
	UID                                     uint32
	_                                       [7]uint32 // how often stacks are taken
}

type callPlace struct {
	now     callPlaceRecord // as of the last settling
	owed    uint64          // bytes counted that no sample stands for yet
	pending []Sample        // with the values that they were drawn with
	last    Sample
	known   bool // there is a last stack
	idle    int  // settlings without a call
}

const (
	// crowded is the number of places from which those without calls for settlingsToLeave are forgotten.
	crowded          = 1 << 13
	settlingsToLeave = 8
	// maxCallPlaces bounds the ledger; the kernel's table is of the same size.
	maxCallPlaces = 1 << 14
)

func newCallLedger() *callLedger { return &callLedger{places: map[placeOfCalls]*callPlace{}} }

func (l *callLedger) place(key placeOfCalls) *callPlace {
	place := l.places[key]
	if place == nil {
		if len(l.places) >= 2*maxCallPlaces {
			clear(l.places)
		}
		place = &callPlace{}
		l.places[key] = place
	}
	return place
}

// stack notes the stack of a call.
func (l *callLedger) stack(sample Sample) {
	place := l.place(sample.called)
	place.pending = append(place.pending, sample)
	if sample.Outcome == Whole || !place.known {
		place.last, place.known = sample, true
	}
}

// settle takes in what the kernel has counted at a place, and gives what was added since the last time. `leave` says that the
// kernel may forget the place.
func (l *callLedger) settle(key placeOfCalls, now callPlaceRecord) (bytes, calls uint64, leave bool) {
	place := l.place(key)
	if now.Calls < place.now.Calls || now.StartBoottime != place.now.StartBoottime {
		place.now = callPlaceRecord{} // forgotten and met again, or another process with the same number
	}
	bytes, calls = now.Bytes-place.now.Bytes, now.Calls-place.now.Calls
	place.now = now
	place.idle++
	if calls != 0 {
		place.idle = 0
	}
	if key.Counted <= uint16(BytesReceived) {
		place.owed += bytes
		l.pay(place)
	}
	if len(l.places) > crowded && place.idle > settlingsToLeave && place.owed == 0 {
		delete(l.places, key)
		return bytes, calls, true
	}
	return bytes, calls, false
}

// pay makes samples of what is owed. Stacks that could not be unwound are told only where there is no whole one of the same
// place, which most likely is the same.
func (l *callLedger) pay(place *callPlace) {
	if place.owed == 0 {
		return // its stacks were read ahead of the count
	}
	isPart := func(s Sample) bool { return s.Outcome == LeafOnly || s.Outcome == Broken }
	if !slices.ContainsFunc(place.pending, func(s Sample) bool { return !isPart(s) }) {
		if place.known && !isPart(place.last) {
			place.pending = place.pending[:0]
		}
	} else {
		place.pending = slices.DeleteFunc(place.pending, isPart)
	}
	sum := sumOf(place.pending)
	if sum <= 0 {
		if !place.known {
			return
		}
		sample := place.last
		sample.Value = int64(place.owed)
		l.samples = append(l.samples, sample)
		place.owed = 0
		return
	}
	scale, before := float64(place.owed)/sum, 0.0
	for _, sample := range place.pending {
		after := before + float64(sample.Value)*scale
		if sample.Value = int64(after+0.5) - int64(before+0.5); sample.Value > 0 {
			l.samples = append(l.samples, sample)
		}
		before = after
	}
	place.owed = 0
	place.pending = place.pending[:0]
}

// take gives the samples made since the last call; they are valid until the next.
func (l *callLedger) take() []Sample {
	samples := l.samples
	l.samples = l.samples[:0]
	return samples
}
