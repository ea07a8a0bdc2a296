package control

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

func TestTheSocketIsForItsUserAlone(t *testing.T) {
	run, uid := filepath.Join(t.TempDir(), "run"), uint32(os.Geteuid())
	s, err := listen(run, uid)
	if err != nil {
		t.Fatal(err)
	}
	defer s.remove()
	for path, want := range map[string]os.FileMode{
		run: os.ModeDir | 0o755, filepath.Join(run, strconv.Itoa(int(uid))): os.ModeDir | 0o711, s.path: os.ModeSocket | 0o600,
	} {
		info, err := os.Lstat(path)
		if err != nil || info.Mode() != want {
			t.Errorf("%s is %v (%v), want %v", path, info.Mode(), err, want)
		}
	}
}

func TestAStaleSocketOfOursIsReplaced(t *testing.T) {
	run, uid := t.TempDir(), uint32(os.Geteuid())
	first, err := listen(run, uid)
	if err != nil {
		t.Fatal(err)
	}
	_ = first.Close() // dies without removing its socket
	_ = first.lock.Close()
	second, err := listen(run, uid)
	if err != nil {
		t.Fatal(err)
	}
	defer second.remove()
	client, err := net.Dial("unix", second.path)
	if err != nil {
		t.Fatal(err)
	}
	_ = client.Close()
}

func TestASecondHelperIsRefused(t *testing.T) {
	run, uid := t.TempDir(), uint32(os.Geteuid())
	first, err := listen(run, uid)
	if err != nil {
		t.Fatal(err)
	}
	defer first.remove()
	refused(t, run, uid, "another helper already serves")
	// Even where the first one's lock is gone, its socket answers.
	_ = first.lock.Close()
	refused(t, run, uid, "another helper already serves")
}

func TestWhateverElseLiesAtThePathIsRefused(t *testing.T) {
	uid := uint32(os.Geteuid())
	for name, c := range map[string]struct {
		put  func(t *testing.T, run, folder, socket string)
		want string
	}{
		"a file":                {func(t *testing.T, _, _, socket string) { must(t, os.WriteFile(socket, nil, 0o600)) }, "not a socket"},
		"a folder":              {func(t *testing.T, _, _, socket string) { must(t, os.Mkdir(socket, 0o700)) }, "not a socket"},
		"a link to a socket":    {func(t *testing.T, _, _, socket string) { must(t, os.Symlink("/dev/log", socket)) }, "not a socket"},
		"a dangling link":       {func(t *testing.T, _, _, socket string) { must(t, os.Symlink("/nowhere", socket)) }, "not a socket"},
		"a pipe":                {func(t *testing.T, _, _, socket string) { must(t, syscall.Mkfifo(socket, 0o600)) }, "not a socket"},
		"a folder for everyone": {func(t *testing.T, _, folder, _ string) { must(t, os.Chmod(folder, 0o777)) }, "can be written by others"},
		"a run folder for all":  {func(t *testing.T, run, _, _ string) { must(t, os.Chmod(run, 0o777)) }, "can be written by others"},
		"a link as folder": {func(t *testing.T, _, folder, _ string) {
			must(t, os.Remove(folder))
			must(t, os.Symlink(t.TempDir(), folder))
		}, "not a folder"},
		"another user's socket": {func(t *testing.T, _, _, socket string) {
			if os.Geteuid() != 0 {
				t.Skip("skipped: only root can make another user's socket")
			}
			listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
			must(t, err)
			t.Cleanup(func() { _ = listener.Close() })
			must(t, os.Chown(socket, 12345, 12345))
		}, "socket of user 12345"},
		"another user's folder": {func(t *testing.T, _, folder, _ string) {
			if os.Geteuid() != 0 {
				t.Skip("skipped: only root can make another user's folder")
			}
			must(t, os.Chown(folder, 12345, 12345))
		}, "belongs to"},
	} {
		t.Run(name, func(t *testing.T) {
			run := t.TempDir()
			folder := filepath.Join(run, strconv.Itoa(int(uid)))
			must(t, os.Chmod(run, 0o755))
			must(t, os.Mkdir(folder, 0o711))
			c.put(t, run, folder, filepath.Join(folder, "helper.sock"))
			refused(t, run, uid, c.want)
		})
	}
}

func TestRemovingLeavesAnotherHelpersSocketAlone(t *testing.T) {
	run, uid := t.TempDir(), uint32(os.Geteuid())
	s, err := listen(run, uid)
	if err != nil {
		t.Fatal(err)
	}
	must(t, os.Remove(s.path))
	other, err := net.ListenUnix("unix", &net.UnixAddr{Name: s.path, Net: "unix"})
	must(t, err)
	defer other.Close()
	s.remove()
	if _, err := os.Lstat(s.path); err != nil {
		t.Error(err)
	}
}

func refused(t *testing.T, run string, uid uint32, want string) {
	t.Helper()
	s, err := listen(run, uid)
	if err == nil {
		s.remove()
		t.Error("it was accepted")
	} else if !strings.Contains(err.Error(), want) {
		t.Errorf("%q does not say %q", err, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
