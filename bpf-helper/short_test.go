package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/cilium/ebpf/btf"
)

// shortProcesses is how many the test below starts; FLAMELINE_SHORT_PROCESSES=2000 is the full measure.
const shortProcesses = 400

// shortLoop burns as many ms of processor time as its argument says, with its work three calls deep.
const shortLoop = `
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
`

// TestShortProcessesHaveWholeStacksFromTheSecondOn starts a program of 5 ms again and again.
func TestShortProcessesHaveWholeStacksFromTheSecondOn(t *testing.T) {
	needKernel(t)
	count := shortProcesses
	if text := os.Getenv("FLAMELINE_SHORT_PROCESSES"); text != "" {
		count, _ = strconv.Atoi(text)
	}
	folder := t.TempDir()
	source, binary := write(t, folder, "short.c", shortLoop), filepath.Join(folder, "short")
	if out, err := exec.Command("cc", "-O2", "-g", "-o", binary, source).CombinedOutput(); err != nil {
		t.Skipf("skipped: no C compiler: %v %s", err, out)
	}
	script := write(t, folder, "many.sh", fmt.Sprintf("i=0; while [ $i -lt %d ]; do %s 5; i=$((i+1)); done\n", count, binary))
	c := connect(t, startHelper(t, "--user", fmt.Sprint(testUID)).socket)
	c.warm()
	r := c.recordUntil(workspace(folder), 999, func() { _ = exec.Command("sh", script).Run() })
	all, nameless, samples, whole, processes, first := 0, 0, 0, 0, map[int]bool{}, -1
	for i := range r.samples.Stack {
		process := r.threads[r.samples.Thread[i]].Process
		if r.processes[process].Executable != binary {
			continue
		}
		if first < 0 {
			first = process
		}
		processes[process] = true
		stack := r.stack(i)
		all++
		if stack[0] == "[unknown]" {
			nameless++
		}
		if process != first && slices.Contains(stack, "burn") {
			samples++
			if slices.Contains(stack, "main") {
				whole++
			}
		}
	}
	share := float64(whole) / float64(max(1, samples))
	t.Logf("%d of %d processes have samples, of which %d of %d have no leaf; %d samples in burn, %.1f %% of them with main; loss %+v",
		len(processes), count, nameless, all, samples, 100*share, r.last.Loss)
	if len(processes) < count*98/100 {
		t.Errorf("%d of %d processes have samples", len(processes), count)
	}
	if nameless*20 > all {
		t.Errorf("%d of %d samples have no leaf", nameless, all)
	}
	if samples*2 < all {
		t.Errorf("%d of %d samples are in burn", samples, all)
	}
	if !walksMappings() {
		t.Skip("skipped: only Linux 6.7 and later can tell the unwinder of a new process's mappings")
	}
	if share < 0.8 {
		t.Errorf("%.1f %% of the samples have whole stacks", 100*share)
	}
}

// walksMappings says whether the kernel has what bpf/mappings.h needs.
func walksMappings() bool {
	kernel, err := btf.LoadKernelSpec()
	var walk *btf.Func
	return err == nil && kernel.TypeByName("bpf_iter_task_vma_new", &walk) == nil
}
