package recording

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"flameline.dev/helper/internal/capture"
	"flameline.dev/helper/internal/target"
	"flameline.dev/helper/internal/wire"
)

func frames(names ...string) []*capture.Frame { // leaf first
	var list []*capture.Frame
	for _, name := range names {
		list = append(list, &capture.Frame{Language: wire.Python, Function: name, File: "/a.py", Line: 3})
	}
	return list
}

func TestRowsAreSentOnceAndReferredToByIndex(t *testing.T) {
	r := New(1, 100, 1000, 5000)
	p := &target.Process{PID: 7, Name: "app", StartNs: 4000}
	r.Add(&capture.Sample{TID: 7, KTime: 1010, Thread: "main", Frames: frames("hot", "main")}, p, 100)
	r.Add(&capture.Sample{TID: 7, KTime: 1020, Thread: "main", Frames: frames("cold", "main")}, p, 100)
	first := r.Take(1030, wire.CostAccount{})[0]
	check(t, "strings", first.Strings, "[ main /a.py hot cold]")
	check(t, "functions", first.Frames.Function, "[1 3 4]")
	check(t, "parents", first.Stacks.Parent, "[-1 0 0]")
	check(t, "frames of stacks", first.Stacks.Frame, "[0 1 2]")
	check(t, "stacks", first.Samples.Stack, "[1 2]")
	check(t, "times", first.Samples.TimeNs, "[10 20]")
	check(t, "values", first.Samples.Value, "[10000000 10000000]")
	check(t, "start", first.Processes[0].StartNs, "-1000")
	r.Add(&capture.Sample{TID: 8, KTime: 1040, Thread: "worker", Frames: frames("hot", "main")}, p, 100)
	second := r.Take(1050, wire.CostAccount{})[0]
	check(t, "new strings", second.Strings, "[]")
	check(t, "new processes", len(second.Processes), "0")
	check(t, "new threads", second.Threads, "[{0 8 worker []}]")
	check(t, "stack again", second.Samples.Stack, "[1]")
	check(t, "sequence", []int{first.Sequence, second.Sequence}, "[0 1]")
	check(t, "batches", r.Stopped("requested", 1050).Batches, "2")
}

func TestAnExecMakesAnotherProcess(t *testing.T) {
	r := New(1, 100, 0, 0)
	before, after := &target.Process{PID: 7, Name: "sh"}, &target.Process{PID: 7, Name: "app"}
	r.Add(&capture.Sample{TID: 7, Frames: frames("a")}, before, 100)
	r.Add(&capture.Sample{TID: 7, Frames: frames("a")}, after, 100)
	b := r.Take(1, wire.CostAccount{})[0]
	check(t, "threads", b.Threads, "[{0 7  []} {1 7  []}]")
}

func TestASlowerRecordingKeepsItsShareOfAFasterClock(t *testing.T) {
	r := New(1, 99, 0, 0)
	p := &target.Process{}
	for i := range 999 {
		for processor := range 2 {
			r.Add(&capture.Sample{Processor: processor, KTime: int64(i), Frames: frames("a")}, p, 999)
		}
	}
	total := int64(0)
	for _, value := range r.Take(1000, wire.CostAccount{})[0].Samples.Value {
		total += value
	}
	if total < 1_979_000_000 || total > 2_001_000_000 {
		t.Errorf("a second on two processors weighs %d ns", total)
	}
}

func TestSamplesFromBeforeTheStartAreNotOurs(t *testing.T) {
	r := New(1, 99, 1000, 1000)
	r.Add(&capture.Sample{KTime: 999, Frames: frames("a")}, &target.Process{}, 99)
	check(t, "samples", len(r.Take(1001, wire.CostAccount{})[0].Samples.Stack), "0")
}

func TestLossIsCountedByKind(t *testing.T) {
	r := New(1, 99, 0, 0)
	for _, outcome := range []capture.Outcome{capture.LeafOnly, capture.Truncated, capture.Broken, capture.Broken, capture.Whole} {
		r.Add(&capture.Sample{Outcome: outcome}, &target.Process{}, 99)
	}
	r.Lose(9)
	r.Update(0, wire.C, nil)
	r.CountWaits(700, 60)
	check(t, "loss", r.Take(1, wire.CostAccount{})[0].Loss, "{9 1 1 2 1 700 60 0 0}")
}

