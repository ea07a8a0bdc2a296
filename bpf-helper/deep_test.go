package main

import (
	"strings"
	"testing"
	"time"

	"flameline.dev/helper/internal/wire"
)

// TestADeepRecursionIsCutAndSaysSo records a stack of a thousand frames: at least its innermost 128 are there, under a frame that says
// that the others are not, and each such sample is counted.
func TestADeepRecursionIsCutAndSaysSo(t *testing.T) {
	needKernel(t)
	binary := compileFile(t, t.TempDir(), "testdata/deep.c", "-O1")
	c := connect(t, startHelper(t, "--user", "64242").socket)
	c.warm()
	for depth, cut := range map[string]bool{"1000": true, "100": false} {
		program := run1(t, "/", binary, depth)
		time.Sleep(warmUp)
		r := c.recordEnough(int32(program.Process.Pid), 99, 3*time.Second)
		_ = program.Process.Kill()
		marked, whole, leaves := 0, 0, 0
		for i := range r.samples.Stack {
			stack := r.stack(i)
			if len(stack) == 1 {
				leaves++ // of the time before the engine knew the program
				continue
			}
			root := stack[len(stack)-1]
			dives := strings.Count(strings.Join(stack, ";"), "dive")
			switch {
			case root == "[truncated]" && dives >= 127 && dives < 1000:
				marked++
			case root == "_start" && dives == 101:
				whole++
			default:
				t.Logf("depth %s: %d dives below %s", depth, dives, root)
			}
		}
		samples := len(r.samples.Stack) - leaves
		t.Logf("depth %s: %d samples, %d marked, %d whole, loss %+v", depth, samples, marked, whole, r.last.Loss)
		found := whole
		if cut {
			found = marked
			if int(r.last.Loss.Truncated) < marked {
				t.Errorf("%d stacks are cut and %d are counted", marked, r.last.Loss.Truncated)
			}
		} else if r.last.Loss.Truncated != 0 {
			t.Errorf("%d stacks of %s frames are said to be cut", r.last.Loss.Truncated, depth)
		}
		if samples < enough || found*100 < samples*95 {
			t.Errorf("depth %s: %d of %d samples are as they should be", depth, found, samples)
		}
	}
}

// enough is how many samples say something.
const enough = 50

// recordEnough records a process for a while, and again where a busy machine let it run too little.
func (c *client) recordEnough(pid int32, hz int, lasting time.Duration) *recorded {
	c.t.Helper()
	var r *recorded
	for range 6 {
		if r = c.record(wire.Target{Kind: wire.TargetProcess, PID: pid}, hz, lasting); len(r.samples.Stack)-int(r.last.Loss.LeafOnly) >= enough {
			break
		}
	}
	return r
}
