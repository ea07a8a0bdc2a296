package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// labelled works for seven tenths of its processor time on one task, for two on another, and for one on none; the last moments go to tasks
// whose labels nobody would choose.
const labelled = `
package main

import (
	"context"
	"fmt"
	"os"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"time"
)

var sink int

func used() time.Duration {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

//go:noinline
func burn(d time.Duration) {
	for end := used() + d; used() < end; {
		for i := 0; i < 20000; i++ {
			sink += i
		}
	}
}

func task(d time.Duration, pairs ...string) {
	pprof.Do(context.Background(), pprof.Labels(pairs...), func(context.Context) { burn(d) })
}

func main() {
	ms, _ := strconv.Atoi(os.Args[1])
	unit := time.Duration(ms) * time.Millisecond / 10
	for i := 0; i < 10; i++ {
		done := make(chan bool)
		go func() { // a goroutine inherits nothing that it is not given
			task(unit*7/10, "endpoint", "/orders", "region", "eu")
			close(done)
		}()
		<-done
		task(unit*2/10, "endpoint", "/health")
		burn(unit / 10)
	}
	task(300*time.Millisecond, "<script>", "\x1b[31m\"</td>\n", "bad\xff", "x", "much", strings.Repeat("ä", 200))
	if len(os.Args) > 2 { // more tasks than a recording tells apart
		for i := 0; i < 3000; i++ {
			task(2*time.Millisecond, "request", fmt.Sprint(i))
		}
	}
}
`

func buildGo(t *testing.T, source string) string {
	t.Helper()
	folder := t.TempDir()
	file, built := write(t, folder, "program.go", source), filepath.Join(folder, "program")
	build := exec.Command("go", "build", "-o", built, file)
	build.Env = append(os.Environ(), "GO111MODULE=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("skipped: %v %s", err, out)
	}
	return built
}

// byLabels adds a process's CPU time up by the labels of its threads' rows.
func (r *recorded) byLabels(pid int32) (sums map[string]int64, all int64) {
	sums = map[string]int64{}
	for i, thread := range r.samples.Thread {
		if r.process(i).PID != pid {
			continue
		}
		var text []string
		for _, pair := range r.threads[thread].Labels {
			text = append(text, pair[0]+"="+pair[1])
		}
		sums[strings.Join(text, " ")] += r.samples.Value[i]
		all += r.samples.Value[i]
	}
	return sums, all
}

func TestGoroutinesLabelsAreTold(t *testing.T) {
	needKernel(t)
	c := connect(t, startHelper(t, "--user", fmt.Sprint(testUID)).socket)
	c.warm()
	program := buildGo(t, labelled)
	var pid int32
	r := c.recordUntil(workspace(filepath.Dir(program)), 499, func() {
		command := exec.Command(program, "3000", "many")
		command.Dir = filepath.Dir(program)
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		pid = int32(command.Process.Pid)
		_ = command.Wait()
	})
	sums, _ := r.byLabels(pid)
	orders, health, hostile, requests := sums["endpoint=/orders region=eu"], sums["endpoint=/health"], int64(0), 0
	for text := range sums {
		if strings.HasPrefix(text, "<script>=") {
			hostile = sums[text]
			if !strings.Contains(text, "\x1b[31m\"</td>\n") || strings.Contains(text, "bad") || !strings.HasSuffix(text, "much="+strings.Repeat("ä", 23)) || !utf8.ValidString(text) {
				t.Errorf("the labels are %q", text)
			}
		}
		if strings.HasPrefix(text, "request=") {
			requests++
		}
	}
	t.Logf("/orders %d ms, /health %d ms, hostile %d ms, none %d ms; %d requests, %d samples without their labels", orders/1e6, health/1e6, hostile/1e6, sums[""]/1e6, requests, r.last.Loss.Unlabelled)
	if share := float64(orders) / float64(orders+health); share < 0.74 || share > 0.82 {
		t.Errorf("/orders has %.1f %% of both, want 77.8 %%", 100*share)
	}
	if hostile < 200e6 {
		t.Errorf("strange labels have %d ms of 300", hostile/1e6)
	}
	if labelled := 3000 * 7 / 10; float64(orders)/1e6 < 0.9*float64(labelled) {
		t.Errorf("/orders has %d ms of %d", orders/1e6, labelled)
	}
	rows := 0
	for _, thread := range r.threads {
		if thread.Labels != nil {
			rows++
		}
	}
	if requests < 500 || rows != 1000 || r.last.Loss.Unlabelled == 0 {
		t.Errorf("%d rows with labels, of which %d are requests; %d samples without their labels: want 1000, most of them requests, and some", rows, requests, r.last.Loss.Unlabelled)
	}
}
