package symbolize

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"flameline.dev/helper/internal/symbolize/sandbox"
)

// The test binary is its own child: `symbolize` is the real one, the others misbehave.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "symbolize":
			os.Exit(Main())
		case "probe":
			os.Exit(probe(os.Args[2]))
		case "child":
			os.Exit(misbehave(os.Args[2]))
		}
	}
	os.Exit(m.Run())
}

// probe enters the sandbox and tries one forbidden thing. What it finds goes to stdout of the test through stderr.
func probe(what string) int {
	if err := sandbox.Enter(); err != nil {
		fmt.Fprintln(os.Stderr, "enter:", err)
		return 3
	}
	switch what {
	case "nothing":
		data := make([]byte, 64<<20) // the collector and new threads must still work
		for i := range 4 {
			go func() { data[i<<20] = 1; time.Sleep(time.Millisecond) }()
		}
		time.Sleep(20 * time.Millisecond)
	case "open":
		_, _ = unix.Open("/etc/passwd", unix.O_RDONLY, 0)
	case "socket":
		_, _ = unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	case "exec":
		_ = unix.Exec("/bin/true", []string{"true"}, nil)
	case "fork":
		_, _, _ = unix.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	case "kill":
		_ = unix.Kill(os.Getppid(), 0)
	case "ptrace":
		_ = unix.PtraceAttach(os.Getppid())
	case "executable memory":
		_, _ = unix.Mmap(-1, 0, 4096, unix.PROT_READ|unix.PROT_WRITE|unix.PROT_EXEC, unix.MAP_ANON|unix.MAP_PRIVATE)
	case "setuid":
		_, _, _ = unix.RawSyscall(unix.SYS_SETUID, 0, 0, 0)
	}
	fmt.Fprintln(os.Stderr, "survived")
	return 0
}

// unprivileged is a uid that the test may start children as.
func unprivileged(t testing.TB) (uid, gid int) {
	t.Helper()
	if os.Geteuid() == 0 {
		return sandbox.Nobody, sandbox.Nobody
	}
	return os.Getuid(), os.Getgid()
}

func TestForbiddenCallsEndTheProcess(t *testing.T) {
	uid, gid := unprivileged(t)
	for _, what := range []string{
		"nothing", "open", "socket", "exec", "fork", "kill", "ptrace", "executable memory", "setuid",
	} {
		t.Run(what, func(t *testing.T) {
			var stderr bytes.Buffer
			p, err := sandbox.Launch(uid, gid, &stderr, "probe", what)
			if err != nil {
				t.Fatal(err)
			}
			select {
			case <-p.Ended():
			case <-time.After(20 * time.Second):
				t.Error("it hangs")
			}
			p.Kill()
			survived := strings.Contains(stderr.String(), "survived")
			if want := what == "nothing"; survived != want || (p.Why() == "exit status 0") != want {
				t.Errorf("%s, said %q", p.Why(), stderr.String())
			}
		})
	}
}

func TestTheChildHasNoRights(t *testing.T) {
	uid, gid := unprivileged(t)
	client := startClient(t, Options{UID: uid, GID: gid})
	ask(t, client, "/proc/self/exe", Address{Addr: 1}) // once it answers, it is in the sandbox
	pid := client.process.PID()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	status := map[string]string{}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		status[key] = strings.Join(strings.Fields(value), " ")
	}
	want := map[string]string{
		"Uid":        fmt.Sprintf("%d %d %d %d", uid, uid, uid, uid),
		"Gid":        fmt.Sprintf("%d %d %d %d", gid, gid, gid, gid),
		"CapInh":     "0000000000000000",
		"CapPrm":     "0000000000000000",
		"CapEff":     "0000000000000000",
		"CapAmb":     "0000000000000000",
		"NoNewPrivs": "1",
		"Seccomp":    "2",
	}
	if os.Geteuid() == 0 {
		want["Groups"], want["CapBnd"] = "", "0000000000000000"
	}
	for key, value := range want {
		if status[key] != value {
			t.Errorf("%s is %q, want %q", key, status[key], value)
		}
	}
	if group, _ := syscall.Getpgid(pid); group != pid {
		t.Errorf("it is in the process group %d", group)
	}
	if os.Geteuid() == 0 {
		environment, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if len(environment) != 0 {
			t.Errorf("its environment is %q", environment)
		}
		entries, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
		for _, entry := range entries {
			// 0 to 2 are nowhere, 3 is the socket; the rest must be the runtime's own.
			link, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%s", pid, entry.Name()))
			if number(t, entry.Name(), 10) > 3 && !strings.HasPrefix(link, "anon_inode:[event") &&
				!strings.HasPrefix(link, "/sys/fs/cgroup/") {
				t.Errorf("it holds descriptor %s: %s", entry.Name(), link)
			}
		}
	}
	for _, line := range strings.Split(run(t, "cat", fmt.Sprintf("/proc/%d/limits", pid)), "\n") {
		if strings.HasPrefix(line, "Max data size") && strings.Contains(line, "unlimited") {
			t.Error(line)
		}
	}
}

func startClient(t testing.TB, options Options) *Client {
	t.Helper()
	client, err := Start(context.Background(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func TestTheChildEndsWithItsParent(t *testing.T) {
	uid, gid := unprivileged(t)
	client := startClient(t, Options{UID: uid, GID: gid})
	pid := client.process.PID()
	_ = client.process.Socket.Close() // what the kernel does when the parent is gone
	select {
	case <-client.process.Ended():
	case <-time.After(10 * time.Second):
		t.Errorf("process %d is still there", pid)
	}
}

func TestTheSubcommandRefusesToBeStartedByHand(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "symbolize")
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "is started by the helper itself") {
		t.Errorf("%v: %s", err, out)
	}
}
