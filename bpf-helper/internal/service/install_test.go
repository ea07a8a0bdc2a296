package service

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// machine is a made-up one with a program to install, and what was asked of systemd.
type machine struct {
	*Machine
	t     *testing.T
	asked []string
}

func newMachine(t *testing.T, folders ...string) *machine {
	t.Helper()
	m := &machine{t: t, Machine: &Machine{Root: t.TempDir()}}
	m.Control = func(arguments ...string) error {
		m.asked = append(m.asked, strings.Join(arguments, " "))
		return nil
	}
	must(t, os.Chmod(m.Root, 0o755))
	for _, folder := range append([]string{"/usr/local/lib", "/opt"}, folders...) {
		must(t, os.MkdirAll(filepath.Join(m.Root, folder), 0o755))
	}
	m.program("one")
	return m
}

// program makes what is installed next.
func (m *machine) program(content string) {
	m.t.Helper()
	m.Self = filepath.Join(m.t.TempDir(), "program")
	must(m.t, os.WriteFile(m.Self, []byte(content), 0o700))
}

func (m *machine) install(want string) {
	m.t.Helper()
	said, err := m.Install(InstallOptions{Version: "1.2.3"})
	if err != nil || !strings.Contains(said, want) {
		m.t.Errorf("install said %q (%v), want %q", said, err, want)
	}
}

func (m *machine) refuses(want string) {
	m.t.Helper()
	before := m.tree()
	said, err := m.Install(InstallOptions{})
	if err == nil || !strings.Contains(err.Error(), want) {
		m.t.Errorf("install said %q (%v), want a refusal with %q", said, err, want)
	}
	if after := m.tree(); !slices.Equal(before, after) {
		m.t.Errorf("a refused install changed\n%v to\n%v", before, after)
	}
}

// tree names everything that is there, with mode and, of files, content's length.
func (m *machine) tree() []string {
	m.t.Helper()
	var all []string
	must(m.t, filepath.WalkDir(m.Root, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		size := int64(0)
		if info.Mode().IsRegular() {
			size = info.Size()
		}
		all = append(all, fmt.Sprintf("%s %v %d", strings.TrimPrefix(path, m.Root), info.Mode(), size))
		return nil
	}))
	return all
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const installedHelper = "/usr/local/lib/flameline/flameline-helper"

func (m *machine) content(path string) string {
	m.t.Helper()
	content, err := os.ReadFile(filepath.Join(m.Root, path))
	must(m.t, err)
	return string(content)
}

func TestInstallUpgradeAndUninstallLeaveNothing(t *testing.T) {
	m := newMachine(t, "/run/systemd/system", unitFolder, policyFolder)
	before := m.tree()
	m.install("1.2.3 is installed at " + installedHelper + ". systemd starts it")
	info, err := os.Lstat(filepath.Join(m.Root, installedHelper))
	must(t, err)
	if info.Mode() != 0o755 || m.content(installedHelper) != "one" {
		t.Errorf("installed as %v: %q", info.Mode(), m.content(installedHelper))
	}
	for path, want := range map[string]string{
		"/etc/systemd/system/flameline.service":                   "ExecStart=" + installedHelper + " serve --service\n",
		"/etc/systemd/system/flameline.socket":                    "ListenStream=/run/flameline/helper.sock\n",
		"/usr/share/polkit-1/actions/org.flameline.helper.policy": ">" + installedHelper + "</annotate>",
	} {
		if content := m.content(path); !strings.Contains(content, want) || strings.Contains(content, "{{") {
			t.Errorf("%s lacks %q:\n%s", path, want, content)
		}
	}
	if want := []string{"daemon-reload", "enable flameline.socket", "restart flameline.socket", "stop flameline.service"}; !slices.Equal(m.asked, want) {
		t.Errorf("systemd was asked %q", m.asked)
	}
	m.asked = nil
	m.install("already installed")
	if len(m.asked) > 0 {
		t.Errorf("for nothing systemd was asked %q", m.asked)
	}
	m.program("two, which is longer")
	m.install("has replaced the one at")
	if m.content(installedHelper) != "two, which is longer" {
		t.Errorf("after the upgrade there is %q", m.content(installedHelper))
	}
	if want := []string{"daemon-reload", "enable flameline.socket", "start flameline.socket", "stop flameline.service"}; !slices.Equal(m.asked, want) {
		t.Errorf("for an upgrade systemd was asked %q", m.asked)
	}
	said, err := m.Uninstall()
	if err != nil || !strings.Contains(said, "is removed: ") {
		t.Errorf("uninstall said %q (%v)", said, err)
	}
	if after := m.tree(); !slices.Equal(before, after) {
		t.Errorf("before\n%v\nand after\n%v", before, after)
	}
	if said, err := m.Uninstall(); err != nil || !strings.Contains(said, "was not installed") {
		t.Errorf("a second uninstall said %q (%v)", said, err)
	}
}

func TestWithoutSystemdOnlyTheHelperIsInstalled(t *testing.T) {
	m := newMachine(t)
	m.install("This machine does not run systemd: have it started as root with `" + installedHelper + " serve --service`")
	if len(m.asked) > 0 {
		t.Errorf("systemd was asked %q", m.asked)
	}
	if _, err := os.Lstat(filepath.Join(m.Root, unitFolder)); err == nil {
		t.Error("units were written")
	}
}

