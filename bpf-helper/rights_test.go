package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"flameline.dev/helper/internal/rights"
	"flameline.dev/helper/internal/wire"
	"golang.org/x/sys/unix"
)

// rightsOf reads a line of capabilities of all threads of a process. They must agree, but for the bounding sets: a thread
// that starts a parser has none left.
func rightsOf(t *testing.T, pid int, name string) uint64 {
	t.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || len(tasks) == 0 {
		t.Fatalf("no threads of %d (%v)", pid, err)
	}
	all := map[uint64]bool{}
	var set uint64
	for _, task := range tasks {
		status, err := os.ReadFile(task)
		if err != nil {
			continue // it has ended
		}
		_, rest, found := strings.Cut(string(status), "\n"+name+":")
		line, _, _ := strings.Cut(rest, "\n")
		one, err := strconv.ParseUint(strings.TrimSpace(line), 16, 64)
		if err != nil || !found {
			t.Fatalf("%s has no %s: %v", task, name, err)
		}
		set |= one
		all[one] = true
	}
	if len(all) != 1 && name != "CapBnd" {
		t.Errorf("the threads have different sets as %s: %v", name, all)
	}
	return set
}

func neededRights() uint64 {
	set := uint64(0)
	for _, right := range rights.Needed {
		set |= 1 << right.Bit
	}
	return set
}

func TestTheHelperGivesUpWhatItDoesNotNeed(t *testing.T) {
	needKernel(t)
	own := rightsOf(t, os.Getpid(), "CapPrm")
	h := startHelper(t, "--user", fmt.Sprint(testUID))
	pid := h.command.Process.Pid
	const admin = 1 << unix.CAP_SYS_ADMIN
	for _, name := range []string{"CapPrm", "CapEff"} {
		if got, want := rightsOf(t, pid, name), own&(neededRights()|admin); got != want {
			t.Errorf("before a recording %s is %x, want %x", name, got, want)
		}
	}
	if got := rightsOf(t, pid, "CapInh") | rightsOf(t, pid, "CapAmb"); got != 0 {
		t.Errorf("what it executes would inherit %x", got)
	}
	c := connectAs(t, testUID, h.socket)
	burnAs(t, testUID)
	c.record(wire.Target{Kind: wire.TargetUser}, 99, time.Second)
	want := neededRights()
	if why, needed := rights.NeedsAdmin(); needed {
		t.Logf("CAP_SYS_ADMIN is kept: %s", why)
		want |= admin
	}
	for _, name := range []string{"CapPrm", "CapEff"} {
		if got := rightsOf(t, pid, name); got != own&want {
			t.Errorf("after a recording %s is %x, want %x", name, got, own&want)
		}
	}
	if got := rightsOf(t, pid, "CapBnd"); got&^want != 0 {
		t.Errorf("the bounding set still has %x", got&^want)
	}
	if got := rightsOf(t, pid, "Seccomp"); got != unix.SECCOMP_MODE_FILTER {
		t.Errorf("the mode of its system calls is %d, want a list", got)
	}
	if got := rightsOf(t, pid, "NoNewPrivs"); got != 1 {
		t.Error("what it executes could gain rights")
	}
	// What is left is enough to attach again, at another rate, and to name functions.
	r := c.record(wire.Target{Kind: wire.TargetUser}, 499, 2*time.Second)
	if len(r.samples.Stack) < 50 {
		t.Errorf("with the rights that are left there are %d samples", len(r.samples.Stack))
	}
}

// withUnitsRights starts the service with what the unit grants and nothing else; `before` runs in front of it.
func withUnitsRights(t *testing.T, before ...string) *runningHelper {
	t.Helper()
	names := []string{"-all"}
	for _, right := range rights.Needed {
		names = append(names, "+"+strings.ToLower(strings.TrimPrefix(right.Name, "CAP_")))
	}
	if _, needed := rights.NeedsAdmin(); needed {
		names = append(names, "+sys_admin")
	}
	return startServiceThrough(t, append(before, "setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set="+strings.Join(names, ",")))
}

