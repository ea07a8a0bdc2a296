package mapped

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// unprivileged is a user without rights: nobody where we are root, else ourselves.
func unprivileged() int {
	if os.Geteuid() == 0 {
		return 65534
	}
	return os.Getuid()
}

// sleeper runs a copy of a program as uid and gives its pid, start time and path.
func sleeper(t *testing.T, uid int) (Process, string) {
	t.Helper()
	folder := t.TempDir()
	for d := folder; d != "/" && d != os.TempDir(); d = filepath.Dir(d) {
		_ = os.Chmod(d, 0o755)
	}
	path := filepath.Join(folder, "slow poke")
	content, err := os.ReadFile("/bin/sleep")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "60")
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	process := Process{PID: cmd.Process.Pid, PeerUID: uint32(uid)}
	for range 200 { // until it has executed the program
		if _, err := Open(process, path); err == nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	text, _ := os.ReadFile("/proc/" + strconv.Itoa(process.PID) + "/stat")
	start := strings.Fields(string(text)[strings.LastIndexByte(string(text), ')')+1:])[19]
	if process.StartTime, err = strconv.ParseUint(start, 10, 64); err != nil {
		t.Fatal(err)
	}
	return process, path
}

func TestAMappedFileIsOpenedWhateverLiesAtItsPathNow(t *testing.T) {
	uid := unprivileged()
	process, path := sleeper(t, uid)
	var want unix.Stat_t
	if err := unix.Stat(path, &want); err != nil {
		t.Fatal(err)
	}
	check := func(when, name string) {
		t.Helper()
		file, err := Open(process, name)
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		defer file.Close()
		var got unix.Stat_t
		if err := unix.Fstat(int(file.Fd()), &got); err != nil || got.Ino != want.Ino {
			t.Errorf("%s: inode %d, want %d (%v)", when, got.Ino, want.Ino, err)
		}
	}
	check("in place", path)
	check("by its last element", "slow poke")
	if os.Geteuid() != 0 {
		t.Skip("map_files is for root")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	check("deleted", path)
	if err := unix.Mkfifo(path, 0o666); err != nil {
		t.Fatal(err)
	}
	check("a FIFO in its place", path)
}

func TestAnotherUsersProcessStaysClosed(t *testing.T) {
	uid := unprivileged()
	process, path := sleeper(t, uid)
	other := process
	other.PeerUID++
	if _, err := Open(other, path); !errors.Is(err, ErrNotPermitted) {
		t.Errorf("another user: %v", err)
	}
	reused := process
	reused.StartTime++
	if _, err := Open(reused, path); !errors.Is(err, unix.ESRCH) {
		t.Errorf("another start time: %v", err)
	}
	if _, err := Open(process, "/etc/shadow"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that it has not mapped: %v", err)
	}
	root := Process{PID: 1, PeerUID: uint32(uid)}
	if _, err := Open(root, "init"); !errors.Is(err, ErrNotPermitted) {
		t.Errorf("root's process: %v", err)
	}
}

func TestAPathIsResolvedInsideTheProcessesRoot(t *testing.T) {
	proc, err := unix.Open("/proc/self", unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(proc)
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var info unix.Stat_t
	if err := unix.Stat(path, &info); err != nil {
		t.Fatal(err)
	}
	fd, err := openByPath(proc, mapping{path: path, device: info.Dev, inode: info.Ino})
	if err != nil {
		t.Fatal(err)
	}
	_ = unix.Close(fd)
	if _, err := openByPath(proc, mapping{path: path, device: info.Dev, inode: info.Ino + 1}); err == nil {
		t.Error("another inode was accepted")
	}
	if _, err := openInRoot(proc, "/proc/self/exe"); err == nil {
		t.Error("a magic link was followed")
	}
}

func TestOnlyRegularFilesAreRead(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{fifo, "/dev/zero", "/"} {
		fd, err := unix.Open(path, unix.O_PATH, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := readable(fd, path); err == nil {
			t.Errorf("%s was opened for reading", path)
		}
		_ = unix.Close(fd)
	}
}

func TestADeviceThatIsMappedIsNotOpened(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{fifo, "/dev/zero", "/dev/tty", "/"} {
		link := filepath.Join(t.TempDir(), "exe")
		if err := os.Symlink(path, link); err != nil {
			t.Fatal(err)
		}
		if file, err := OpenRegular(link); err == nil {
			_ = file.Close()
			t.Errorf("%s was opened for reading", path)
		}
	}
	file, err := OpenRegular("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.Seek(100, 0); err != nil {
		t.Fatal(err)
	}
	again, err := Reopen(file)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if at, err := again.Seek(0, 1); err != nil || at != 0 {
		t.Errorf("the second description begins at %d (%v): it shares the first one's offset", at, err)
	}
}
