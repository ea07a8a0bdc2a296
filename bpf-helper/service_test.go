package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"flameline.dev/helper/internal/wire"
)

// otherUID is a second user that no one is.
const otherUID = 64_243

// startService starts the service at a socket passed as systemd passes it, so that this machine's own is left alone.
func startService(t *testing.T, arguments ...string) *runningHelper {
	t.Helper()
	return startServiceThrough(t, nil, arguments...)
}

// startServiceThrough starts it by a program that becomes it, or traces it.
func startServiceThrough(t *testing.T, through []string, arguments ...string) *runningHelper {
	t.Helper()
	binary, err := helperBinary()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(readableFolder(t), "helper.sock")
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	listener.SetUnlinkOnClose(false)
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	file, err := listener.File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	// The shell's pid becomes the helper's, as systemd's child's does.
	line := append(through, "sh", "-c", `LISTEN_PID=$$ exec "$0" serve --service "$@"`, binary)
	command := exec.Command(line[0], append(line[1:], arguments...)...)
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "LISTEN_FDS=1", "LISTEN_FDNAMES=flameline.socket"}
	command.ExtraFiles = []*os.File{file}
	return follow(t, command)
}

// readableFolder is a folder for all users to look into.
func readableFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("/tmp", "flameline-service")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	if err := os.Chmod(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	return folder
}

// recordAs records everything that a user may see, and gives the pids in what came.
func recordAs(t *testing.T, uid uintptr, socket string, seconds time.Duration) map[int32]wire.ProcessRow {
	t.Helper()
	r := connectAs(t, uid, socket).record(wire.Target{Kind: wire.TargetUser}, 99, seconds)
	seen := map[int32]wire.ProcessRow{}
	for _, p := range r.processes {
		seen[p.PID] = p
	}
	for i := range r.samples.Stack {
		p := r.process(i)
		seen[p.PID] = p
	}
	return seen
}

// burnAs runs a program of a user's that keeps a processor busy.
func burnAs(t *testing.T, uid uint32, command ...string) int32 {
	t.Helper()
	if len(command) == 0 {
		command = []string{"sh", "-c", "while :; do :; done"}
	}
	program := exec.Command(command[0], command[1:]...)
	program.Dir = "/"
	program.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Process.Kill(); _ = program.Wait() })
	return int32(program.Process.Pid)
}

func TestEachOfTwoUsersSeesOnlyTheirOwnProcessesAtOnce(t *testing.T) {
	needKernel(t)
	h := startService(t)
	burners := map[uintptr]int32{testUID: burnAs(t, testUID), otherUID: burnAs(t, otherUID), 0: burnAs(t, 0)}
	type result struct {
		uid  uintptr
		seen map[int32]wire.ProcessRow
	}
	results := make(chan result)
	for _, uid := range []uintptr{testUID, otherUID} {
		go func() { results <- result{uid, recordAs(t, uid, h.socket, 3*time.Second)} }()
	}
	for range 2 {
		r := <-results
		for pid, process := range r.seen {
			if uintptr(process.UID) != r.uid {
				t.Errorf("user %d got process %d of user %d", r.uid, pid, process.UID)
			}
		}
		if _, found := r.seen[burners[r.uid]]; !found {
			t.Errorf("user %d did not get the own process %d, only %v", r.uid, burners[r.uid], r.seen)
		}
	}
	// Asking by name gives nothing either, and the list has only one's own.
	c := connectAs(t, testUID, h.socket)
	for i, uid := range []uintptr{otherUID, 0} {
		c.send(wire.StartRequest{
			Type: wire.TypeStart, Recording: int64(100 + i), Hz: 99, Events: []wire.EventName{wire.EventCPU},
			Target: wire.Target{Kind: wire.TargetProcess, PID: burners[uid]},
		})
		for {
			kind, data := c.next(30 * time.Second)
			if kind == wire.TypeError && strings.Contains(string(data), string(wire.NoSuchProcess)) {
				break
			}
			if kind != wire.TypeProgress {
				t.Fatalf("asking for a process of user %d got %s", uid, data)
			}
		}
	}
	c.send(wire.ProcessesRequest{Type: wire.TypeProcesses, Request: 1})
	var list wire.ProcessList
	if err := json.Unmarshal(c.await(wire.TypeProcesses, 10*time.Second), &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Processes) == 0 {
		t.Error("the user's list is empty")
	}
	for _, p := range list.Processes {
		if p.UID != testUID {
			t.Errorf("user %d sees process %+v", testUID, p)
		}
	}
	// Root sees all of them.
	seen := recordAs(t, 0, h.socket, 2*time.Second)
	for uid, pid := range burners {
		if _, found := seen[pid]; !found {
			t.Errorf("root did not get process %d of user %d", pid, uid)
		}
	}
}

