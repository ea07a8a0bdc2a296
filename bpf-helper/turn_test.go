package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"flameline.dev/helper/internal/wire"
)

// segments are recordings of one connection that go over into one another.
type segments struct {
	*client
	all   map[int64]*recorded
	begun map[int64]wire.Started
	rates []wire.Rate
}

// hears reads messages until one of a kind about a recording has come.
func (s *segments) hears(kind string, number int64) {
	s.t.Helper()
	for {
		got, data := s.next(time.Minute)
		var about struct {
			Recording int64 `json:"recording"`
		}
		_ = json.Unmarshal(data, &about)
		r := s.all[about.Recording]
		switch got {
		case wire.TypeStarted:
			var started wire.Started
			_ = json.Unmarshal(data, &started)
			s.begun[about.Recording], s.all[about.Recording] = started, &recorded{}
		case wire.TypeBatch:
			r.add(s.t, data)
		case wire.TypeRate:
			var rate wire.Rate
			_ = json.Unmarshal(data, &rate)
			s.rates = append(s.rates, rate)
		case wire.TypeStopped:
			_ = json.Unmarshal(data, &r.stopped)
			if r.stopped.Batches != r.batches {
				s.t.Errorf("recording %d stopped after %d batches, %d came", about.Recording, r.stopped.Batches, r.batches)
			}
		case wire.TypeProgress:
		default:
			s.t.Fatalf("waiting for %s of %d: got %q %s", kind, number, got, data)
		}
		if got == kind && about.Recording == number {
			return
		}
	}
}

func (s *segments) start(folder string, hz int, events ...wire.EventName) {
	s.send(wire.StartRequest{Type: wire.TypeStart, Recording: 1, Target: workspace(folder), Events: events, Hz: hz})
	s.hears(wire.TypeStarted, 1)
}

func newSegments(t *testing.T) *segments {
	c := connect(t, startHelper(t, "--user", fmt.Sprint(testUID)).socket)
	c.warm()
	return &segments{client: c, all: map[int64]*recorded{}, begun: map[int64]wire.Started{}}
}

// sleeper tells how long it has waited, by its own clock.
const sleeper = `
import time
slept = 0
for _ in range(60):
    began = time.monotonic()
    time.sleep(0.03)
    slept += time.monotonic() - began
print(slept)
`

// TestRenewedRecordingsHoldEachSampleOnce renews a recording again and again while programs burn, wait and are started.
func TestRenewedRecordingsHoldEachSampleOnce(t *testing.T) {
	needKernel(t)
	folder := t.TempDir()
	binary := compile(t, folder)
	script := write(t, folder, "many.sh", "python3 sleeper.py > slept & for i in $(seq 1 40); do "+binary+" once; done; wait\n")
	write(t, folder, "sleeper.py", sleeper)
	s := newSegments(t)
	s.start(folder, 499, wire.EventCPU, wire.EventOffCPU)
	program := exec.Command("sh", script)
	program.Dir = folder
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = program.Wait() }()
	last := int64(1)
	for running := true; running; {
		select {
		case <-done:
			running = false
		case <-time.After(100 * time.Millisecond):
		}
		s.send(wire.RenewRequest{Type: wire.TypeRenew, Recording: last, Next: last + 1})
		s.hears(wire.TypeStopped, last)
		last++
	}
	s.send(wire.StopRequest{Type: wire.TypeStop, Recording: last})
	s.hears(wire.TypeStopped, last)
	if last < 5 {
		t.Fatalf("renewed %d times only", last-1)
	}
	burnt, waited, lasted, named, native := int64(0), int64(0), int64(0), 0, 0
	for number := int64(1); number <= last; number++ {
		r := s.all[number]
		lasted += r.stopped.DurationNs
		for i := range r.samples.Stack {
			if at := r.samples.TimeNs[i]; at < 0 || at > r.stopped.DurationNs {
				t.Fatalf("a sample at %d is outside recording %d of %d ns", at, number, r.stopped.DurationNs)
			}
			process := r.process(i)
			if r.samples.Event[i] == wire.EventCPU {
				burnt += r.samples.Value[i]
			}
			switch {
			case r.samples.Event[i] == wire.EventCPU && process.Executable == binary:
				native++
				if strings.Contains(strings.Join(r.stack(i), " "), "burn") {
					named++
				}
			case r.samples.Event[i] == wire.EventOffCPU && slices.Contains(r.stack(i), "[sleep]") && slices.Contains(process.CommandLine, "sleeper.py"):
				waited += r.samples.Value[i]
			}
		}
	}
	used := program.ProcessState.UserTime() + program.ProcessState.SystemTime()
	t.Logf("%d recordings: burnt %v of %v, waited %v, named %d of %d", last, time.Duration(burnt), used, time.Duration(waited), named, native)
	// Some 220 samples of forty programs: by chance, and by interrupts that the clock counts and the programs' own time does not, up to a twentieth more.
	if ratio := float64(burnt) / float64(used); ratio < 0.85 || ratio > 1.1 {
		t.Errorf("the samples hold %v of the %v that the programs used", time.Duration(burnt), used)
	}
	var slept float64
	text, _ := os.ReadFile(filepath.Join(folder, "slept"))
	_, _ = fmt.Sscan(string(text), &slept)
	if ratio := float64(waited) / 1e9 / slept; ratio < 0.92 || ratio > 1.08 {
		t.Errorf("waits of %.3f s hold %v", slept, time.Duration(waited))
	}
	// The rest is each start in the kernel and the loader, and what ran before the first one was read.
	if named < native*8/10 {
		t.Errorf("%d of %d samples have the function's name", named, native)
	}
	first, final := s.begun[1], s.begun[last]
	var from, to int64
	_, _ = fmt.Sscan(first.StartUnixNs, &from)
	_, _ = fmt.Sscan(final.StartUnixNs, &to)
	if gap := to + s.all[last].stopped.DurationNs - from - lasted; gap > int64(time.Millisecond) || gap < -int64(time.Millisecond) {
		t.Errorf("between the recordings %v are missing", time.Duration(gap))
	}
}