func TestTheUnitsRightsAreEnough(t *testing.T) {
	needKernel(t)
	folder := readableFolder(t)
	binary := compile(t, folder)
	h := withUnitsRights(t)
	if got := rightsOf(t, h.command.Process.Pid, "CapBnd"); got&^(neededRights()|1<<unix.CAP_SYS_ADMIN) != 0 {
		t.Fatalf("it was started with %x", got)
	}
	// A folder that is closed to all but its user, as homes are.
	closed := filepath.Join(folder, "closed")
	for _, command := range [][]string{
		{"install", "-d", "-m", "700", "-o", fmt.Sprint(testUID), closed},
		{"install", "-m", "700", "-o", fmt.Sprint(testUID), binary, filepath.Join(closed, "program")},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	pid := burnAs(t, testUID, filepath.Join(closed, "program"))
	r := connectAs(t, testUID, h.socket).record(workspace(closed), 199, 3*time.Second)
	samples, named := 0, 0
	for i := range r.samples.Stack {
		if r.process(i).PID != pid {
			continue
		}
		samples++
		if strings.Contains(strings.Join(r.stack(i), " "), "main") {
			named++
		}
	}
	if samples < 100 || named*10 < samples*9 {
		t.Errorf("%d samples, of which %d have names", samples, named)
	}
}

// TestTheUnitsSystemCallsAreEnough compares what the helper calls with what the unit lets it call.
func TestTheUnitsSystemCallsAreEnough(t *testing.T) {
	needKernel(t)
	for _, tool := range []string{"strace", "systemd-analyze"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("skipped: %s is not installed", tool)
		}
	}
	allowed := allowedByUnit(t)
	trace := filepath.Join(readableFolder(t), "trace")
	h := withUnitsRights(t, "strace", "-D", "-f", "-qq", "-o", trace)
	burnAs(t, testUID, compile(t, readableFolder(t)))
	r := connectAs(t, testUID, h.socket).record(wire.Target{Kind: wire.TargetUser}, 99, 3*time.Second)
	if len(r.samples.Stack) < 20 {
		t.Errorf("traced, it took %d samples", len(r.samples.Stack))
	}
	h.stop()
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	called, made, listed := map[string]bool{}, map[string]bool{}, false
	for line := range strings.Lines(string(text)) {
		_, call, _ := strings.Cut(strings.TrimSpace(line), " ")
		name, _, isCall := strings.Cut(strings.TrimSpace(call), "(")
		if isCall && !strings.ContainsAny(name, " <+-=") {
			called[name] = true
			listed = listed || name == "seccomp"
			made[name] = made[name] || !listed || !strings.Contains(call, "= -1 EPERM")
		}
	}
	for name := range called {
		if !allowed[name] {
			t.Errorf("the helper calls %s, which the unit does not allow", name)
		}
		if !made[name] {
			t.Errorf("%s is never permitted: it is missing in our own list", name)
		}
	}
	for _, name := range []string{"bpf", "perf_event_open", "capset", "setuid", "seccomp", "accept4"} {
		if !called[name] {
			t.Errorf("the trace has no %s: it is not of what we think", name)
		}
	}
	t.Logf("%d calls are used, %d allowed", len(called), len(allowed))
}

// allowedByUnit reads the unit's filter, with systemd's own lists of what its groups hold.
func allowedByUnit(t *testing.T) map[string]bool {
	t.Helper()
	unit, err := os.ReadFile("internal/service/flameline.service")
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[string]bool{}
	expand := func(words string) (names []string) {
		for _, word := range strings.Fields(words) {
			if !strings.HasPrefix(word, "@") {
				names = append(names, word)
				continue
			}
			names = append(names, group(t, word)...)
		}
		return names
	}
	for line := range strings.Lines(string(unit)) {
		words, found := strings.CutPrefix(line, "SystemCallFilter=")
		if !found {
			continue
		}
		denied, isDenied := strings.CutPrefix(words, "~")
		if isDenied {
			words = denied
		}
		for _, name := range expand(words) {
			if isDenied {
				delete(allowed, name)
			} else {
				allowed[name] = true
			}
		}
	}
	// systemd always adds these, so that the program can be started at all.
	for _, name := range expand("@default") {
		allowed[name] = true
	}
	return allowed
}

func group(t *testing.T, name string) (names []string) {
	t.Helper()
	out, err := exec.Command("systemd-analyze", "syscall-filter", "--no-pager", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		word := strings.TrimSpace(line)
		switch {
		case word == name || word == "" || strings.HasPrefix(word, "#"):
		case strings.HasPrefix(word, "@"):
			names = append(names, group(t, word)...)
		default:
			names = append(names, word)
		}
	}
	return names
}
