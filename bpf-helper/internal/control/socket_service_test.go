package control

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestTheServicesSocketIsForAll(t *testing.T) {
	run := filepath.Join(t.TempDir(), "run")
	s, err := listenForAll(run)
	must(t, err)
	defer s.remove()
	for path, want := range map[string]os.FileMode{run: os.ModeDir | 0o755, s.path: os.ModeSocket | 0o666} {
		if info, err := os.Lstat(path); err != nil || info.Mode() != want {
			t.Errorf("%s is %v (%v), want %v", path, info.Mode(), err, want)
		}
	}
	if _, err := listenForAll(run); err == nil || !strings.Contains(err.Error(), "another helper already serves") {
		t.Errorf("a second service got %v", err)
	}
	s.remove()
	if _, err := os.Lstat(s.path); err == nil {
		t.Error("the socket stays")
	}
}

func TestAServiceRefusesWhateverLiesAtItsPath(t *testing.T) {
	for name, put := range map[string]func(run, socket string){
		"a file":             func(_, socket string) { must(t, os.WriteFile(socket, nil, 0o600)) },
		"a link":             func(_, socket string) { must(t, os.Symlink("/dev/log", socket)) },
		"a folder":           func(_, socket string) { must(t, os.Mkdir(socket, 0o700)) },
		"a link as its lock": func(run, _ string) { must(t, os.Symlink("/etc/flameline-lock", filepath.Join(run, "lock"))) },
		"a folder of others": func(run, _ string) { must(t, os.Chmod(run, 0o777)) },
		"a link as its folder": func(run, _ string) {
			must(t, os.Remove(run))
			must(t, os.Symlink(t.TempDir(), run))
		},
		"another user's socket": func(_, socket string) {
			listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
			must(t, err)
			t.Cleanup(func() { _ = listener.Close() })
			if os.Geteuid() == 0 {
				must(t, os.Chown(socket, 12345, 12345))
			}
		},
	} {
		run := filepath.Join(t.TempDir(), "run")
		must(t, os.Mkdir(run, 0o755))
		put(run, filepath.Join(run, "helper.sock"))
		if s, err := listenForAll(run); err == nil {
			s.remove()
			t.Errorf("%s was accepted", name)
		}
	}
}

// inherit makes descriptors as systemd passes them: not closed at an exec.
func inherit(t *testing.T, listener interface{ File() (*os.File, error) }) int {
	t.Helper()
	file, err := listener.File()
	must(t, err)
	defer file.Close()
	fd, err := unix.Dup(int(file.Fd()))
	must(t, err)
	return fd
}

func TestASocketIsTakenOverAndLeftToItsOwner(t *testing.T) {
	path := filepath.Join(t.TempDir(), "helper.sock")
	theirs, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	must(t, err)
	defer theirs.Close()
	s, err := adopt(inherit(t, theirs))
	must(t, err)
	if s.path != path {
		t.Errorf("it listens at %q", s.path)
	}
	client, err := net.Dial("unix", path)
	must(t, err)
	defer client.Close()
	accepted, err := s.AcceptUnix()
	must(t, err)
	_ = accepted.Close()
	s.remove()
	if _, err := os.Lstat(path); err != nil {
		t.Errorf("the socket was removed, which is systemd's to do: %v", err)
	}
}

func TestOnlyAListeningUnixSocketWithAPathIsTakenOver(t *testing.T) {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer tcp.Close()
	nameless, err := net.ListenUnix("unix", &net.UnixAddr{Name: "@flameline-test", Net: "unix"})
	must(t, err)
	defer nameless.Close()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	must(t, err)
	pipe, err := os.Open(os.DevNull)
	must(t, err)
	file, err := unix.Dup(int(pipe.Fd()))
	must(t, err)
	for name, fd := range map[string]int{
		"TCP": inherit(t, tcp.(*net.TCPListener)), "an abstract name": inherit(t, nameless), "a connected socket": pair[0], "a file": file,
	} {
		if s, err := adopt(fd); err == nil {
			s.remove()
			t.Errorf("%s was taken over", name)
		}
	}
}

func TestASocketMeantForAnotherProcessIsNotTaken(t *testing.T) {
	for _, environment := range []map[string]string{
		{}, {"LISTEN_FDS": "1"}, {"LISTEN_PID": fmt.Sprint(os.Getppid()), "LISTEN_FDS": "1"}, {"LISTEN_PID": fmt.Sprint(os.Getpid())},
	} {
		if s, err := activated(func(name string) string { return environment[name] }); s != nil || err != nil {
			t.Errorf("%v gave %v, %v", environment, s, err)
		}
	}
	two := map[string]string{"LISTEN_PID": fmt.Sprint(os.Getpid()), "LISTEN_FDS": "2"}
	if _, err := activated(func(name string) string { return two[name] }); err == nil || !strings.Contains(err.Error(), "one ListenStream") {
		t.Errorf("two sockets gave %v", err)
	}
}
