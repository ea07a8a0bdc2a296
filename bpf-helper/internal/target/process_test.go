package target

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestAProcessIsReadWhole(t *testing.T) {
	proc := fakeProc(t, fake{pid: 7, parent: 3, exe: "/bin/app", cwd: "/srv", command: []string{"app", "", "x y"}, startTicks: 250})
	p, err := proc.Read(7)
	must(t, err)
	got := fmt.Sprintf("%d %d %q %s %q %s %s %d %d %v", p.PID, p.ParentPID, p.Name, p.Executable, p.CommandLine, p.WorkingDirectory, p.Root, p.StartNs, p.CPUNs, p.UID == uint32(os.Getuid()))
	want := `7 3 "na me) x" /bin/app ["app" "" "x y"] /srv / 2500000000 70000000 true`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAProcessWithMixedUIDsBelongsToNoOne(t *testing.T) {
	for _, uids := range []string{"1000 0 0 0", "0 0 0 1", "", "x x x x", fmt.Sprintf("%[1]d %[1]d %[1]d %[2]d", os.Getuid(), os.Getuid()+1)} {
		if p, err := fakeProc(t, fake{pid: 7, uids: uids + " "}).Read(7); err != nil || p.UID != MixedUID {
			t.Errorf("uids %q give %d, %v", uids, p.UID, err)
		}
	}
}

// What may not be dumped may not be looked at by its own user either: an agent that holds keys, a program that was setuid.
func TestAProcessThatMayNotBeDumpedBelongsToNoOne(t *testing.T) {
	const other = 64_243
	for _, dumpable := range []int{1, 0} {
		command := exec.Command("/usr/bin/python3", "-c", fmt.Sprintf("import ctypes, sys; ctypes.CDLL(None).prctl(4, %d); print(flush=True); sys.stdin.read()", dumpable))
		uid := uint32(os.Getuid())
		if uid == 0 {
			uid = other
			command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: other, Gid: other}}
		}
		command.Dir, command.Env = "/", []string{"PATH=/usr/bin:/bin"}
		input, err := command.StdinPipe()
		must(t, err)
		output, err := command.StdoutPipe()
		must(t, err)
		if err := command.Start(); err != nil {
			t.Skipf("skipped: no Python: %v", err)
		}
		_, _ = output.Read(make([]byte, 1))
		pid := int32(command.Process.Pid)
		start, err := Proc{"/proc"}.StartNs(pid)
		must(t, err)
		whole, wholeErr := Proc{"/proc"}.Read(pid)
		links, linksErr := Proc{"/proc"}.ReadLinks(pid, start)
		_ = input.Close()
		_ = command.Wait()
		must(t, errors.Join(wholeErr, linksErr))
		if visible := Visible(uid, whole.UID); visible != (dumpable == 1) {
			t.Errorf("dumpable %d: its owner may look: %v", dumpable, visible)
		}
		if visible := Visible(uid, links.UID); visible != (dumpable == 1) {
			t.Errorf("dumpable %d, read after an exec: its owner may look: %v", dumpable, visible)
		}
	}
}

func TestAProcessThatIsGoneIsAnError(t *testing.T) {
	proc := fakeProc(t, fake{pid: 7})
	if _, err := proc.Read(8); !errors.Is(err, ErrGone) {
		t.Errorf("got %v", err)
	}
	must(t, os.WriteFile(filepath.Join(proc.Folder, "7", "stat"), []byte("7 (x"), 0o600))
	if _, err := proc.Read(7); err == nil {
		t.Error("a broken stat was believed")
	}
}

func TestCommandLinesAreCut(t *testing.T) {
	var long []string
	for range 1000 {
		long = append(long, strings.Repeat("é", 3000))
	}
	kept := LimitArguments(long)
	bytes := 0
	for _, argument := range kept {
		bytes += len(argument)
	}
	if len(kept) == 0 || len(kept) > maxArguments || bytes > maxCommandBytes {
		t.Errorf("%d arguments of %d bytes are kept", len(kept), bytes)
	}
}

func TestTheTableKnowsProcessesThatAreGone(t *testing.T) {
	table := NewTable(fakeProc(t, fake{pid: 7, cwd: "/srv", startTicks: 100}))
	_, err := table.Scan(func(*Process) bool { return false })
	must(t, err)
	child := table.Forked(9, 7, 5, 2_000_000_123)
	if child.WorkingDirectory != "/srv" || child.ParentPID != 7 || child.UID != 5 {
		t.Errorf("a child is %+v", child)
	}
	program := table.Executed(9, 7, 5, 2_000_000_123, "bin/app", []string{"app", "-x"})
	if program == child || program.Executable != "/srv/bin/app" || program.Name != "app" || program.WorkingDirectory != "/srv" {
		t.Errorf("its program is %+v", program)
	}
	table.Exited(9)
	if got := table.Get(9, 2_000_000_123, nil); got != program {
		t.Errorf("after its exit it is %+v", got)
	}
	if got := table.Get(9, 3_000_000_000, nil); got != nil {
		t.Errorf("another process with its pid is %+v", got)
	}
	stranger := &Process{PID: 9}
	if got := table.Get(9, 3_000_000_000, func() *Process { return stranger }); got != stranger {
		t.Errorf("a stranger is %+v", got)
	}
}

// A process whose memory is gone has no executable any more, and its files belong to root: the exec's own words must do.
func TestAnExecOfADyingProcessIsToldByTheKernel(t *testing.T) {
	proc := fakeProc(t, fake{pid: 7, exe: "", cwd: "/srv", startTicks: 250})
	process := NewTable(proc).Executed(7, 3, 1000, 2_500_000_000, "/bin/app", []string{"app"})
	if process.Executable != "/bin/app" || process.UID != 1000 || process.Name != "app" {
		t.Errorf("%+v", process)
	}
}