func TestAStackThatLacksItsOuterFramesSaysSoWhereItBegins(t *testing.T) {
	r := New(1, 99, 0, 0)
	shared := frames("hot", "deep")
	r.Add(&capture.Sample{Outcome: capture.Whole, Frames: shared}, &target.Process{}, 99)
	r.Add(&capture.Sample{Outcome: capture.Truncated, Frames: shared}, &target.Process{}, 99)
	r.Add(&capture.Sample{Outcome: capture.Broken, Frames: shared}, &target.Process{}, 99)
	r.Add(&capture.Sample{Outcome: capture.Broken}, &target.Process{}, 99)
	b := r.Take(1, wire.CostAccount{})[0]
	for i, want := range []string{"deep;hot", "[truncated];deep;hot", "[broken];deep;hot", "[broken];[unknown]"} {
		var stack string
		for at := b.Samples.Stack[i]; at >= 0; at = b.Stacks.Parent[at] {
			stack = b.Strings[b.Frames.Function[b.Stacks.Frame[at]]] + ";" + stack
		}
		check(t, "stack", strings.TrimSuffix(stack, ";"), want)
	}
	check(t, "the shared frames", len(shared), "2")
}

func TestNamesThatComeLateAreUpdates(t *testing.T) {
	r := New(1, 99, 0, 0)
	module := &capture.Module{Path: "/bin/app"}
	native := &capture.Frame{Language: wire.Native, Module: module, Address: 0x1234}
	unresolved := r.Add(&capture.Sample{Frames: []*capture.Frame{native}}, &target.Process{}, 99)
	if len(unresolved) != 1 || unresolved[0].Frame != native {
		t.Fatalf("unresolved %v", unresolved)
	}
	if again := r.Add(&capture.Sample{Frames: []*capture.Frame{native}}, &target.Process{}, 99); len(again) != 0 {
		t.Errorf("asked again: %v", again)
	}
	r.Update(0, wire.C, []Position{{"inlined", "/a.h", 2, 1}, {"main", "/a.c", 9, 5}})
	b := r.Take(1, wire.CostAccount{})[0]
	check(t, "address", b.Frames.Address, "[0x1234]")
	check(t, "update", b.Updates, "[{0 c [{2 3 2 1} {4 5 9 5}]}]")
	check(t, "strings", b.Strings, "[ /bin/app inlined /a.h main /a.c]")
}

func TestNoBatchIsLargerThanAFrame(t *testing.T) {
	r := New(1, 999, 0, 0)
	p := &target.Process{CommandLine: []string{strings.Repeat("\x01", 2000)}}
	for i := range 4000 {
		hostile := strings.Repeat("\u2028<\x02", 300) + fmt.Sprint(i)
		r.Add(&capture.Sample{TID: int32(i), Thread: hostile, Frames: frames(hostile, strings.Repeat("x", 100_000))}, p, 999)
	}
	batches := r.Take(1, wire.CostAccount{})
	samples := 0
	for i, b := range batches {
		data, err := json.Marshal(b)
		if err != nil || len(data) > wire.MaxFrameBytes {
			t.Errorf("batch %d has %d bytes (%v)", i, len(data), err)
		}
		if b.Sequence != i {
			t.Errorf("batch %d has sequence %d", i, b.Sequence)
		}
		samples += len(b.Samples.Stack)
	}
	if samples != 4000 || len(batches) < 10 {
		t.Errorf("%d samples in %d batches", samples, len(batches))
	}
}

func check(t *testing.T, what string, got any, want string) {
	t.Helper()
	if text := fmt.Sprint(got); text != want {
		t.Errorf("%s: got %s, want %s", what, text, want)
	}
}

func TestAProgramThatMakesFunctionsForEverFillsTablesToALimit(t *testing.T) {
	r := New(1, 100, 0, 0)
	p := &target.Process{PID: 7, Name: "app", CommandLine: []string{strings.Repeat("x", 1000)}}
	sent, samples, last := 0, 0, wire.Batch{}
	const count = 20_000
	for i := range count {
		long := fmt.Sprintf("%06d%s", i, strings.Repeat("y", 4000))
		r.Add(&capture.Sample{KTime: 1, Frames: frames(long)}, p, 100)
		for _, last = range r.Take(1, wire.CostAccount{}) {
			samples += len(last.Samples.Stack)
			for _, text := range last.Strings {
				sent += len(text)
			}
		}
	}
	if samples != count {
		t.Errorf("%d of %d samples were told", samples, count)
	}
	if sent < maxTableBytes/2 || sent > maxTableBytes+16<<10 {
		t.Errorf("%d bytes of names are kept, the limit is %d", sent, maxTableBytes)
	}
	if told := count - int(last.Loss.LeafOnly); told < 1000 || last.Loss.LeafOnly < 1000 {
		t.Errorf("%d samples have stacks, %d only a leaf", told, last.Loss.LeafOnly)
	}
}

func TestATickCountsAtTheRateOfItsTime(t *testing.T) {
	r := New(1, 100, 0, 0)
	p := &target.Process{}
	check(t, "moment", r.SetRate(50, 20), "50")
	r.SetRate(80, 0)
	r.SetRate(90, 10)
	for _, at := range []int64{95, 49, 50, 85} { // as late as they may come
		r.Add(&capture.Sample{KTime: at, Frames: frames("a")}, p, r.Rates.At(at))
	}
	check(t, "values", r.Take(100, wire.CostAccount{})[0].Samples.Value, "[100000000 10000000 50000000]")
}

