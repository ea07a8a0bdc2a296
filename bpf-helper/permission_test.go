package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"flameline.dev/helper/internal/wire"
)

// connectAs connects as another user: the kernel notes who the calling thread is.
func connectAs(t *testing.T, uid uintptr, socket string) *client {
	t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	keep := ^uintptr(0)
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, keep, uid, keep); errno != 0 {
		t.Fatal(errno)
	}
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err == nil {
		err = syscall.Connect(fd, &syscall.SockaddrUnix{Name: socket})
	}
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, keep, 0, keep); errno != 0 {
		t.Fatal(errno)
	}
	if err != nil {
		t.Fatal(err)
	}
	c := dialFD(t, fd)
	c.send(wire.ClientHello{Type: wire.TypeHello, Protocol: wire.ProtocolVersion, Client: "test"})
	var hello wire.HelperHello
	if err := json.Unmarshal(c.await(wire.TypeHello, 5*time.Second), &hello); err != nil || uintptr(hello.PeerUID) != uid {
		t.Fatalf("the helper takes user %d for %d (%v)", uid, hello.PeerUID, err)
	}
	return c
}

func TestAUserRecordsOnlyTheirOwnProcesses(t *testing.T) {
	needKernel(t)
	folder, err := os.MkdirTemp("/tmp", "flameline-permission")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	binary := compile(t, folder)
	raised := filepath.Join(folder, "raised")
	if out, err := exec.Command("install", "-m", "4755", binary, raised).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	h := startHelper(t, "--user", fmt.Sprint(testUID))
	roots := run1(t, folder, binary)
	// The user's shell is recorded; then it becomes a program of root's, and so must be recorded no more.
	users := exec.Command("sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; "+binary+" once; exec "+raised)
	users.Dir = folder
	users.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: testUID, Gid: testUID}}
	c := connectAs(t, testUID, h.socket)

	c.send(wire.StartRequest{
		Type: wire.TypeStart, Recording: 9, Target: wire.Target{Kind: wire.TargetProcess, PID: int32(roots.Process.Pid)},
		Events: []wire.EventName{wire.EventCPU}, Hz: 99,
	})
	for {
		kind, data := c.next(60 * time.Second)
		if kind == "progress" {
			continue
		}
		if kind != wire.TypeError || !strings.Contains(string(data), string(wire.NoSuchProcess)) {
			t.Fatalf("recording root's process got %s", data)
		}
		break
	}
	c.send(wire.ProcessesRequest{Type: wire.TypeProcesses, Request: 1})
	var list wire.ProcessList
	if err := json.Unmarshal(c.await(wire.TypeProcesses, 10*time.Second), &list); err != nil {
		t.Fatal(err)
	}
	for _, p := range list.Processes {
		if p.UID != testUID {
			t.Errorf("user %d sees process %+v", testUID, p)
		}
	}

	if err := users.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = users.Process.Kill(); _ = users.Wait() })
	for _, target := range []wire.Target{{Kind: wire.TargetUser}, workspace(folder)} {
		r := c.record(target, 99, 3*time.Second)
		for i := range r.samples.Stack {
			if p := r.process(i); p.UID != testUID || p.Executable == raised || int(p.PID) == roots.Process.Pid {
				t.Fatalf("user %d got a sample of %+v: %v", testUID, p, r.stack(i))
			}
		}
		for _, p := range r.processes {
			if p.UID != testUID {
				t.Errorf("user %d got a row of %+v", testUID, p)
			}
		}
		t.Logf("%s: %d samples", target.Kind, len(r.samples.Stack))
		if target.Kind == wire.TargetUser && len(r.samples.Stack) < 10 {
			t.Errorf("%d samples of the user's own", len(r.samples.Stack))
		}
	}
	// Root's recording of the same folder has what the user's had not.
	r := connect(t, h.socket).record(workspace(folder), 99, 2*time.Second)
	seen := map[string]bool{}
	for i := range r.samples.Stack {
		seen[r.process(i).Executable] = true
	}
	if !seen[raised] || !seen[binary] {
		t.Errorf("root sees only %v", seen)
	}
}

func TestRecordedTrafficIsReplayedWithoutPrivilege(t *testing.T) {
	folder := t.TempDir()
	var text strings.Builder
	text.WriteString(`{"type":"started","recording":1,"startUnixNs":"1","hz":99,"events":["cpu"]}` + "\n")
	for i := range 3 {
		fmt.Fprintf(&text, `{"type":"batch","recording":1,"sequence":%d,"timeNs":%d,"strings":["%d"]}`+"\n", i, i*200_000_000, i)
	}
	text.WriteString(`{"type":"batch","recording":1,"sequ`) // cut off
	file := write(t, folder, "batches.jsonl", text.String())
	socket := filepath.Join(folder, "replay.sock")
	h := startHelper(t, "--replay", file, "--socket", socket, "--speed", "2")
	if h.socket != socket {
		t.Fatalf("ready %s", h.socket)
	}
	c := connect(t, socket)
	began := time.Now()
	c.send(wire.StartRequest{
		Type: wire.TypeStart, Recording: 5, Target: wire.Target{Kind: wire.TargetUser}, Events: []wire.EventName{wire.EventCPU}, Hz: 99,
	})
	c.await(wire.TypeStarted, 5*time.Second)
	for i := range 3 {
		var b wire.Batch
		if err := json.Unmarshal(c.await(wire.TypeBatch, 5*time.Second), &b); err != nil || b.Sequence != i || b.Recording != 5 {
			t.Fatalf("batch %+v, %v", b, err)
		}
	}
	var stopped wire.Stopped
	if err := json.Unmarshal(c.await(wire.TypeStopped, 5*time.Second), &stopped); err != nil || stopped.Batches != 3 {
		t.Fatalf("stopped %+v, %v", stopped, err)
	}
	if took := time.Since(began); took < 190*time.Millisecond {
		t.Errorf("0.4 s at double speed took %v", took)
	}
}
