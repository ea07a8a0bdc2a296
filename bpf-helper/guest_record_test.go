//go:build guest

package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"flameline.dev/helper/internal/rights"
	"flameline.dev/helper/internal/wire"
	"golang.org/x/sys/unix"
)

// unitRights are the capabilities that the service's unit grants.
func unitRights() []uintptr {
	var granted []uintptr
	for _, right := range rights.Needed {
		granted = append(granted, uintptr(right.Bit))
	}
	if _, needed := rights.NeedsAdmin(); needed {
		granted = append(granted, unix.CAP_SYS_ADMIN)
	}
	return granted
}

// everyEvent is what other kernels are asked for. Allocations are not: the guest's programs in C have no C library of their own to put
// probes on.
var everyEvent = slices.DeleteFunc(slices.Clone(wire.RecordableEvents), func(event wire.EventName) bool {
	return event == wire.EventAlloc || event == wire.EventHeap
})

// recordWaiter records a user's programs while testdata/waiter.c waits in every way, and gives what it said.
func recordWaiter(t *testing.T, c *client, uid uint32, rounds int) (r *recorded, said string) {
	t.Helper()
	program := exec.Command(guestPrograms+"/waiter", fmt.Sprint(rounds), fmt.Sprintf("%s/data-%d", guestDisk, uid))
	program.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	input, _ := program.StdinPipe()
	output, _ := program.StdoutPipe()
	program.Stderr = os.Stderr
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	// Two that want the processors, in other languages.
	worker(t, uid, "/usr/bin/python3", "-I", "-S", guestPrograms+"/worker.py")
	worker(t, uid, guestPrograms+"/worker")
	time.Sleep(3 * time.Second)
	began := time.Now()
	c.warm()
	note("load seconds", time.Since(began).Seconds())
	var text []byte
	r = c.recordEvents(wire.Target{Kind: wire.TargetUser}, everyEvent, 199, func() {
		time.Sleep(warmUp)
		_, _ = input.Write([]byte("g"))
		text, _ = io.ReadAll(output)
		_ = program.Wait()
	})
	note("seconds", float64(r.stopped.DurationNs)/1e9)
	note("samples", len(r.samples.Stack))
	note("loss", r.last.Loss)
	note("bpf ms", float64(r.last.Cost.BPFNs)/1e6)
	return r, string(text)
}

// wantStacks are leaves or callers that must be in enough stacks of an event, by what each is for. What the program in C does once in
// a round has at least three quarters as many: a stack may be broken, which is counted.
func wantStacks(t *testing.T, r *recorded, rounds int) {
	t.Helper()
	wanted := map[string]func(event wire.EventName, stack []string) bool{
		"C computes": func(event wire.EventName, stack []string) bool {
			return event == wire.EventCPU && slices.Contains(stack, "computing") && slices.Contains(stack, "main")
		},
		"Go computes": func(event wire.EventName, stack []string) bool {
			return event == wire.EventCPU && slices.Contains(stack, "main.goWorks") && slices.Contains(stack, "main.main")
		},
		"Go is preempted": func(event wire.EventName, stack []string) bool {
			return event == wire.EventOffCPU && stack[0] == "[run queue]" && slices.Contains(stack, "main.goWorks")
		},
		"Python computes": func(event wire.EventName, stack []string) bool {
			return event == wire.EventCPU && strings.Contains(strings.Join(stack, " "), "python_works <module>")
		},
		"Python sleeps": func(event wire.EventName, stack []string) bool {
			return event == wire.EventOffCPU && stack[0] == "[sleep]" && strings.Contains(strings.Join(stack, " "), "python_rests <module>")
		},
		"Go grows": func(event wire.EventName, stack []string) bool {
			return event == wire.EventMemory && slices.Contains(stack, "main.goGrows") && slices.Contains(stack, "main.main")
		},
		"Python grows": func(event wire.EventName, stack []string) bool {
			return event == wire.EventMemory && strings.Contains(strings.Join(stack, " "), "python_grows <module>")
		},
		"C reads a pipe": func(event wire.EventName, stack []string) bool {
			return event == wire.EventRead && stack[0] == "[pipe]" && slices.Contains(stack, "piping")
		},
		"C receives": func(event wire.EventName, stack []string) bool {
			return event == wire.EventReceive && strings.HasPrefix(stack[0], "[127.0.0.1:") && slices.Contains(stack, "receiving")
		},
		"the kernel's names": func(event wire.EventName, stack []string) bool {
			return event == wire.EventOffCPU && slices.Contains(stack, "do_nanosleep")
		},
	}
	for _, event := range everyEvent {
		if !slices.Contains(r.samples.Event, event) {
			t.Errorf("nothing was recorded of %s", event)
		}
	}
	found := map[string]int{}
	for i := range r.samples.Stack {
		stack := r.stack(i)
		for name, is := range wanted {
			if is(r.samples.Event[i], stack) {
				found[name]++
			}
		}
	}
	note("stacks", found)
	for name := range wanted {
		least := 10
		if name == "C reads a pipe" || name == "C receives" {
			least = min(least, rounds*3/4)
		}
		if found[name] < least {
			t.Errorf("%d stacks show that %s", found[name], name)
		}
	}
	if t.Failed() {
		logStacks(t, r)
	}
}

