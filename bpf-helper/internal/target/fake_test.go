package target

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"flameline.dev/helper/internal/wire"
)

// fake is one process of a made-up /proc.
type fake struct {
	pid, parent int32
	exe, cwd    string
	root        string
	command     []string
	startTicks  int
	uids        string // as in status; the owner's four times by default
}

// fakeProc lays out processes like /proc. The owner of the folders is whoever runs the tests.
func fakeProc(t *testing.T, processes ...fake) Proc {
	t.Helper()
	folder := t.TempDir()
	for _, p := range processes {
		at := filepath.Join(folder, strconv.Itoa(int(p.pid)))
		must(t, os.Mkdir(at, 0o755))
		stat := fmt.Sprintf("%d (na me) x) S %d 0 0 0 0 0 0 0 0 0 3 4 0 0 0 0 0 0 %d 0\n", p.pid, p.parent, p.startTicks)
		must(t, os.WriteFile(filepath.Join(at, "stat"), []byte(stat), 0o600))
		uids := p.uids
		if uids == "" {
			uids = strings.Repeat(fmt.Sprint(os.Getuid())+"\t", 4)
		}
		must(t, os.WriteFile(filepath.Join(at, "status"), []byte("Name:\tx\nUid:\t"+uids+"\nGid:\t0\n"), 0o600))
		must(t, os.WriteFile(filepath.Join(at, "cmdline"), []byte(strings.Join(p.command, "\x00")+"\x00"), 0o600))
		root := p.root
		if root == "" {
			root = "/"
		}
		for name, link := range map[string]string{"exe": p.exe, "cwd": p.cwd, "root": root} {
			if link != "" {
				must(t, os.Symlink(link, filepath.Join(at, name)))
			}
		}
	}
	return Proc{folder}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantedPIDs are the pids that a target wants among the processes, in order.
func wantedPIDs(t *testing.T, target wire.Target, own Own, startNs uint64, processes ...fake) string {
	t.Helper()
	table := NewTable(fakeProc(t, processes...))
	all, err := table.Scan(func(*Process) bool { return false })
	must(t, err)
	if len(all) != len(processes) {
		t.Fatalf("read %d of %d processes", len(all), len(processes))
	}
	selection := NewSelection(target, own, startNs)
	var wanted []int
	for _, f := range processes {
		p := table.Known(f.pid)
		if selection.Wants(p, table.Ancestors(p)) {
			wanted = append(wanted, int(f.pid))
		}
	}
	return fmt.Sprint(wanted)
}
