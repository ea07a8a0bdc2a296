package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"flameline.dev/helper/internal/wire"
	"github.com/coder/websocket"
)

// These tests run the helper itself, as root, on this kernel. Elsewhere they are skipped and say why.

const testUID = 64_242 // a user that no one is, so that the socket is ours

var helperBinary = sync.OnceValues(func() (string, error) {
	if built := os.Getenv("FLAMELINE_HELPER"); built != "" {
		return built, nil
	}
	folder, err := os.MkdirTemp("", "flameline-helper")
	if err != nil {
		return "", err
	}
	binary := filepath.Join(folder, "flameline-helper")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return binary, os.Chmod(folder, 0o755)
})

func needKernel(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("skipped: recording needs root; run the tests with sudo")
	}
	if _, err := os.Stat("/sys/kernel/btf/vmlinux"); err != nil {
		t.Skip("skipped: this kernel has no BTF")
	}
}

type runningHelper struct {
	t       *testing.T
	command *exec.Cmd
	socket  string
	exited  chan struct{}
	state   *os.ProcessState
}

func startHelper(t *testing.T, arguments ...string) *runningHelper {
	t.Helper()
	binary, err := helperBinary()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(binary, append([]string{"serve"}, arguments...)...)
	command.Env = []string{"PATH=" + os.Getenv("PATH")}
	return follow(t, command)
}

// follow starts a helper, waits until it listens, and ends it with the test.
func follow(t *testing.T, command *exec.Cmd) *runningHelper {
	t.Helper()
	h := &runningHelper{t: t, command: command, exited: make(chan struct{})}
	h.command.Stderr = testLog{t}
	output, err := h.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.command.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatalf("the helper did not get ready: %v", err)
	}
	h.socket = strings.TrimPrefix(strings.TrimSpace(line), "ready ")
	go func() {
		_ = h.command.Wait()
		h.state = h.command.ProcessState
		close(h.exited)
	}()
	t.Cleanup(h.stop)
	return h
}

func (h *runningHelper) stop() {
	_ = h.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-h.exited:
	case <-time.After(10 * time.Second):
		_ = h.command.Process.Kill()
		h.t.Error("the helper did not exit within 10 s of SIGTERM")
	}
}

type testLog struct{ t *testing.T }

func (l testLog) Write(text []byte) (int, error) {
	if testing.Verbose() {
		fmt.Fprint(os.Stderr, string(text))
	}
	return len(text), nil
}

type client struct {
	t      *testing.T
	socket *websocket.Conn
}

func connect(t *testing.T, socket string) *client {
	t.Helper()
	c := dial(t, socket)
	c.send(wire.ClientHello{Type: wire.TypeHello, Protocol: wire.ProtocolVersion, Client: "test"})
	c.await(wire.TypeHello, 5*time.Second)
	return c
}

func dial(t *testing.T, socket string) *client {
	t.Helper()
	return dialBy(t, func() (net.Conn, error) { return net.Dial("unix", socket) })
}

// dialFD goes on with a connected socket.
func dialFD(t *testing.T, fd int) *client {
	t.Helper()
	return dialBy(t, func() (net.Conn, error) {
		file := os.NewFile(uintptr(fd), "socket")
		defer file.Close()
		return net.FileConn(file)
	})
}

func dialBy(t *testing.T, connect func() (net.Conn, error)) *client {
	t.Helper()
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return connect() }}
	conn, _, err := websocket.Dial(context.Background(), "ws://helper/", &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: transport},
	})
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(wire.MaxFrameBytes)
	t.Cleanup(func() { _ = conn.CloseNow() })
	return &client{t, conn}
}

func (c *client) send(message any) {
	c.t.Helper()
	data, err := json.Marshal(message)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.socket.Write(context.Background(), websocket.MessageText, data); err != nil {
		c.t.Fatal(err)
	}
}

// next reads a message; "" when the connection has ended.
func (c *client) next(limit time.Duration) (kind string, data []byte) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	_, data, err := c.socket.Read(ctx)
	if err != nil {
		return "", nil
	}
	var tag struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(data, &tag); err != nil {
		c.t.Fatal(err)
	}
	return tag.Type, data
}

