package main

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"flameline.dev/helper/internal/wire"
)

// firstMomentsMs is how much processor time each program takes, and runsOfFirstMoments how often it is started.
const (
	firstMomentsMs     = 300
	runsOfFirstMoments = 5
	wholeFromTheSecond = 0.9
)

// firstMomentsPrograms are programs that end when they have used so many ms of processor time, by language.
var firstMomentsPrograms = []struct {
	language, file, source string
	run                    []string // {} is the file, or what was built of it
	build                  []string
}{
	{"C", "first.c", `
#include <stdlib.h>
#include <time.h>
static volatile unsigned long sink;
static double used(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}
__attribute__((noinline)) void burn(void) { for (int i = 0; i < 20000; i++) sink += i; }
__attribute__((noinline)) void work(double ms) { while (used() < ms) burn(); }
int main(int argc, char **argv) { work(atof(argv[1])); return 0; }
`, []string{"{}"}, []string{"cc", "-O2", "-g", "-o"}},
	{"Python", "first.py", `
import sys, time
def burn():
    total = 0
    for i in range(2000):
        total += i * i
    return total
def work(ms):
    while time.process_time() < ms / 1000:
        burn()
work(float(sys.argv[1]))
`, []string{"/usr/bin/python3", "{}"}, nil},
	{"Go", "first.go", `
package main

import (
	"os"
	"strconv"
	"syscall"
)

var sink int

func used() int {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return int(usage.Utime.Nano()+usage.Stime.Nano()) / 1e6
}

//go:noinline
func burn() {
	for i := 0; i < 20000; i++ {
		sink += i
	}
}

//go:noinline
func work(ms int) {
	for used() < ms {
		burn()
	}
}

func main() {
	ms, _ := strconv.Atoi(os.Args[1])
	work(ms)
}
`, []string{"{}"}, []string{"go", "build", "-o"}},
	{"Node.js", "first.js", `
function burn() {
  let total = 0;
  for (let i = 0; i < 20000; i++) total += i % 7;
  return total;
}
function used() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
function work(ms) {
  while (used() < ms) burn();
}
work(Number(process.argv[2]));
`, []string{"node", "{}"}, nil},
}

// TestProcessesHaveWholeStacksInTheirFirstMoments starts a program again and again, and looks how much of each start is told in whole.
func TestProcessesHaveWholeStacksInTheirFirstMoments(t *testing.T) {
	needKernel(t)
	if !walksMappings() {
		t.Skip("skipped: only Linux 6.7 and later can tell the unwinder of a new process's mappings")
	}
	c := connect(t, startHelper(t, "--user", fmt.Sprint(testUID)).socket)
	c.warm()
	for _, program := range firstMomentsPrograms {
		t.Run(program.language, func(t *testing.T) {
			folder := t.TempDir()
			file := write(t, folder, program.file, program.source)
			if program.build != nil {
				built := filepath.Join(folder, "first")
				build := exec.Command(program.build[0], append(slices.Clone(program.build[1:]), built, file)...)
				build.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GO111MODULE=off")
				if out, err := build.CombinedOutput(); err != nil {
					t.Skipf("skipped: %v %s", err, out)
				}
				file = built
			}
			run := strings.Fields(strings.ReplaceAll(strings.Join(program.run, " "), "{}", file))
			if _, err := exec.LookPath(run[0]); err != nil {
				t.Skipf("skipped: %v", err)
			}
			var pids []int
			r := c.recordUntil(workspace(folder), 499, func() {
				for range runsOfFirstMoments {
					command := exec.Command(run[0], append(slices.Clone(run[1:]), fmt.Sprint(firstMomentsMs))...)
					command.Dir = folder
					if err := command.Run(); err == nil {
						pids = append(pids, command.Process.Pid)
					}
				}
			})
			whole, all := 0, 0
			for i, pid := range pids {
				moments := r.firstMoments(int32(pid))
				t.Logf("start %d: whole are %s; the others: %v", i+1, moments, moments.lacking)
				if i > 0 {
					whole, all = whole+moments.whole[len(momentsMs)], all+moments.all[len(momentsMs)]
				}
			}
			if all < firstMomentsMs*499/1000*(runsOfFirstMoments-1)/2 {
				t.Fatalf("%d samples are too few to judge", all)
			}
			if share := float64(whole) / float64(all); share < wholeFromTheSecond {
				t.Errorf("from the second start on %.1f %% of the samples are whole", 100*share)
			}
		})
	}
}

// momentsMs are for how long after a process's first sample its samples are counted apart; then come all.
var momentsMs = [...]int64{100, 200, 500}

// moments counts the samples of a process, and those whose stacks lack nothing: neither callers nor, of an interpreter, what it
// interprets.
type moments struct {
	whole, all [len(momentsMs) + 1]int
	lacking    map[string]int // by what they lack and in which tenth of a second
}

func (m moments) String() string {
	var text []string
	for i, ms := range momentsMs {
		text = append(text, fmt.Sprintf("%d of %d in the first %d ms", m.whole[i], m.all[i], ms))
	}
	return fmt.Sprintf("%s, %d of %d in all", strings.Join(text, ", "), m.whole[len(momentsMs)], m.all[len(momentsMs)])
}

func (r *recorded) firstMoments(pid int32) moments {
	m := moments{lacking: map[string]int{}}
	first := int64(math.MaxInt64)
	for i := range r.samples.Stack {
		if r.process(i).PID == pid {
			first = min(first, r.samples.TimeNs[i])
		}
	}
	for i := range r.samples.Stack {
		if r.process(i).PID != pid {
			continue
		}
		since, lacks := r.samples.TimeNs[i]-first, r.lacks(i)
		if lacks != "" {
			m.lacking[fmt.Sprintf("%d ms: %s", since/100e6*100, lacks)]++
		}
		for span := range m.all {
			if span == len(momentsMs) || since < momentsMs[span]*1e6 {
				m.all[span]++
				if lacks == "" {
					m.whole[span]++
				}
			}
		}
	}
	return m
}

// lacks says what is missing in a sample's stack, "" for nothing.
func (r *recorded) lacks(sample int) string {
	stack := r.stack(sample)
	switch last := stack[len(stack)-1]; {
	case last == "[broken]" || last == "[truncated]":
		return last
	case r.isKernels(sample):
		return ""
	case len(stack) == 1 && !isStart(last):
		return "callers"
	}
	interprets, interpreted := false, false
	for at := r.samples.Stack[sample]; at >= 0; at = r.stacks.Parent[at] {
		frame := r.stacks.Frame[at]
		interprets = interprets || r.function[frame] == "_PyEval_EvalFrameDefault"
		interpreted = interpreted || r.language[frame] == wire.Python
	}
	if interprets && !interpreted {
		return "Python's frames"
	}
	return ""
}

// isKernels says whether a stack is the kernel's alone, as while a program is being put in place.
func (r *recorded) isKernels(sample int) bool {
	for at := r.samples.Stack[sample]; at >= 0; at = r.stacks.Parent[at] {
		if r.language[r.stacks.Frame[at]] != wire.Kernel {
			return false
		}
	}
	return true
}

// isStart says whether a function has no callers.
func isStart(function string) bool {
	return slices.Contains([]string{"_start", "_rt0_amd64_linux", "_rt0_amd64", "_rt0_arm64_linux"}, function)
}
