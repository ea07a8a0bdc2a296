package main

import (
	"debug/elf"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"flameline.dev/helper/internal/wire"
)

// codeOfMalloc reads the first bytes of the C library's malloc in a process.
func codeOfMalloc(t *testing.T, pid int) []byte {
	t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(maps)) {
		fields := strings.Fields(line)
		if len(fields) < 6 || !strings.Contains(fields[5], "/libc.so.6") {
			continue
		}
		library, err := elf.Open(fields[5])
		if err != nil {
			t.Fatal(err)
		}
		defer library.Close()
		symbols, _ := library.DynamicSymbols()
		base, _ := strconv.ParseUint(strings.Split(fields[0], "-")[0], 16, 64)
		for _, s := range symbols {
			if s.Name == "malloc" && s.Section != elf.SHN_UNDEF {
				memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
				if err != nil {
					t.Fatal(err)
				}
				defer memory.Close()
				code := make([]byte, 16)
				if _, err := memory.ReadAt(code, int64(base+s.Value)); err != nil {
					t.Fatal(err)
				}
				return code
			}
		}
	}
	t.Skip("skipped: the program has no libc.so.6")
	return nil
}

// TestAProbeIsInOneProcessOnly looks at the code of processes that share a library: the one that is recorded has a probe in it as long
// as its box is open, its neighbour none, and a user can have none put into another user's.
func TestAProbeIsInOneProcessOnly(t *testing.T) {
	needKernel(t)
	c := connect(t, startHelper(t, "--user", fmt.Sprint(testUID)).socket)
	c.warm()
	program, begin, _ := busyAllocator(t, "still", "30")
	neighbour, beginOther, _ := busyAllocator(t, "still", "30")
	begin()
	beginOther()
	time.Sleep(100 * time.Millisecond)
	plain := string(codeOfMalloc(t, program.Process.Pid))
	r := &recorded{}
	startBox(c, program.Process.Pid, 2)
	r.box(c, 10*time.Second)
	if string(codeOfMalloc(t, program.Process.Pid)) == plain {
		t.Error("the recorded process has no probe: the test would see nothing")
	}
	if string(codeOfMalloc(t, neighbour.Process.Pid)) != plain {
		t.Error("a process that nobody records has a probe in its code")
	}
	r.box(c, 10*time.Second)
	if string(codeOfMalloc(t, program.Process.Pid)) != plain {
		t.Error("a probe is left in the process's code")
	}
}

// TestAStrangersAllocationsAreNotFollowed has a user of the helper ask for a process of root's.
func TestAStrangersAllocationsAreNotFollowed(t *testing.T) {
	needKernel(t)
	program, begin, _ := busyAllocator(t, "still", "20")
	begin()
	time.Sleep(100 * time.Millisecond)
	plain := string(codeOfMalloc(t, program.Process.Pid))
	c := connectAs(t, testUID, startHelper(t, "--user", fmt.Sprint(testUID)).socket)
	c.send(wire.StartRequest{
		Type: wire.TypeStart, Recording: 1, Target: wire.Target{Kind: wire.TargetProcess, PID: int32(program.Process.Pid)},
		Events: allocationEvents, Hz: 99, AllocationSeconds: 5,
	})
	for kind := ""; kind != wire.TypeError; {
		var data []byte
		if kind, data = c.next(60 * time.Second); kind == "" || kind == wire.TypeStarted {
			t.Fatalf("got %q: %s", kind, data)
		}
	}
	// Of all that user's own processes none is root's.
	c.send(wire.StartRequest{Type: wire.TypeStart, Recording: 2, Target: wire.Target{Kind: wire.TargetUser}, Events: allocationEvents, Hz: 99, AllocationSeconds: 5})
	c.await(wire.TypeAllocations, 60*time.Second)
	time.Sleep(500 * time.Millisecond)
	if string(codeOfMalloc(t, program.Process.Pid)) != plain {
		t.Error("a user had a probe put into a process of root's")
	}
}

// TestAnExecWithOtherRightsEndsTheProbes has a user's recorded process become a program of root's, by its set-user-id bit.
func TestAnExecWithOtherRightsEndsTheProbes(t *testing.T) {
	needKernel(t)
	folder, err := os.MkdirTemp("/tmp", "flameline-exec")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	raised := filepath.Join(folder, "raised")
	allocator := compileFile(t, t.TempDir(), "testdata/allocator.c", "-O1", "-pthread", "-fno-builtin")
	if out, err := exec.Command("install", "-m", "4755", allocator, raised).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	program := exec.Command("/bin/sh", "-c", "read line; exec "+raised+" still 20")
	program.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: testUID, Gid: testUID}}
	input, _ := program.StdinPipe()
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Process.Kill() })
	pid := program.Process.Pid
	time.Sleep(200 * time.Millisecond)
	plain := string(codeOfMalloc(t, pid))
	c := connectAs(t, testUID, startHelper(t, "--user", fmt.Sprint(testUID)).socket)
	probed, left := "", ""
	r := c.recordEvents(wire.Target{Kind: wire.TargetProcess, PID: int32(pid)}, allocationEvents, 99, func() {
		probed = string(codeOfMalloc(t, pid))
		_, _ = io.WriteString(input, "\ng")
		for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			if name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)); strings.TrimSpace(string(name)) == "raised" {
				break
			}
		}
		time.Sleep(time.Second)
		left = string(codeOfMalloc(t, pid))
	})
	if probed == plain {
		t.Error("the user's own process has no probe: the test would see nothing")
	}
	if state, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)); !strings.Contains(string(state), fmt.Sprintf("Uid:\t%d\t0\t", testUID)) {
		t.Errorf("the program of root's does not run as root: %s", state)
	}
	if left != plain {
		t.Error("root's program has a probe for a user")
	}
	for i := range r.samples.Stack {
		if slices.Contains(r.stack(i), "main") {
			t.Fatalf("a user saw the stack of a program of root's: %v", r.stack(i))
		}
	}
}
