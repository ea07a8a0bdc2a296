package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"flameline.dev/helper/internal/wire"
)

// TestADebugFileThatComesLateNamesTheFramesThatWereRecorded records a stripped program, and brings its debug file while the
// recording runs: first another build's, which changes nothing, then the right one. The recording's end waits for it.
func TestADebugFileThatComesLateNamesTheFramesThatWereRecorded(t *testing.T) {
	needKernel(t)
	folder := readableFolder(t)
	binary := compileFile(t, folder, write(t, folder, "burn.c", cLoop), "-O1", "-Wl,--build-id")
	right, wrong := filepath.Join(folder, "right"), filepath.Join(folder, "wrong")
	other := compileFile(t, t.TempDir(), write(t, t.TempDir(), "burn.c", cLoop), "-O2", "-Wl,--build-id")
	for _, command := range [][]string{
		{"objcopy", "--only-keep-debug", binary, right}, {"objcopy", "--only-keep-debug", other, wrong}, {"strip", binary},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Skipf("skipped: %v %s", err, out)
		}
	}
	buildID := buildIDOf(t, binary)
	program := run1(t, "/", binary)
	c := connect(t, startHelper(t, "--user", "64242").socket)
	c.warm()
	time.Sleep(warmUp)

	c.send(wire.StartRequest{
		Type: wire.TypeStart, Recording: 1, Hz: 99, Events: []wire.EventName{wire.EventCPU},
		Target: wire.Target{Kind: wire.TargetProcess, PID: int32(program.Process.Pid)},
	})
	c.await(wire.TypeStarted, 60*time.Second)
	r := &recorded{}
	var wanted []string
	take := func(data []byte) {
		r.add(t, data)
		var b wire.Batch
		if err := json.Unmarshal(data, &b); err != nil {
			t.Fatal(err)
		}
		wanted = append(wanted, b.DebugFiles...)
	}
	tell := func(state, path string) {
		c.send(wire.DebugFile{Type: wire.TypeDebugFile, BuildID: buildID, State: state, Path: path})
	}
	during := func(lasting time.Duration) {
		for until := time.Now().Add(lasting); time.Now().Before(until); {
			take(c.await(wire.TypeBatch, 5*time.Second))
		}
	}
	named := func() bool { return slices.Contains(r.function, "burn") && slices.Contains(r.function, "main") }
	during(2 * time.Second)
	if !slices.Contains(wanted, buildID) || named() {
		t.Fatalf("the helper lacks %v, not %s; it names %v", wanted, buildID, r.function)
	}
	unnamed := r.last.Loss.UnresolvedFrames
	tell(wire.DebugFileComing, "")
	tell(wire.DebugFileHere, wrong)
	during(time.Second)
	if named() {
		t.Error("another build's debug file gave names")
	}
	tell(wire.DebugFileComing, "")
	c.send(wire.StopRequest{Type: wire.TypeStop, Recording: 1})
	stopped := time.Now()
	go func() {
		time.Sleep(2 * time.Second)
		tell(wire.DebugFileHere, right)
	}()
	for {
		kind, data := c.next(10 * time.Second)
		if kind == wire.TypeStopped {
			break
		}
		if kind != wire.TypeBatch {
			t.Fatalf("got %q %s", kind, data)
		}
		take(data)
	}
	if !named() {
		t.Errorf("the right debug file names %v", r.function)
	}
	if unnamed < 2 || r.last.Loss.UnresolvedFrames > unnamed-2 {
		t.Errorf("%d frames were without a name, and %d are at the end", unnamed, r.last.Loss.UnresolvedFrames)
	}
	if waited := time.Since(stopped); waited > 6*time.Second {
		t.Errorf("the end came %v after it was asked for", waited)
	}

	// The next recording has the names from the beginning, and lacks nothing.
	wanted = nil
	next := c.record(wire.Target{Kind: wire.TargetProcess, PID: int32(program.Process.Pid)}, 99, time.Second)
	if !slices.Contains(next.function, "burn") {
		t.Errorf("the next recording names %v", next.function)
	}
}

func buildIDOf(t *testing.T, binary string) string {
	t.Helper()
	out, err := exec.Command("sh", "-c", `readelf -n "$0" | sed -n 's/.*Build ID: //p'`, binary).Output()
	if err != nil || len(out) < 10 {
		t.Skipf("skipped: no build id: %v", err)
	}
	return string(out[:len(out)-1])
}

// TestSplitDebugInformationIsOpenedForTheProcessesUser records programs whose debug information lies in a .dwo file, or in a .dwp file: one
// that their user can read, and one that only root can.
func TestSplitDebugInformationIsOpenedForTheProcessesUser(t *testing.T) {
	needKernel(t)
	c := connect(t, startHelper(t, "--user", "64242").socket)
	c.warm()
	for _, how := range []string{"dwo", "dwp", "closed"} {
		t.Run(how, func(t *testing.T) {
			folder := readableFolder(t)
			binary := compileFile(t, folder, write(t, folder, "burn.c", cLoop), "-O1", "-gdwarf-"+map[bool]string{true: "4", false: "5"}[how == "dwp"], "-gsplit-dwarf")
			parts, _ := filepath.Glob(filepath.Join(folder, "*.dwo"))
			if len(parts) != 1 {
				t.Skipf("skipped: the compiler made %v", parts)
			}
			switch how {
			case "dwp":
				// Of DWARF 4, and not for ever: packers of DWARF 5 crash or hang on programs as small as this.
				if out, err := exec.Command("timeout", "20", "dwp", "-e", binary, "-o", binary+".dwp").CombinedOutput(); err != nil {
					t.Skipf("skipped: %v %s", err, out)
				}
				_ = os.Remove(parts[0])
			case "closed":
				if err := os.Chmod(parts[0], 0o600); err != nil {
					t.Fatal(err)
				}
			}
			r := c.record(wire.Target{Kind: wire.TargetProcess, PID: burnAs(t, testUID, binary)}, 99, 3*time.Second)
			at := slices.Index(r.function, "burn")
			if at < 0 {
				t.Fatalf("the functions are %v", r.function)
			}
			if want := map[string]int{"dwo": 3, "dwp": 3, "closed": 0}[how]; r.begins[at] != want {
				t.Errorf("burn begins at line %d, want %d", r.begins[at], want)
			}
		})
	}
}
