package mapped

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// give makes a file of a user's.
func give(t *testing.T, path string, uid int, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(path, uid, uid); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAFileThatAPeerNamesIsOpenedWithThePeersRightsOnly(t *testing.T) {
	uid := unprivileged()
	process, path := sleeper(t, uid)
	folder := filepath.Dir(path)
	if os.Geteuid() == 0 {
		if err := os.Chown(folder, uid, uid); err != nil {
			t.Fatal(err)
		}
	}
	at := func(name string) string { return filepath.Join(folder, name) }
	open := func(path string) error {
		t.Helper()
		file, err := OpenOwn(process, uint32(uid), path)
		if err == nil {
			_ = file.Close()
		}
		return err
	}

	give(t, at("own"), uid, 0o600)
	if err := open(at("own")); err != nil {
		t.Errorf("the user's own file: %v", err)
	}
	if err := os.Symlink("own", at("link")); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(at("fifo"), 0o666); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		_ = os.Chown(at("fifo"), uid, uid)
	}
	give(t, at("huge"), uid, 0o600)
	if err := os.Truncate(at("huge"), maxOwnBytes+1); err != nil {
		t.Skip("no such large file can be made here")
	}
	give(t, at("closed"), uid, 0o000)
	refused := map[string]string{
		at("link"): "not a regular file", at("fifo"): "not a regular file", at("huge"): "bytes", at("closed"): "permission denied",
		"/dev/null": "not a regular file", at("none"): "no such file", "own": "absolute", "/proc/self/mem": "", "/proc/1/environ": "",
		"/" + strings.Repeat("x", 5000): "absolute",
	}
	if os.Geteuid() == 0 {
		give(t, at("others"), uid+1, 0o644)
		give(t, at("roots"), 0, 0o600)
		if err := os.Mkdir(at("shut"), 0o700); err != nil {
			t.Fatal(err)
		}
		give(t, at("shut/own"), uid, 0o600)
		// A file that root's groups could read: those have to go too.
		give(t, at("group"), uid+1, 0o640)
		if err := os.Chown(at("group"), uid+1, 0); err != nil {
			t.Fatal(err)
		}
		refused[at("others")], refused[at("roots")] = "another user", "another user"
		refused[at("shut/own")], refused[at("group")], refused["/etc/shadow"] = "permission denied", "another user", "another user"
	}
	for path, why := range refused {
		if err := open(path); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%.60s: %v, want %q", path, err, why)
		}
	}

	// A file that a binary names may be anybody's, where the user can read it.
	if os.Geteuid() == 0 {
		for path, readable := range map[string]bool{at("others"): true, at("roots"): false, at("group"): false, at("link"): false, "/etc/shadow": false} {
			file, err := OpenReadable(process, uint32(uid), path)
			if err == nil {
				_ = file.Close()
			}
			if (err == nil) != readable {
				t.Errorf("%s: %v", path, err)
			}
		}
	}

	other := process
	other.PeerUID++
	if _, err := OpenOwn(other, uint32(uid), at("own")); err == nil {
		t.Error("a process of another user led to a file")
	}
	if os.Geteuid() == 0 {
		// This thread, and those that come after it, are root's as before.
		if _, err := os.ReadFile(at("closed")); err != nil {
			t.Errorf("root can't read any more: %v", err)
		}
	}
}

func TestTheUsersIdentityForFilesIsWithoutRootsRights(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("skipped: needs root")
	}
	secret := filepath.Join(t.TempDir(), "secret")
	give(t, secret, 0, 0o640)
	for folder := filepath.Dir(secret); folder != "/"; folder = filepath.Dir(folder) {
		_ = os.Chmod(folder, 0o755)
	}
	failed := make(chan error, 2)
	go func() {
		root, err := unix.Open("/", unix.O_PATH, 0)
		if err != nil {
			failed <- err
			return
		}
		_, err = openAs(uint32(unprivileged()), uint32(unprivileged()), root, secret, true)
		failed <- err
		_, err = os.ReadFile(secret) // on the same thread
		failed <- err
	}()
	if err := <-failed; err == nil || !strings.Contains(err.Error(), "another user") {
		t.Errorf("opening root's file: %v", err)
	}
	if err := <-failed; !os.IsPermission(err) {
		t.Errorf("reading root's file, which its group may read: %v", err)
	}
}
