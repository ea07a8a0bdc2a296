package main

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"flameline.dev/helper/internal/wire"
)

// The figure that a line's growth is held to: within a tenth of the program's own account.
const growthTolerance = 0.1

// leastGrowth is the growth from which that must hold, of testdata/grower.c in full size.
const leastGrowth = 100

func TestGrowthByFunctionIsTheProgramsOwn(t *testing.T) {
	needKernel(t)
	binary := compileFile(t, t.TempDir(), "testdata/grower.c", "-O1", "-fno-optimize-sibling-calls")
	for _, pages := range []string{"small", "huge"} {
		t.Run(pages, func(t *testing.T) {
			// Each has a helper of its own: where the one before has spent the stacks of several seconds, fewer are taken, by design.
			c := connect(t, startHelper(t, "--user", fmt.Sprint(testUID)).socket)
			load(c)
			r, said := recordGrowth(t, c, exec.Command(binary, pages))
			compareGrowth(t, r, said, 1<<20)
			compareHeld(t, r, said)
		})
	}
}

// load lets the engine load. Of all processes of a user it would read the mappings first, which takes long on a busy machine.
func load(c *client) {
	c.record(wire.Target{Kind: wire.TargetProcess, PID: int32(os.Getpid())}, 1, 10*time.Millisecond)
}

// compareHeld holds the memory that was told of the process over time against the sum of its functions.
func compareHeld(t *testing.T, r *recorded, said map[string]float64) {
	t.Helper()
	want, most := 0.0, int64(0)
	for name, bytes := range said {
		if name != "child_writes" {
			want += bytes
		}
	}
	for i, process := range r.memory.Process {
		if process == 0 {
			most = max(most, r.memory.Anonymous[i])
		}
	}
	if math.Abs(float64(most)-want) > growthTolerance*want {
		t.Errorf("the process held %.1f MB at most, and its functions %.1f MB", float64(most)/(1<<20), want/(1<<20))
	}
}

// TestGrowthOfPythonIsTheProgramsOwn has an allocator of its own between lines and pages, and a runtime that takes memory, too.
func TestGrowthOfPythonIsTheProgramsOwn(t *testing.T) {
	needKernel(t)
	folder := t.TempDir()
	script, err := filepath.Abs("../test/fixtures/memory/memory.py")
	if err != nil {
		t.Fatal(err)
	}
	program := exec.Command("python3", script, folder)
	output, _ := program.StdoutPipe()
	if err := program.Start(); err != nil {
		t.Skipf("skipped: %v", err)
	}
	t.Cleanup(func() { _ = program.Process.Kill(); _ = program.Wait() })
	c := connect(t, startHelper(t, "--user", fmt.Sprint(testUID)).socket)
	load(c)
	var said map[string]float64
	target := wire.Target{Kind: wire.TargetProcess, PID: int32(program.Process.Pid)}
	r := c.recordEvents(target, []wire.EventName{wire.EventCPU, wire.EventOffCPU, wire.EventMemory}, 99, func() {
		time.Sleep(2 * warmUp)
		write(t, folder, "go", "")
		said = readGrowth(t, output, 4)
		time.Sleep(time.Second)
	})
	compareGrowth(t, r, said, 1e6)
}

// readGrowth reads what a program says of its growth: lines of a name and bytes, up to a number of them or to `end`.
func readGrowth(t *testing.T, output io.Reader, most int) map[string]float64 {
	t.Helper()
	said := map[string]float64{}
	lines := bufio.NewScanner(output)
	for len(said) < most && lines.Scan() && lines.Text() != "end" {
		name, value, _ := strings.Cut(lines.Text(), " ")
		bytes, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Errorf("the program said %q", lines.Text())
			break
		}
		said[name] = bytes
	}
	return said
}

// recordGrowth records a program that waits for our word and tells by name what it holds at the end, and ends the recording while the
// program still holds it.
func recordGrowth(t *testing.T, c *client, program *exec.Cmd) (r *recorded, said map[string]float64) {
	t.Helper()
	input, _ := program.StdinPipe()
	output, _ := program.StdoutPipe()
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	target := wire.Target{Kind: wire.TargetProcess, PID: int32(program.Process.Pid), Children: true}
	r = c.recordEvents(target, []wire.EventName{wire.EventMemory}, 99, func() {
		time.Sleep(2 * warmUp)
		_, _ = input.Write([]byte("g"))
		said = readGrowth(t, output, math.MaxInt)
		time.Sleep(time.Second)
	})
	_ = input.Close()
	_ = program.Wait()
	return r, said
}

// compareGrowth holds what was recorded of each function against what the program said, which took `mb` bytes for a megabyte: a sample
// belongs to the innermost of them.
func compareGrowth(t *testing.T, r *recorded, said map[string]float64, mb float64) {
	t.Helper()
	if len(said) == 0 {
		t.Fatal("the program said nothing")
	}
	found, back, samples := map[string]float64{}, map[string]float64{}, 0
	for i := range r.samples.Stack {
		if r.samples.Event[i] != wire.EventMemory {
			continue
		}
		samples++
		stack := r.stack(i)
		at := slices.IndexFunc(stack, func(function string) bool { _, known := said[function]; return known })
		name := "elsewhere"
		if at >= 0 {
			name = stack[at]
		}
		found[name] += float64(r.samples.Value[i])
		if r.samples.Value[i] < 0 {
			back[name] -= float64(r.samples.Value[i])
		}
	}
	for name, bytes := range said {
		t.Logf("%-14s said %7.1f MB, found %7.1f MB (%+.1f %%), %7.1f MB of it went back", name, bytes/mb, found[name]/mb,
			100*(found[name]-bytes)/max(bytes, mb), back[name]/mb)
		if math.Abs(found[name]-bytes) > growthTolerance*max(bytes, leastGrowth*mb) {
			t.Errorf("%s grew by %.1f MB and %.1f MB were found", name, bytes/mb, found[name]/mb)
		}
	}
	t.Logf("elsewhere %.1f MB; %d samples, loss %+v; BPF %.1f ms, helper %.1f ms", found["elsewhere"]/mb, samples, r.last.Loss,
		float64(r.last.Cost.BPFNs)/1e6, float64(r.last.Cost.HelperCPUNs)/1e6)
}