// logStacks tells the most frequent stacks.
func logStacks(t *testing.T, r *recorded) {
	t.Helper()
	counts := map[string]int{}
	for i := range r.samples.Stack {
		stack := r.stack(i)
		counts[fmt.Sprintf("%s of %s: %s", r.samples.Event[i], r.process(i).Name, strings.Join(stack[:min(len(stack), 14)], " ← "))]++
	}
	stacks := slices.SortedFunc(maps.Keys(counts), func(a, b string) int { return counts[b] - counts[a] })
	for _, stack := range stacks[:min(len(stacks), 60)] {
		t.Logf("%5d %s", counts[stack], stack)
	}
}

// sleepOfRound is how long testdata/waiter.c sleeps in each round at the least, as its source says.
const sleepOfRound = 8 * time.Millisecond

// compareWaits holds what was recorded against bounds: from below the sleep alone, which nothing shortens; from above the
// program's own account. Switching and taking stacks count in that, and an emulated processor takes ten times as long for
// them as a real one, where TestWaitsAreMeasuredAndClassed has both bounds for all.
func compareWaits(t *testing.T, r *recorded, said string, rounds int) {
	t.Helper()
	w := tallyWaits(t, r, said)
	if want := float64(rounds) * float64(sleepOfRound); w.found["sleeping"] < 0.95*want {
		t.Errorf("sleeping waited at least %.1f ms and %.1f ms were found", want/1e6, w.found["sleeping"]/1e6)
	}
	for _, name := range []string{"sleeping", "locking", "piping", "receiving", "reaping"} {
		if w.found[name] == 0 || w.found[name] > w.said[name]+0.03*w.saidTotal {
			t.Errorf("%s waited %.1f ms at most and %.1f ms were found", name, w.said[name]/1e6, w.found[name]/1e6)
		}
	}
	for _, name := range []string{"syncing", "faulting"} {
		if w.found[name] == 0 {
			t.Errorf("no wait of %s was found", name)
		}
	}
	if w.foundTotal > 1.05*w.saidTotal {
		t.Errorf("the program waited %.1f ms at most and %.1f ms were found", w.saidTotal/1e6, w.foundTotal/1e6)
	}
}

func TestGuestRecordsAsRoot(t *testing.T) {
	h := startHelper(t, "--user", fmt.Sprint(testUID))
	r, said := recordWaiter(t, connect(t, h.socket), 0, 12)
	wantStacks(t, r, 12)
	compareWaits(t, r, said, 12)
}

// TestGuestSeesGrowth has half of the growth that TestGrowthByFunctionIsTheProgramsOwn has.
func TestGuestSeesGrowth(t *testing.T) {
	const megabyte = 1 << 19
	c := connect(t, startHelper(t, "--user", fmt.Sprint(testUID)).socket)
	load(c)
	for _, pages := range []string{"small", "huge"} {
		t.Run(pages, func(t *testing.T) {
			c.t = t
			r, said := recordGrowth(t, c, exec.Command(guestPrograms+"/grower", pages, fmt.Sprint(megabyte)))
			compareGrowth(t, r, said, megabyte)
		})
	}
}

// TestGuestRecordsThroughTheService has rounds enough for 20 samples of what the program computes in a third of an emulated processor.
func TestGuestRecordsThroughTheService(t *testing.T) {
	const rounds = 8
	setSysctl(t, "kernel/perf_event_paranoid", "3")
	h := startServiceWithout(t, lack{Capabilities: unitRights()})
	stranger := worker(t, otherUID, guestPrograms+"/worker")
	r, said := recordWaiter(t, connectAs(t, testUID, h.socket), testUID, rounds)
	wantStacks(t, r, rounds)
	compareWaits(t, r, said, rounds)
	for i := range r.samples.Stack {
		if p := r.process(i); p.UID != testUID || p.PID == int32(stranger.Process.Pid) {
			t.Fatalf("user %d got a sample of process %d of user %d", testUID, p.PID, p.UID)
		}
	}
}