func (c *client) await(kind string, limit time.Duration) []byte {
	c.t.Helper()
	for deadline := time.Now().Add(limit); ; {
		got, data := c.next(time.Until(deadline))
		switch got {
		case kind:
			return data
		case "":
			c.t.Fatalf("the connection ended before a %q", kind)
		case wire.TypeError:
			c.t.Fatalf("refused: %s", data)
		}
	}
}

// recorded is a recording put together again.
// count is a row of what was counted beside the samples.
type count struct {
	kind         wire.CountName
	pid          int32
	subject      string
	calls, bytes int64
}

type recorded struct {
	strings   []string
	processes []wire.ProcessRow
	threads   []wire.ThreadRow
	function  []string
	positions [][]string // of each frame, innermost first: "main:12"
	module    []string
	language  []wire.Language
	begins    []int // where each frame's function begins, as far as an update says
	stacks    wire.StackColumns
	samples   wire.SampleColumns
	memory    wire.MemoryColumns
	counts    []count
	last      wire.Batch
	batches   int
	boxes     []wire.Allocations
	open      chan struct{} // closed when the first box is
	stopped   wire.Stopped
}

func (r *recorded) add(t *testing.T, data []byte) {
	t.Helper()
	var b wire.Batch
	if err := json.Unmarshal(data, &b); err != nil {
		t.Fatal(err)
	}
	if b.Sequence != r.batches {
		t.Fatalf("batch %d follows batch %d", b.Sequence, r.batches-1)
	}
	r.batches++
	r.strings = append(r.strings, b.Strings...)
	r.processes = append(r.processes, b.Processes...)
	r.threads = append(r.threads, b.Threads...)
	for i := range b.Frames.Function {
		r.function = append(r.function, r.strings[b.Frames.Function[i]])
		r.positions = append(r.positions, []string{fmt.Sprintf("%s:%d", r.strings[b.Frames.Function[i]], b.Frames.Line[i])})
		r.module = append(r.module, r.strings[b.Frames.Module[i]])
		r.begins = append(r.begins, 0)
		r.language = append(r.language, b.Frames.Language[i])
	}
	for _, u := range b.Updates {
		r.function[u.Frame] = r.strings[u.Positions[0].Function]
		r.begins[u.Frame] = u.Positions[0].FunctionLine
		r.positions[u.Frame] = nil
		for _, p := range u.Positions {
			r.positions[u.Frame] = append(r.positions[u.Frame], fmt.Sprintf("%s:%d", r.strings[p.Function], p.Line))
		}
	}
	for i, kind := range b.Counts.Kind {
		r.counts = append(r.counts, count{
			kind, r.processes[b.Counts.Process[i]].PID, r.strings[b.Counts.Subject[i]], b.Counts.Calls[i], b.Counts.Bytes[i],
		})
	}
	r.stacks.Parent = append(r.stacks.Parent, b.Stacks.Parent...)
	r.stacks.Frame = append(r.stacks.Frame, b.Stacks.Frame...)
	r.samples.Stack = append(r.samples.Stack, b.Samples.Stack...)
	r.samples.Thread = append(r.samples.Thread, b.Samples.Thread...)
	r.samples.TimeNs = append(r.samples.TimeNs, b.Samples.TimeNs...)
	r.samples.Event = append(r.samples.Event, b.Samples.Event...)
	r.samples.Value = append(r.samples.Value, b.Samples.Value...)
	r.memory.Process = append(r.memory.Process, b.Memory.Process...)
	r.memory.Anonymous = append(r.memory.Anonymous, b.Memory.Anonymous...)
	r.last = b
}

// stack gives a sample's functions, leaf first.
func (r *recorded) stack(sample int) []string {
	var functions []string
	for at := r.samples.Stack[sample]; at >= 0; at = r.stacks.Parent[at] {
		functions = append(functions, r.function[r.stacks.Frame[at]])
	}
	return functions
}

// lines are the functions of a sample's stack with their lines, leaf first: "main:12".
func (r *recorded) lines(sample int) []string {
	var lines []string
	for at := r.samples.Stack[sample]; at >= 0; at = r.stacks.Parent[at] {
		lines = append(lines, r.positions[r.stacks.Frame[at]]...)
	}
	return lines
}

