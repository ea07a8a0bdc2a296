package target

import (
	"os"
	"path/filepath"
	"testing"

	"flameline.dev/helper/internal/wire"
)

func TestAWorkspacesProcesses(t *testing.T) {
	folder := t.TempDir()
	must(t, os.WriteFile(filepath.Join(folder, "app.py"), nil, 0o600))
	elsewhere := t.TempDir()
	must(t, os.WriteFile(filepath.Join(elsewhere, "other.py"), nil, 0o600))
	link := filepath.Join(t.TempDir(), "link")
	must(t, os.Symlink(folder, link))
	python := "/usr/bin/python3"
	for name, c := range map[string]struct {
		processes []fake
		want      string
	}{
		"by executable":                {[]fake{{pid: 5, exe: folder + "/app", cwd: "/"}}, "[5]"},
		"by working directory":         {[]fake{{pid: 5, exe: python, cwd: folder + "/deep/er"}}, "[5]"},
		"by a script's relative path":  {[]fake{{pid: 5, exe: python, cwd: filepath.Dir(folder), command: []string{"python3", "-u", filepath.Base(folder) + "/app.py"}}}, "[5]"},
		"by a script's absolute path":  {[]fake{{pid: 5, exe: python, cwd: "/", command: []string{"python3", folder + "/app.py"}}}, "[5]"},
		"by a script through a link":   {[]fake{{pid: 5, exe: python, cwd: "/", command: []string{"python3", link + "/app.py"}}}, "[5]"},
		"by an ancestor's directory":   {[]fake{{pid: 5, cwd: folder}, {pid: 6, parent: 5, cwd: "/"}, {pid: 7, parent: 6, cwd: "/"}}, "[5 6 7]"},
		"a deleted executable":         {[]fake{{pid: 5, exe: folder + "/app (deleted)", cwd: "/"}}, "[5]"},
		"not a neighbour's name":       {[]fake{{pid: 5, exe: folder + "2/app", cwd: folder + "-old"}}, "[]"},
		"not a file that is not there": {[]fake{{pid: 5, exe: python, cwd: "/", command: []string{"python3", folder + "/gone.py"}}}, "[]"},
		"not another folder's script":  {[]fake{{pid: 5, exe: python, cwd: elsewhere, command: []string{"python3", "other.py"}}}, "[]"},
		"not an option":                {[]fake{{pid: 5, exe: python, cwd: "/", command: []string{"cat", "--in=" + folder + "/app.py"}}}, "[]"},
		"not what is excluded":         {[]fake{{pid: 90, cwd: folder}}, "[]"},
		"but what it started there":    {[]fake{{pid: 90, cwd: folder}, {pid: 6, parent: 90, cwd: folder}}, "[6]"},
		"not for an excluded ancestor": {[]fake{{pid: 90, cwd: folder}, {pid: 6, parent: 90, cwd: "/"}}, "[]"},
		"not the helper and its own":   {[]fake{{pid: 80, cwd: folder}, {pid: 81, parent: 80, cwd: folder}, {pid: 82, cwd: folder}}, "[]"},
	} {
		t.Run(name, func(t *testing.T) {
			target := wire.Target{Kind: wire.TargetWorkspace, Folders: []string{link}, ExcludePIDs: []int32{90}}
			if got := wantedPIDs(t, target, Own{Helper: 80, Client: 82}, 0, c.processes...); got != c.want {
				t.Errorf("wanted %s, want %s", got, c.want)
			}
		})
	}
}

func TestAnEditorsOwnToolsAreNeverMeantAlsoWhereTheySearchInTheFolder(t *testing.T) {
	folder, editor := t.TempDir(), t.TempDir()
	must(t, os.WriteFile(filepath.Join(folder, "app.py"), nil, 0o600))
	must(t, os.Mkdir(filepath.Join(editor, "node_modules"), 0o700))
	link := filepath.Join(t.TempDir(), "link")
	must(t, os.Symlink(editor, link))
	target := wire.Target{
		Kind: wire.TargetWorkspace, Folders: []string{folder}, ExcludeTrees: []int32{20}, ExcludePrograms: []string{link + "/node_modules"},
	}
	rg := editor + "/node_modules/ripgrep/rg"
	got := wantedPIDs(t, target, Own{Helper: 80}, 0,
		fake{pid: 20, cwd: "/srv"},
		// Its glob is the name of a file that is there.
		fake{pid: 21, parent: 20, exe: rg, cwd: folder, command: []string{"rg", "--files", "-g", "app.py"}},
		fake{pid: 30, cwd: "/srv"}, // another window's extension host
		fake{pid: 31, parent: 30, exe: rg, cwd: folder, command: []string{"rg", "--files"}},
		fake{pid: 40, exe: "/usr/bin/rg", cwd: folder, command: []string{"rg", "todo"}}, // the user's
		fake{pid: 41, exe: editor + "/node", cwd: "/srv", command: []string{"node", folder + "/app.py"}},
		fake{pid: 42, exe: editor + "/node_modules2/tool", cwd: folder},
	)
	if got != "[40 41 42]" {
		t.Errorf("wanted %s, want [40 41 42]", got)
	}
}