func TestAUserWithoutANameGetsNothingFromTheService(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("skipped: only root can be another user")
	}
	h := startService(t)
	for name, status := range map[string]string{"65534": "403", strconv.Itoa(testUID): "101"} {
		out, err := exec.Command("setpriv", "--reuid="+name, "--regid="+name, "--clear-groups", "curl", "-s", "-i", "--max-time", "2",
			"--unix-socket", h.socket, "-H", "Connection: Upgrade", "-H", "Upgrade: websocket", "-H", "Sec-WebSocket-Version: 13",
			"-H", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "http://helper/").CombinedOutput()
		if !strings.HasPrefix(string(out), "HTTP/1.1 "+status) {
			t.Errorf("user %s got %q (%v), want %s", name, out, err, status)
		}
	}
}

func TestTheServiceEndsWhenItIsIdleAndLeavesSystemdsSocket(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("skipped: the service needs root")
	}
	h := startService(t, "--idle", "1s")
	c := connect(t, h.socket)
	time.Sleep(1500 * time.Millisecond)
	select {
	case <-h.exited:
		t.Fatal("it ended while it had a client")
	default:
	}
	_ = c.socket.CloseNow()
	select {
	case <-h.exited:
	case <-time.After(10 * time.Second):
		t.Fatal("it did not end when it was idle")
	}
	if _, err := os.Lstat(h.socket); err != nil {
		t.Errorf("the socket is gone: %v", err)
	}
}

func TestAContainerSeesItselfOnly(t *testing.T) {
	needKernel(t)
	h := startService(t)
	hosts := burnAs(t, 0)
	// Root of a namespace of process numbers of its own: what a container is to the kernel, with the host's users.
	inside := exec.Command("unshare", "--pid", "--fork", "--mount-proc", "--kill-child", os.Args[0], "-test.run=^TestHelperInsideAContainer$", "-test.v")
	inside.Env = append(os.Environ(), "FLAMELINE_TEST_SOCKET="+h.socket)
	out, err := inside.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	var seen []wire.ProcessRow
	for line := range strings.Lines(string(out)) {
		if text, found := strings.CutPrefix(line, "SEEN "); found {
			if err := json.Unmarshal([]byte(text), &seen); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(seen) == 0 {
		t.Fatalf("nothing was seen inside: %s", out)
	}
	for _, p := range seen {
		if p.PID == hosts || strings.Contains(p.Executable, "flameline-helper") {
			t.Errorf("the container's root got the host's process %+v", p)
		}
	}
}

// workInside runs a program in a folder that only the container has, reached by a link whose target means another thing
// outside.
func workInside(t *testing.T) int32 {
	t.Helper()
	if err := syscall.Mount("inside", "/mnt", "tmpfs", 0, ""); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll("/mnt/work", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/mnt/work", "/mnt/link"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("/mnt/work/burn.sh", []byte("while :; do :; done\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return burnAs(t, 0, "sh", "/mnt/work/burn.sh")
}

// TestHelperInsideAContainer is run by the test above, in a namespace of its own.
func TestHelperInsideAContainer(t *testing.T) {
	socket := os.Getenv("FLAMELINE_TEST_SOCKET")
	if socket == "" {
		return // nothing by itself
	}
	own := burnAs(t, 0)
	seen := []wire.ProcessRow{}
	found := false
	for pid, p := range recordAs(t, 0, socket, 3*time.Second) {
		seen = append(seen, p)
		found = found || pid == own
	}
	if !found {
		t.Errorf("process %d of the container is not among %+v", own, seen)
	}
	c := connectAs(t, 0, socket)
	// Numbers and paths mean what they mean inside.
	program := workInside(t)
	for name, target := range map[string]wire.Target{
		"a process":   {Kind: wire.TargetProcess, PID: program, Children: true},
		"a workspace": {Kind: wire.TargetWorkspace, Folders: []string{"/mnt/link"}, ExcludePIDs: []int32{own}},
	} {
		r := c.record(target, 199, 2*time.Second)
		if len(r.samples.Stack) < 50 {
			t.Errorf("%s: %d samples", name, len(r.samples.Stack))
		}
		for i := range r.samples.Stack {
			if p := r.process(i); p.PID != program || r.threads[r.samples.Thread[i]].TID != program {
				t.Fatalf("%s: a sample of %+v in thread %d, want process %d", name, p, r.threads[r.samples.Thread[i]].TID, program)
			}
		}
	}
	without := c.record(wire.Target{Kind: wire.TargetWorkspace, Folders: []string{"/mnt/work"}, ExcludePIDs: []int32{program}}, 99, time.Second)
	if len(without.samples.Stack) > 0 {
		t.Errorf("the process that was left out has %d samples", len(without.samples.Stack))
	}
	c.send(wire.ProcessesRequest{Type: wire.TypeProcesses, Request: 1})
	var list wire.ProcessList
	if err := json.Unmarshal(c.await(wire.TypeProcesses, 10*time.Second), &list); err != nil {
		t.Fatal(err)
	}
	listed := map[int32]bool{}
	for _, p := range list.Processes {
		listed[p.PID] = true
	}
	// The test itself is the first process of the namespace.
	if !listed[own] || !listed[program] || !listed[1] || len(listed) > 8 {
		t.Errorf("the list of processes is %+v", list.Processes)
	}
	text, err := json.Marshal(seen)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("SEEN " + string(text))
}
