package capture

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/ebpf-profiler/libpf"
)

// play runs rounds of the poll loop told as text: "tick CPU TID TIME", "trace CPU TID TIME [STACK]", and "round" for the
// end of one. It gives the samples in order as "TID@TIME stack".
func play(script string) []string {
	m := newMatcher(func(*tickRecord) []*Frame { return []*Frame{{Function: "leaf"}} })
	var samples []string
	for line := range strings.Lines(strings.TrimSpace(script)) {
		var cpu, tid uint32
		var at int64
		var kind, stack string
		_, _ = fmt.Sscan(line, &kind, &cpu, &tid, &at, &stack)
		switch kind {
		case "tick":
			m.addTick(&tickRecord{Processor: cpu, TID: tid, KTime: at})
		case "trace":
			m.startTrace(&libpf.EbpfTrace{CpuID: cpu, TID: libpf.PID(tid), KTime: at})
			var frames []*Frame
			if stack != "" {
				frames = []*Frame{{Function: stack}}
			}
			m.finishTrace(frames, Whole)
		case "round":
			m.finishRound()
		}
		for _, s := range m.take() {
			samples = append(samples, fmt.Sprintf("%d@%d %s", s.TID, s.KTime, s.Frames[0].Function))
		}
	}
	slices.Sort(samples)
	return samples
}

func TestEachTickBecomesOneSample(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"with its trace":                             {"tick 0 7 100\ntrace 0 7 105 a", "7@100 a"},
		"on two processors at once":                  {"tick 0 7 100\ntick 1 8 100\ntrace 1 8 101 b\ntrace 0 7 101 a", "7@100 a; 8@100 b"},
		"with its leaf when no trace comes":          {"tick 0 7 100\nround\nround", "7@100 leaf"},
		"not before the next round is over":          {"tick 0 7 100\nround", ""},
		"with a trace that comes a round later":      {"tick 0 7 100\nround\ntrace 0 7 105 a\nround", "7@100 a"},
		"with its leaf when the trace has no frames": {"tick 0 7 100\ntrace 0 7 105", "7@100 leaf"},
		"the latest of its processor":                {"tick 0 7 100\ntick 0 7 10000100\ntrace 0 7 10000105 b\nround\nround", "7@100 leaf; 7@10000100 b"},
		"not with another thread's trace":            {"tick 0 7 100\ntrace 0 9 105 a\nround\nround", "7@100 leaf"},
		"not with a trace of long after":             {"tick 0 7 100\ntrace 0 7 30000100 a\nround\nround", "7@100 leaf"},
		"and a trace without a tick is none":         {"trace 0 7 105 a\nround\nround", ""},
		"and a trace is used once":                   {"tick 0 7 100\ntrace 0 7 105 a\ntrace 0 7 106 b\nround\nround", "7@100 a"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(play(c.script), "; "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestNoTickIsLostOrCountedTwice(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	m := newMatcher(func(*tickRecord) []*Frame { return []*Frame{{Function: "leaf"}} })
	count, ticks, now := map[int64]int{}, 0, int64(0)
	for range 5000 {
		for range random.IntN(20) { // one poll
			now += random.Int64N(20_000_000)
			processor, tid := random.Uint32N(4), random.Uint32N(3)
			if random.IntN(10) > 0 { // or its ring was full
				m.addTick(&tickRecord{Processor: processor, TID: tid, KTime: now})
				ticks++
			}
			if random.IntN(4) == 0 {
				continue // the unwinder was busy
			}
			m.startTrace(&libpf.EbpfTrace{CpuID: processor, TID: libpf.PID(tid), KTime: now + random.Int64N(40_000_000)})
			if random.IntN(5) > 0 { // or the engine could not read it
				m.finishTrace([]*Frame{{Function: "whole"}}, Whole)
			}
		}
		m.finishRound()
		for _, s := range m.take() {
			count[s.KTime]++
		}
	}
	m.finishRound()
	m.finishRound()
	for _, s := range m.take() {
		count[s.KTime]++
	}
	if len(count) != ticks {
		t.Errorf("%d ticks became %d samples", ticks, len(count))
	}
	for at, n := range count {
		if n != 1 {
			t.Fatalf("the tick at %d became %d samples", at, n)
		}
	}
}
