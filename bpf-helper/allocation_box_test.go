package main

import (
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"flameline.dev/helper/internal/wire"
)

var allocationEvents = []wire.EventName{wire.EventAlloc, wire.EventHeap}

// busyAllocator runs testdata/allocator.c, which waits to be told to begin.
func busyAllocator(t *testing.T, words ...string) (program *exec.Cmd, begin func(), said *bytes.Buffer) {
	t.Helper()
	program = exec.Command(compileFile(t, t.TempDir(), "testdata/allocator.c", "-O1", "-pthread", "-fno-builtin"), words...)
	said = &bytes.Buffer{}
	program.Stdout = said
	input, _ := program.StdinPipe()
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Process.Kill() })
	return program, func() { _, _ = io.WriteString(input, "g") }, said
}

// probesLeft are the probes that bpftool sees on the machine.
func probesLeft(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("bpftool", "link", "show").CombinedOutput()
	if err != nil {
		t.Skipf("skipped: bpftool: %v %s", err, out)
	}
	left := ""
	for line := range strings.Lines(string(out)) {
		// An older bpftool has no name for probes, type 12 of links.
		if strings.Contains(line, "uprobe") || strings.Contains(line, "perf_event") || strings.Contains(line, "type 12 ") {
			left += line
		}
	}
	return left
}

func startBox(c *client, pid, seconds int) {
	c.send(wire.StartRequest{
		Type: wire.TypeStart, Recording: 1, Target: wire.Target{Kind: wire.TargetProcess, PID: int32(pid), Children: true},
		Events: append([]wire.EventName{wire.EventCPU}, allocationEvents...), Hz: 99, AllocationSeconds: seconds,
	})
	c.await(wire.TypeStarted, 60*time.Second)
}

// box awaits the next message about it, and how long it took to come.
func (r *recorded) box(c *client, limit time.Duration) (wire.Allocations, time.Duration) {
	c.t.Helper()
	began := time.Now()
	for known := len(r.boxes); len(r.boxes) == known; {
		kind, data := c.next(limit - time.Since(began))
		if !r.take(c, kind, data) {
			c.t.Fatalf("got %q instead of a box: %s", kind, data)
		}
	}
	return r.boxes[len(r.boxes)-1], time.Since(began)
}

// TestABoxEndsInTime lets a program go on without a probe on it, and the recording too.
func TestABoxEndsInTime(t *testing.T) {
	needKernel(t)
	c := connect(t, startHelper(t, "--user", fmt.Sprint(testUID)).socket)
	c.warm()
	before := probesLeft(t)
	program, begin, said := busyAllocator(t, "still", "5")
	r := &recorded{}
	startBox(c, program.Process.Pid, 2)
	if open, _ := r.box(c, 10*time.Second); open.State != wire.BoxOpen || open.Processes != 1 || open.Seconds != 2 {
		t.Errorf("it began with %+v", open)
	}
	if probesLeft(t) == before {
		t.Error("bpftool sees no probe while allocations are followed: the test would see nothing")
	}
	begin()
	closed, took := r.box(c, 20*time.Second)
	if closed.State != wire.BoxClosed || closed.Reason != wire.BoxTime || took < time.Second || took > 5*time.Second || closed.Calls < 50 {
		t.Errorf("after %v it ended with %+v", took, closed)
	}
	if left := probesLeft(t); left != before {
		t.Errorf("left behind: %s", left)
	}
	if err := program.Wait(); err != nil || !strings.HasPrefix(said.String(), "busy ") {
		t.Errorf("the program ended with %v and said %q", err, said)
	}
	// A second box, in the recording that has gone on, and its end with the client.
	program, begin, _ = busyAllocator(t, "still", "30")
	begin()
	c.send(wire.StartRequest{Type: wire.TypeStart, Recording: 2, Target: wire.Target{Kind: wire.TargetProcess, PID: int32(program.Process.Pid)}, Events: []wire.EventName{wire.EventCPU}, Hz: 99})
	time.Sleep(time.Second)
	c.send(wire.AllocationsRequest{Type: wire.TypeAllocations, Recording: 2, Seconds: 60})
	c.await(wire.TypeAllocations, 20*time.Second)
	if probesLeft(t) == before {
		t.Error("the second box has no probes")
	}
	_ = c.socket.CloseNow()
	for deadline := time.Now().Add(10 * time.Second); probesLeft(t) != before; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("left behind by a client that went: %s", probesLeft(t))
		}
	}
}

// TestABoxEndsWhenItCostsTooMuch has a program that does nothing but allocate, and says what that took.
func TestABoxEndsWhenItCostsTooMuch(t *testing.T) {
	needKernel(t)
	c := connect(t, startHelper(t, "--user", fmt.Sprint(testUID)).socket)
	c.warm()
	before := probesLeft(t)
	program, begin, said := busyAllocator(t, "6")
	r := &recorded{}
	startBox(c, program.Process.Pid, 10)
	r.box(c, 10*time.Second)
	begin()
	closed, took := r.box(c, 20*time.Second)
	t.Logf("after %v: %+v", took, closed)
	if closed.Reason != wire.BoxCost || closed.Share < 0.02 || closed.Calls < 10_000 || took > 3*time.Second {
		t.Errorf("after %v it ended with %+v", took, closed)
	}
	if left := probesLeft(t); left != before {
		t.Errorf("left behind: %s", left)
	}
	if err := program.Wait(); err != nil || !strings.HasPrefix(said.String(), "busy ") {
		t.Errorf("the program ended with %v and said %q", err, said)
	}
}

