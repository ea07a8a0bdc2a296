package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"flameline.dev/helper/internal/wire"
)

// Programs that fork children which run no other program, one after the other or two at a time, as servers and pools of workers do. Each child
// ends when it has used so many ms of processor time; the program prints their numbers.
var forkingPrograms = []struct {
	name   string
	ms     int
	source string
}{
	{"os.fork", firstMomentsMs, forkingInTurn},
	{"a child for each job", 30, strings.Replace(forkingInTurn, "range(6)", "range(40)", 1)},
	{"multiprocessing", firstMomentsMs, `
import multiprocessing, os, sys, time
def burn():
    total = 0
    for i in range(2000):
        total += i * i
    return total
def work(ms):
    while time.process_time() < ms / 1000:
        burn()
    return os.getpid()
if __name__ == "__main__":
    time.sleep(0.5)
    for _ in range(3):
        with multiprocessing.get_context("fork").Pool(2) as pool:
            pids = set(pool.map(work, [float(sys.argv[1])] * 2, chunksize=1))
            print(*pids, flush=True)
`},
}

const triesOfForks = 3

const forkingInTurn = `
import os, sys, time
def burn():
    total = 0
    for i in range(2000):
        total += i * i
    return total
def work(ms):
    while time.process_time() < ms / 1000:
        burn()
work(300)
for _ in range(6):
    pid = os.fork()
    if pid == 0:
        work(float(sys.argv[1]))
        os._exit(0)
    print(pid, flush=True)
    os.waitpid(pid, 0)
`

// TestForkedInterpretersHaveTheirLinesInTheirFirstMoments looks how much of each child is told with the lines of its own language.
func TestForkedInterpretersHaveTheirLinesInTheirFirstMoments(t *testing.T) {
	needKernel(t)
	if !walksMappings() {
		t.Skip("skipped: only Linux 6.7 and later can tell the unwinder of a new process's mappings")
	}
	c := connect(t, startHelper(t, "--user", fmt.Sprint(testUID)).socket)
	c.warm()
	for _, program := range forkingPrograms {
		t.Run(program.name, func(t *testing.T) {
			folder := t.TempDir()
			file := write(t, folder, "forking.py", program.source)
			var said []byte
			var r *recorded
			// The parent is read beside all else: where others have the processors its first children may run before that. Another run tells.
			named, nameless := 0, 1
			for try := 0; try < triesOfForks && nameless*20 > named; try++ {
				r = c.recordUntil(workspace(folder), 499, func() {
					command := exec.Command("/usr/bin/python3", file, fmt.Sprint(program.ms))
					command.Dir = filepath.Dir(file)
					var err error
					if said, err = command.Output(); err != nil {
						t.Fatal(err)
					}
				})
				named, nameless = r.pythonNames()
				t.Logf("%d stacks have names, %d have frames without one", named, nameless)
			}
			whole, all := 0, 0
			if nameless*20 > named {
				t.Errorf("%d of %d stacks with Python's frames have no names", nameless, named+nameless)
			}
			for i, word := range strings.Fields(string(said)) {
				pid, _ := strconv.Atoi(word)
				moments := r.firstMoments(int32(pid))
				t.Logf("child %d: whole are %s; the others: %v", i+1, moments, moments.lacking)
				if i > 0 {
					whole, all = whole+moments.whole[len(momentsMs)], all+moments.all[len(momentsMs)]
				}
			}
			if all < 450 {
				t.Fatalf("%d samples are too few to judge", all)
			}
			// The first some ms of a child pass until it has been read; one of 30 ms is gone before its names could be.
			if share := float64(whole) / float64(all); program.ms == firstMomentsMs && share < wholeFromTheSecond {
				t.Errorf("from the second child on %.1f %% of the samples are whole", 100*share)
			}
		})
	}
}

// pythonNames counts the stacks with Python's frames by whether each of these has a name.
func (r *recorded) pythonNames() (named, nameless int) {
	for _, stack := range r.samples.Stack {
		frames, unknown := 0, 0
		for at := stack; at >= 0; at = r.stacks.Parent[at] {
			frame := r.stacks.Frame[at]
			if r.language[frame] == wire.Python {
				frames++
				if r.function[frame] == "[unknown]" {
					unknown++
				}
			}
		}
		switch {
		case unknown > 0:
			nameless++
		case frames > 0:
			named++
		}
	}
	return named, nameless
}