func TestADamagedProgramIsNotInstalled(t *testing.T) {
	m := newMachine(t)
	before := m.tree()
	_, err := m.Install(InstallOptions{SHA256: strings.Repeat("0", 64)})
	if err == nil || !strings.Contains(err.Error(), "damaged or was exchanged") {
		t.Errorf("got %v", err)
	}
	if !slices.Equal(before, m.tree()) {
		t.Error("something was written all the same")
	}
	digest, err := digestOf(m.Self)
	must(t, err)
	if _, err := m.Install(InstallOptions{SHA256: strings.ToUpper(digest)}); err != nil {
		t.Error(err)
	}
}

func TestAPlaceThatOthersCanChangeIsNotUsed(t *testing.T) {
	for name, spoil := range map[string]func(path string){
		"its group may write":  func(path string) { must(t, os.Chmod(path, 0o775)) },
		"everybody may write":  func(path string) { must(t, os.Chmod(path, os.ModeSticky|0o777)) },
		"it is another user's": func(path string) { must(t, os.Chown(path, 12345, 12345)) },
		"it is a link":         func(path string) { must(t, os.RemoveAll(path)); must(t, os.Symlink(t.TempDir(), path)) },
		"a file is in the way": func(path string) { must(t, os.RemoveAll(path)); must(t, os.WriteFile(path, nil, 0o600)) },
	} {
		t.Run(name, func(t *testing.T) {
			if strings.Contains(name, "another user") && os.Geteuid() != 0 {
				t.Skip("skipped: only root can give a folder away")
			}
			for _, folder := range []string{"/usr", "/usr/local", "/usr/local/lib"} {
				m := newMachine(t)
				spoil(filepath.Join(m.Root, folder))
				m.install("is installed at /opt/flameline/flameline-helper")
				// With the other place spoiled too there is none.
				m = newMachine(t)
				spoil(filepath.Join(m.Root, folder))
				spoil(filepath.Join(m.Root, "opt"))
				_, err := m.Install(InstallOptions{})
				if err == nil || !strings.Contains(err.Error(), "there is no safe place") {
					t.Errorf("with %s spoiled: %v", folder, err)
				}
			}
		})
	}
}

func TestSomebodyElsesFilesAreLeftAlone(t *testing.T) {
	foreign := func(m *machine, path string) string {
		at := filepath.Join(m.Root, path)
		must(t, os.MkdirAll(filepath.Dir(at), 0o755))
		must(t, os.WriteFile(at, []byte("[Service]\nExecStart=/bin/other\n"), 0o644))
		return at
	}
	for _, path := range []string{"/etc/systemd/system/flameline.service", "/etc/systemd/system/flameline.socket"} {
		m := newMachine(t, "/run/systemd/system", unitFolder)
		at := foreign(m, path)
		_, err := m.Install(InstallOptions{})
		if err == nil || !strings.Contains(err.Error(), "was not put there by Flameline") {
			t.Errorf("over %s: %v", path, err)
		}
		if _, err := os.Lstat(filepath.Join(m.Root, installedHelper)); err == nil {
			t.Error("the helper was installed all the same")
		}
		if said, err := m.Uninstall(); err != nil || !strings.Contains(said, "Left alone") {
			t.Errorf("uninstall said %q (%v)", said, err)
		}
		if _, err := os.Lstat(at); err != nil {
			t.Error(err)
		}
	}
	m := newMachine(t)
	m.install("is installed")
	kept := foreign(m, "/usr/local/lib/flameline/notes.txt")
	if _, err := m.Uninstall(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(kept); err != nil {
		t.Error(err)
	}
}

func TestWhatLiesAtTheHelpersPathIsNeitherFollowedNorRead(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	must(t, os.WriteFile(secret, []byte("secret"), 0o600))
	for name, put := range map[string]func(path string){
		"is a symbolic link": func(path string) { must(t, os.Symlink(secret, path)) },
		"is not a file":      func(path string) { must(t, syscall.Mkfifo(path, 0o600)) },
	} {
		m := newMachine(t)
		at := filepath.Join(m.Root, installedHelper)
		must(t, os.MkdirAll(filepath.Dir(at), 0o755))
		put(at)
		m.refuses(name)
	}
	// A link as the fresh file beside it is removed, not written through.
	m := newMachine(t)
	at := filepath.Join(m.Root, "/usr/local/lib/flameline/.flameline-helper.new")
	must(t, os.MkdirAll(filepath.Dir(at), 0o755))
	must(t, os.Symlink(secret, at))
	m.install("is installed")
	if content, err := os.ReadFile(secret); err != nil || string(content) != "secret" {
		t.Errorf("the link's target is now %q (%v)", content, err)
	}
}

func TestAHelperInASecondPlaceIsRemovedWithTheUpgrade(t *testing.T) {
	m := newMachine(t)
	must(t, os.Chmod(filepath.Join(m.Root, "/usr/local/lib"), 0o775))
	m.install("/opt/flameline/flameline-helper")
	must(t, os.Chmod(filepath.Join(m.Root, "/usr/local/lib"), 0o755))
	m.install("is installed at " + installedHelper)
	if _, err := os.Lstat(filepath.Join(m.Root, "/opt/flameline")); err == nil {
		t.Error("the old one stays")
	}
}