const allocatingPython = `
import os, time
os.read(0, 1)
kept = []
def growing():
    for i in range(400):
        kept.append(bytearray(250000))
def passing():
    for i in range(400):
        bytearray(250000)
growing()
passing()
if os.fork() == 0:
    time.sleep(1)
    for i in range(4):
        passing()
    os._exit(0)
os.wait()
os._exit(0) # what is kept is freed by any other end
`

const allocatingCPP = `
#include <cstdio>
#include <vector>
static std::vector<char *> kept;
__attribute__((noinline)) void growing() { for (int i = 0; i < 400; i++) kept.push_back(new char[250000]); }
__attribute__((noinline)) void passing() { for (int i = 0; i < 400; i++) { char *volatile one = new char[250000]; delete[] one; } }
int main() { if (getchar() < 0) return 1; growing(); passing(); return 0; }
`

const allocatingRust = `
use std::io::Read;
#[inline(never)]
fn growing(kept: &mut Vec<Vec<u8>>) { for _ in 0..400 { kept.push(Vec::with_capacity(250000)); } }
#[inline(never)]
fn passing() { for _ in 0..400 { let one: Vec<u8> = Vec::with_capacity(250000); std::hint::black_box(&one); } }
fn main() {
    let mut one = [0u8; 1];
    std::io::stdin().read_exact(&mut one).unwrap();
    let mut kept = Vec::new();
    growing(&mut kept);
    passing();
    std::mem::forget(kept);
}
`

// TestAllocationsOfOtherLanguages looks at those whose allocator is C's: 100 MB that are kept, and as much that comes and goes; in
// Python, four times as much comes and goes in a child, whose bytes are its own, with its lines. A sum of 100 MB is of some 500 samples, so that
// chance moves it by up to 5 MB: what is allowed is three times that, and more where more is summed.
func TestAllocationsOfOtherLanguages(t *testing.T) {
	needKernel(t)
	folder := t.TempDir()
	built := func(name string, command ...string) *exec.Cmd {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Logf("without %s: %v %s", name, err, out)
			return nil
		}
		return exec.Command(folder + "/" + name)
	}
	for name, program := range map[string]*exec.Cmd{
		"python": exec.Command("python3", write(t, folder, "allocating.py", allocatingPython)),
		"cpp":    built("cpp", "c++", "-g", "-O1", "-o", folder+"/cpp", write(t, folder, "cpp.cc", allocatingCPP)),
		"rust":   built("rust", "rustc", "-g", "-O", "-o", folder+"/rust", write(t, folder, "rust.rs", allocatingRust)),
	} {
		if program == nil {
			continue
		}
		t.Run(name, func(t *testing.T) {
			r, _ := recordProcess(t, program, wire.Target{Kind: wire.TargetProcess, Children: true}, allocationEvents)
			if len(r.samples.Stack) > 0 {
				t.Logf("%d samples, as %v; boxes %+v", len(r.samples.Stack), r.stack(0), r.boxes)
			}
			byProcess, named := map[int32]int64{}, map[int32]int64{}
			for i, event := range r.samples.Event {
				if event == wire.EventAlloc {
					byProcess[r.process(i).PID] += r.samples.Value[i]
					if strings.Contains(strings.Join(r.lines(i), " "), "passing") {
						named[r.process(i).PID] += r.samples.Value[i]
					}
				}
			}
			t.Logf("bytes by process: %v, loss %+v", byProcess, r.last.Loss)
			if name == "python" {
				delete(byProcess, int32(program.Process.Pid))
				if len(byProcess) != 1 {
					t.Errorf("%d other processes allocated", len(byProcess))
				}
				for pid, bytes := range byProcess {
					t.Logf("%d bytes of the child %d have the line", named[pid], pid)
					if bytes < 340e6 || bytes > 460e6 || named[pid] < 340e6 {
						t.Errorf("the child allocated 400 MB, and %d bytes were found, %d of them with the line", bytes, named[pid])
					}
				}
			}
			for _, want := range []struct {
				event    wire.EventName
				function string
				bytes    float64
			}{
				{wire.EventAlloc, "growing", 100e6}, {wire.EventHeap, "growing", 100e6}, {wire.EventAlloc, "passing", 100e6}, {wire.EventHeap, "passing", 0},
			} {
				sum := 0.0
				for i, event := range r.samples.Event {
					if event == want.event && r.process(i).PID == int32(program.Process.Pid) && strings.Contains(strings.Join(r.lines(i), " "), want.function) {
						sum += float64(r.samples.Value[i])
					}
				}
				t.Logf("%s of %s: %.1f MB, found %.1f", want.event, want.function, want.bytes/1e6, sum/1e6)
				if sum < want.bytes-15e6 || sum > want.bytes+15e6 {
					t.Errorf("%s of %s is %.1f MB, and %.1f were found", want.event, want.function, want.bytes/1e6, sum/1e6)
				}
			}
		})
	}
}