func TestARateIsChangedWhileRecordingAndAPauseTakesItOutOfTheKernel(t *testing.T) {
	needKernel(t)
	folder := t.TempDir()
	binary := compile(t, folder)
	s := newSegments(t)
	s.start(folder, 199, wire.EventCPU)
	program := run1(t, folder, binary)
	used := map[int]time.Duration{}
	for _, hz := range []int{199, 19, 0, 99} {
		s.send(wire.RateRequest{Type: wire.TypeRate, Recording: 1, Hz: hz})
		s.hears(wire.TypeRate, 1)
		before := processorTime(t, program.Process.Pid)
		time.Sleep(1500 * time.Millisecond)
		used[hz] = processorTime(t, program.Process.Pid) - before
	}
	s.send(wire.StopRequest{Type: wire.TypeStop, Recording: 1})
	s.hears(wire.TypeStopped, 1)
	r := s.all[1]
	sums := map[int]time.Duration{}
	for i, at := range r.samples.TimeNs {
		hz := 199
		for _, rate := range s.rates {
			if at >= rate.TimeNs {
				hz = rate.Hz
			}
		}
		if hz == 0 {
			t.Fatalf("a sample at %v, within the pause", time.Duration(at))
		}
		if r.samples.Value[i] != int64(1_000_000_000/hz) {
			t.Fatalf("a sample at %d Hz weighs %d", hz, r.samples.Value[i])
		}
		sums[hz] += time.Duration(r.samples.Value[i])
	}
	t.Logf("%v over %+v", sums, s.rates)
	for hz, sum := range sums {
		// Where others take the processor too, ticks fall by chance: three times their spread, and a few ms until the answer.
		ticks := max(used[hz].Seconds()*float64(hz), 1)
		slack := time.Duration(3*math.Sqrt(ticks)/float64(hz)*1e9) + used[hz]/20
		if sum < used[hz]-slack || sum > used[hz]+slack {
			t.Errorf("%v of one program at %d Hz weigh %v", used[hz], hz, sum)
		}
	}
	if len(sums) != 3 {
		t.Errorf("sums %v", sums)
	}
}

// processorTime is what a process has used so far, to the ns.
func processorTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid))
	if err != nil {
		t.Fatal(err)
	}
	var ns int64
	_, _ = fmt.Sscan(string(text), &ns)
	return time.Duration(ns)
}

func TestARefusedTurnSaysWhy(t *testing.T) {
	needKernel(t)
	s := newSegments(t)
	s.start(t.TempDir(), 99, wire.EventCPU)
	for _, message := range []any{
		wire.RenewRequest{Type: wire.TypeRenew, Recording: 7, Next: 8}, wire.RenewRequest{Type: wire.TypeRenew, Recording: 1, Next: 1},
		wire.RateRequest{Type: wire.TypeRate, Recording: 8, Hz: 1},
	} {
		s.send(message)
		for {
			kind, data := s.next(time.Minute)
			if kind == wire.TypeError && strings.Contains(string(data), string(wire.BadRequest)) {
				break
			}
			if kind != wire.TypeBatch {
				t.Fatalf("%+v: got %s", message, data)
			}
		}
	}
	// A second turn before the first is over is refused, and the recording goes on under its number.
	s.send(wire.RenewRequest{Type: wire.TypeRenew, Recording: 1, Next: 2})
	s.send(wire.RenewRequest{Type: wire.TypeRenew, Recording: 2, Next: 3})
	for refused := false; !refused; {
		kind, data := s.next(time.Minute)
		refused = kind == wire.TypeError && strings.Contains(string(data), "has not ended yet")
	}
	s.send(wire.StopRequest{Type: wire.TypeStop, Recording: 2})
	for stopped := false; !stopped; {
		kind, data := s.next(time.Minute)
		stopped = kind == wire.TypeStopped && strings.Contains(string(data), `"recording":2`)
	}
}