func (r *recorded) process(sample int) wire.ProcessRow {
	return r.processes[r.threads[r.samples.Thread[sample]].Process]
}

// warm lets the engine load, so that what follows is not about that.
func (c *client) warm() {
	c.t.Helper()
	c.record(wire.Target{Kind: wire.TargetUser}, 1, 10*time.Millisecond)
}

// loadPatience is enough for an emulated processor, on a busy machine, to load the engine: it takes 20 s on one at rest.
const loadPatience = 4 * time.Minute

// record runs a recording until it has lasted a while, or ended by itself.
func (c *client) record(target wire.Target, hz int, lasting time.Duration) *recorded {
	c.t.Helper()
	return c.recordUntil(target, hz, func() { time.Sleep(lasting) })
}

// recordUntil runs a recording while `work` does something, or until it ended by itself.
func (c *client) recordUntil(target wire.Target, hz int, work func()) *recorded {
	c.t.Helper()
	return c.recordEvents(target, []wire.EventName{wire.EventCPU}, hz, work)
}

func (c *client) recordEvents(target wire.Target, events []wire.EventName, hz int, work func()) *recorded {
	c.t.Helper()
	start := wire.StartRequest{Type: wire.TypeStart, Recording: 1, Target: target, Events: events, Hz: hz}
	follows := slices.Contains(events, wire.EventAlloc)
	if follows {
		start.AllocationSeconds = 60
	}
	c.send(start)
	c.await(wire.TypeStarted, loadPatience)
	r := &recorded{}
	if follows {
		r.open = make(chan struct{})
		before := work
		work = func() { <-r.open; before() }
	}
	over, ended := make(chan struct{}), make(chan struct{})
	go func() { defer close(over); work() }()
	defer close(ended)
	go func() {
		select {
		case <-over:
			c.send(wire.StopRequest{Type: wire.TypeStop, Recording: 1})
		case <-ended:
		}
	}()
	for {
		kind, data := c.next(loadPatience)
		switch {
		case r.take(c, kind, data):
		case kind == wire.TypeStopped:
			if err := json.Unmarshal(data, &r.stopped); err != nil {
				c.t.Fatal(err)
			}
			return r
		default:
			c.t.Fatalf("got %q %s", kind, data)
		}
	}
}

// take takes in a message of a recording that goes on; false for any other.
func (r *recorded) take(c *client, kind string, data []byte) bool {
	switch kind {
	case wire.TypeAllocations:
		var box wire.Allocations
		if err := json.Unmarshal(data, &box); err != nil {
			c.t.Fatal(err)
		}
		if r.boxes = append(r.boxes, box); len(r.boxes) == 1 && r.open != nil {
			close(r.open)
		}
	case wire.TypeBatch:
		r.add(c.t, data)
	case wire.TypeStarted, wire.TypeProgress:
	default:
		return false
	}
	return true
}

func run1(t *testing.T, folder, name string, arguments ...string) *exec.Cmd {
	t.Helper()
	command := exec.Command(name, arguments...)
	command.Dir = folder
	if err := command.Start(); err != nil {
		t.Skipf("skipped: %v", err)
	}
	t.Cleanup(func() { _ = command.Process.Kill(); _ = command.Wait() })
	return command
}