func TestBelowAnExtensionHostProgramsCountAndWorkingDirectoriesDoNot(t *testing.T) {
	folder := t.TempDir()
	script := filepath.Join(folder, "app.py")
	must(t, os.WriteFile(script, nil, 0o600))
	target := wire.Target{Kind: wire.TargetWorkspace, Folders: []string{folder}, ExcludeTrees: []int32{20}}
	got := wantedPIDs(t, target, Own{Helper: 80}, 0,
		fake{pid: 10, cwd: "/srv"},
		fake{pid: 20, parent: 10, cwd: folder}, // the extension host
		fake{pid: 21, parent: 20, exe: "/home/ada/go/bin/gopls", cwd: folder},
		fake{pid: 22, parent: 21, exe: "/usr/bin/go", cwd: folder, command: []string{"go", "list"}},
		fake{pid: 23, parent: 20, exe: "/usr/bin/python3", cwd: "/srv", command: []string{"python3", "adapter", script}}, // a debuggee
		fake{pid: 24, parent: 23, exe: "/usr/bin/sort", cwd: "/srv"},
		fake{pid: 25, parent: 20, exe: filepath.Join(folder, "bin", "app"), cwd: "/srv"},
		fake{pid: 30, parent: 10, exe: "/usr/bin/bash", cwd: folder}, // a terminal
		fake{pid: 31, parent: 30, exe: "/usr/bin/make", cwd: folder},
	)
	if want := "[23 24 25 30 31]"; got != want {
		t.Errorf("wanted %s, want %s", got, want)
	}
}

func TestAFolderMountedInAContainerIsKnownByWhatItIs(t *testing.T) {
	folder, root := t.TempDir(), t.TempDir()
	must(t, os.Symlink(folder, filepath.Join(root, "mounted"))) // stands for a bind mount
	target := wire.Target{Kind: wire.TargetWorkspace, Folders: []string{folder}}
	got := wantedPIDs(t, target, Own{Helper: 80}, 0, fake{pid: 5, cwd: "/mounted/sub", root: root}, fake{pid: 6, cwd: "/srv", root: root})
	if got != "[5]" {
		t.Errorf("wanted %s", got)
	}
}

func TestAProcessAndItsChildren(t *testing.T) {
	processes := []fake{{pid: 5, startTicks: 100}, {pid: 6, parent: 5}, {pid: 7, parent: 6}, {pid: 8}}
	for _, c := range []struct {
		children bool
		startNs  uint64
		want     string
	}{
		{true, 1_000_000_000, "[5 6 7]"},
		{false, 1_000_000_000, "[5]"},
		{true, 2_000_000_000, "[]"}, // the pid was taken by another process since
	} {
		target := wire.Target{Kind: wire.TargetProcess, PID: 5, Children: c.children}
		if got := wantedPIDs(t, target, Own{Helper: 80}, c.startNs, processes...); got != c.want {
			t.Errorf("%+v: wanted %s", c, got)
		}
	}
}

func TestOnlyRootSeesOtherUsersProcesses(t *testing.T) {
	for _, c := range []struct {
		peer, owner uint32
		want        bool
	}{{0, 1000, true}, {0, MixedUID, true}, {1000, 1000, true}, {1000, 1001, false}, {1000, 0, false}, {1000, MixedUID, false}, {MixedUID, MixedUID, false}} {
		if got := Visible(c.peer, c.owner); got != c.want {
			t.Errorf("%d sees a process of %d: %v", c.peer, c.owner, got)
		}
	}
}