func TestRatesForgetTheOldestOnly(t *testing.T) {
	r := Rates{}
	for i := range int64(3 * maxRates) {
		r.Set(i, int(i)+1)
	}
	check(t, "now", r.Now(), fmt.Sprint(3*maxRates))
	check(t, "in the middle", r.At(2*maxRates+5), fmt.Sprint(2*maxRates+6))
	check(t, "long ago", r.At(0), fmt.Sprint(2*maxRates+1))
}

func TestATurnSplitsTicksByTimeAndWaitsByLength(t *testing.T) {
	before, after := New(1, 100, 0, 0), New(2, 100, 1000, 1000)
	before.End(1000)
	p := &target.Process{}
	for _, sample := range []*capture.Sample{
		{KTime: 999, Frames: frames("a")}, {KTime: 1000, Frames: frames("a")},
		{Event: capture.Wait, KTime: 1300, Value: 500, Frames: frames("a")},
		{Event: capture.Wait, KTime: 900, Value: 100, Frames: frames("a")},
		{Event: capture.Wait, KTime: 1400, Value: 50, Frames: frames("a")},
	} {
		before.Add(sample, p, 100)
		after.Add(sample, p, 100)
	}
	check(t, "before", before.Take(1000, wire.CostAccount{})[0].Samples.Value, "[10000000 200 100]")
	check(t, "after", after.Take(2000, wire.CostAccount{})[0].Samples.Value, "[10000000 300 50]")
}

func TestMemoryIsToldWhereItHasChanged(t *testing.T) {
	r := New(1, 100, 1000, 5000)
	p := &target.Process{PID: 7}
	r.AddMemory(p, 1010, Memory{Resident: 50 << 20, Anonymous: 10 << 20})
	r.AddMemory(p, 1020, Memory{Resident: 50<<20 + 4096, Anonymous: 10 << 20})
	r.AddMemory(p, 1030, Memory{Resident: 50 << 20, Anonymous: 12 << 20})
	b := r.Take(1040, wire.CostAccount{})[0]
	check(t, "processes", b.Memory.Process, "[0 0]")
	check(t, "times", b.Memory.TimeNs, "[10 30]")
	check(t, "anonymous", b.Memory.Anonymous, "[10485760 12582912]")
}

func TestMemoryThatWentBackCountsOnlyWhereItsComingDid(t *testing.T) {
	r := New(1, 100, 1000, 5000)
	p := &target.Process{PID: 7}
	for _, s := range []capture.Sample{{Value: 100, KTime: 1010}, {Value: -40, KTime: 1020, Since: 1010}, {Value: -60, KTime: 1020, Since: 900}} {
		s.Event, s.Frames = capture.Memory, frames("load")
		r.Add(&s, p, 100)
	}
	b := r.Take(1040, wire.CostAccount{})[0]
	check(t, "values", b.Samples.Value, "[100 -40]")
	check(t, "events", b.Samples.Event, "[memory memory]")
	next := New(2, 100, 2000, 6000)
	next.Follow(r)
	next.Add(&capture.Sample{Event: capture.Memory, Value: -40, KTime: 2010, Since: 1010, Frames: frames("load")}, p, 100)
	check(t, "values of the next", next.Take(2040, wire.CostAccount{})[0].Samples.Value, "[-40]")
}

func TestATaskHasItsRowAndTheirNumberIsBounded(t *testing.T) {
	r := New(1, 99, 0, 0)
	p := &target.Process{PID: 7}
	add := func(tid int32, value string) {
		labels := &capture.Labels{Pairs: [][2]string{{"request", value}}, Text: "request\x00" + value + "\x00"}
		r.Add(&capture.Sample{TID: tid, Thread: "w", Labels: labels, Frames: frames("a")}, p, 99)
	}
	add(7, "a")
	add(8, "a")
	add(7, "a")
	r.Add(&capture.Sample{TID: 7, Thread: "w", Frames: frames("a")}, p, 99)
	first := r.Take(1, wire.CostAccount{})[0]
	check(t, "threads", first.Threads, "[{0 7 w [[request a]]} {0 8 w [[request a]]} {0 7 w []}]")
	check(t, "samples", first.Samples.Thread, "[0 1 0 2]")
	for i := range 2 * maxLabelled {
		add(7, fmt.Sprint(i))
	}
	rest := r.Take(2, wire.CostAccount{})[0]
	check(t, "rows", len(rest.Threads), fmt.Sprint(maxLabelled-2))
	check(t, "samples", len(rest.Samples.Thread), fmt.Sprint(2*maxLabelled))
	check(t, "without labels", rest.Loss.Unlabelled, fmt.Sprint(maxLabelled+2))
	check(t, "the last one's row", rest.Samples.Thread[2*maxLabelled-1], "2")
}