func write(t *testing.T, folder, name, text string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

const pythonLoop = `
def hot(n):
    s = 0
    for i in range(n):
        s += i * i
    return s
def main():
    while True:
        hot(100000)
main()
`

const cLoop = `
volatile unsigned long sink;
__attribute__((noinline)) void burn(long n) { for (long i = 0; i < n; i++) sink += i * i; }
int main(int argc, char **argv) { do burn(argc > 1 ? 20000000 : 1000000); while (argc == 1); return 0; }
`

func compile(t *testing.T, folder string) string {
	t.Helper()
	return compileFile(t, folder, write(t, folder, "burn.c", cLoop), "-O2")
}

// compileFile compiles one C file into the folder.
func compileFile(t *testing.T, folder, source string, options ...string) string {
	t.Helper()
	binary := filepath.Join(folder, strings.TrimSuffix(filepath.Base(source), ".c"))
	if out, err := exec.Command("cc", append(options, "-g", "-o", binary, source)...).CombinedOutput(); err != nil {
		t.Skipf("skipped: no C compiler: %v %s", err, out)
	}
	return binary
}

func workspace(folder string) wire.Target {
	return wire.Target{Kind: wire.TargetWorkspace, Folders: []string{folder}, ExcludePIDs: []int32{}}
}

func TestAWorkspacesPythonAndCAreRecordedWithTheirStacks(t *testing.T) {
	needKernel(t)
	folder := t.TempDir()
	write(t, folder, "app.py", pythonLoop)
	binary := compile(t, folder)
	h := startHelper(t, "--user", fmt.Sprint(testUID))
	run1(t, folder, "python3", "app.py")
	run1(t, "/", binary)
	other := run1(t, "/", "sh", "-c", "while :; do :; done")

	r := connect(t, h.socket).record(workspace(folder), 199, 3*time.Second)

	python, native, strangers := 0, 0, 0
	for i := range r.samples.Stack {
		stack := strings.Join(r.stack(i), " ")
		switch {
		case int(r.process(i).PID) == other.Process.Pid:
			strangers++
		case strings.Contains(stack, "hot main <module>"):
			python++
		case strings.Contains(stack, "burn"):
			native++
		}
		if r.samples.Value[i] != 1_000_000_000/199 {
			t.Fatalf("a sample at 199 Hz has value %d", r.samples.Value[i])
		}
		if r.samples.TimeNs[i] < 0 || r.samples.TimeNs[i] > r.stopped.DurationNs {
			t.Fatalf("a sample at %d is outside the recording of %d ns", r.samples.TimeNs[i], r.stopped.DurationNs)
		}
	}
	total := len(r.samples.Stack)
	if python < total/10 || native < total/10 || strangers > 0 {
		t.Errorf("of %d samples %d are of Python, %d of C, %d of a stranger", total, python, native, strangers)
	}
	if r.stopped.Reason != wire.StopRequested || r.stopped.Batches != r.batches || r.batches < 4 {
		t.Errorf("stopped %+v after %d batches", r.stopped, r.batches)
	}
	if c := r.last.Cost; c.HelperCPUNs <= 0 || c.ResidentBytes <= 0 || c.MapBytes <= 0 {
		t.Errorf("cost %+v", c)
	}
}

func TestEverySampleOfShortProcessesIsCountedWithItsProcess(t *testing.T) {
	needKernel(t)
	folder := t.TempDir()
	binary := compile(t, folder)
	script := write(t, folder, "many.sh", "for i in $(seq 1 60); do "+binary+" once; done\n")
	h := startHelper(t, "--user", fmt.Sprint(testUID))
	c := connect(t, h.socket)
	c.warm()
	r := c.recordUntil(workspace(folder), 999, func() { _ = exec.Command("sh", script).Run() })
	sampled, rows, named := int64(0), map[int]bool{}, 0
	for i := range r.samples.Stack {
		if p := r.process(i); p.Executable == binary {
			sampled += r.samples.Value[i]
			rows[r.threads[r.samples.Thread[i]].Process] = true
			if leaf := r.stack(i)[0]; leaf == "burn" || leaf == "main" {
				named++
			}
		}
	}
	t.Logf("%d processes, %v sampled, loss %+v", len(rows), time.Duration(sampled), r.last.Loss)
	if len(rows) < 55 {
		t.Errorf("%d of 60 processes have samples", len(rows))
	}
	if named == 0 {
		t.Error("no leaf has a name")
	}
}

func TestARecordingOfAProcessEndsWithIt(t *testing.T) {
	needKernel(t)
	h := startHelper(t, "--user", fmt.Sprint(testUID))
	c := connect(t, h.socket)
	c.warm()
	// `sh` exits early; its child lives on for a second of processor time and counts too.
	command := exec.Command("sh", "-c", "sleep 1; (ulimit -t 1; while :; do :; done) &")
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = command.Wait() }()
	target := wire.Target{Kind: wire.TargetProcess, PID: int32(command.Process.Pid), Children: true}
	r := c.record(target, 99, 30*time.Second)
	if r.stopped.Reason != wire.StopTargetExited {
		t.Errorf("stopped because %s", r.stopped.Reason)
	}
	if len(r.samples.Stack) < 20 {
		t.Errorf("%d samples of the child", len(r.samples.Stack))
	}
}

func TestAHelperThatIsToldToExitSaysSoAndLeavesNothing(t *testing.T) {
	needKernel(t)
	h := startHelper(t, "--user", fmt.Sprint(testUID))
	c := connect(t, h.socket)
	c.send(wire.StartRequest{
		Type: wire.TypeStart, Recording: 1, Target: wire.Target{Kind: wire.TargetUser}, Events: []wire.EventName{wire.EventCPU}, Hz: 99,
	})
	c.await(wire.TypeStarted, 60*time.Second)
	_ = h.command.Process.Signal(syscall.SIGTERM)
	var stopped wire.Stopped
	if err := json.Unmarshal(c.await(wire.TypeStopped, 10*time.Second), &stopped); err != nil {
		t.Fatal(err)
	}
	if stopped.Reason != wire.StopHelperExiting {
		t.Errorf("stopped because %s", stopped.Reason)
	}
	<-h.exited
	if code := h.state.ExitCode(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if _, err := os.Lstat(h.socket); !os.IsNotExist(err) {
		t.Errorf("the socket is still there: %v", err)
	}
}

func TestANonsensicalClientIsClosedAndOthersGoOn(t *testing.T) {
	needKernel(t)
	h := startHelper(t, "--user", fmt.Sprint(testUID))
	sane := connect(t, h.socket)
	for _, say := range []func(*client){
		func(c *client) { c.send("what?") },
		func(c *client) { _ = c.socket.Write(context.Background(), websocket.MessageBinary, []byte{1, 2, 3}) },
		func(c *client) { c.send(map[string]any{"type": "start"}) },
		func(c *client) {
			_ = c.socket.Write(context.Background(), websocket.MessageText, []byte(strings.Repeat(" ", wire.MaxFrameBytes+1)))
		},
	} {
		c := dial(t, h.socket)
		say(c)
		kind, data := c.next(5 * time.Second)
		var refused wire.HelperError
		_ = json.Unmarshal(data, &refused)
		if kind != "" && (kind != wire.TypeError || refused.Code != wire.BadMessage) {
			t.Errorf("got %q %s", kind, data)
		}
		if kind, _ := c.next(5 * time.Second); kind != "" {
			t.Errorf("the connection goes on with %q", kind)
		}
	}
	c := dial(t, h.socket)
	c.send(wire.ClientHello{Type: wire.TypeHello, Protocol: 99, Client: "test"})
	if _, data := c.next(5 * time.Second); !strings.Contains(string(data), string(wire.WrongVersion)) {
		t.Errorf("another version got %s", data)
	}
	sane.send(wire.ProcessesRequest{Type: wire.TypeProcesses, Request: 7})
	var list wire.ProcessList
	if err := json.Unmarshal(sane.await(wire.TypeProcesses, 5*time.Second), &list); err != nil || len(list.Processes) == 0 {
		t.Errorf("the sane client got %+v, %v", list, err)
	}
}

func TestAHelperWithoutClientsExits(t *testing.T) {
	needKernel(t)
	h := startHelper(t, "--user", fmt.Sprint(testUID), "--idle", "1s")
	c := connect(t, h.socket)
	time.Sleep(1500 * time.Millisecond)
	select {
	case <-h.exited:
		t.Fatal("it exited with a client")
	default:
	}
	_ = c.socket.Close(websocket.StatusNormalClosure, "")
	select {
	case <-h.exited:
	case <-time.After(5 * time.Second):
		t.Fatal("it did not exit")
	}
}

func TestASecondHelperRefusesToServeTheSameUser(t *testing.T) {
	needKernel(t)
	h := startHelper(t, "--user", fmt.Sprint(testUID))
	out, err := exec.Command(h.command.Path, "serve", "--user", fmt.Sprint(testUID)).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "another helper already serves") {
		t.Errorf("%v: %s", err, out)
	}
}
