package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"flameline.dev/helper/internal/wire"
	"github.com/coder/websocket"
	"golang.org/x/sys/unix"
)

// Another user of this machine who tries what one can try, against a helper that serves somebody else and against the service.

// as does something with another user's rights: the kernel knows them by thread.
func as(uid uintptr, deed func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	keep := ^uintptr(0)
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, uid, uid, keep); errno != 0 {
		panic(errno)
	}
	defer syscall.RawSyscall(syscall.SYS_SETRESUID, 0, 0, keep)
	deed()
}

// reach connects to a path, without a word.
func reach(path string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Connect(fd, &unix.SockaddrUnix{Name: path})
}

// lieIn puts a socket of one's own at a path.
func lieIn(path string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Bind(fd, &unix.SockaddrUnix{Name: path})
}

// attempts are what one can try with a socket's path; each must be refused whenever it is tried.
func attempts(socket, own string) map[string]func() error {
	folder := filepath.Dir(socket)
	return map[string]func() error{
		"connect":                         func() error { return reach(socket) },
		"open the lock":                   func() error { return second(os.OpenFile(filepath.Join(folder, "lock"), os.O_RDWR, 0)) },
		"take the socket away":            func() error { return os.Remove(socket) },
		"take the folder away":            func() error { return os.Rename(folder, own+"/folder") },
		"squat beside the socket":         func() error { return lieIn(filepath.Join(folder, "other.sock")) },
		"squat where the next would be":   func() error { return os.Mkdir(filepath.Join(filepath.Dir(folder), "64999"), 0o711) },
		"replace the socket by one's own": func() error { return os.Rename(own+"/mine.sock", socket) },
		"put a link in its place":         func() error { return os.Symlink(own+"/mine.sock", socket) },
		"put a link beside it":            func() error { return os.Symlink("/etc/shadow", filepath.Join(folder, "link")) },
		"connect by a link of one's own":  func() error { return reach(own + "/link.sock") },
		"link it into a place of one's own": func() error {
			if err := os.Link(socket, own+"/hard.sock"); err != nil {
				return err
			}
			return reach(own + "/hard.sock")
		},
		"change its mode": func() error { return os.Chmod(socket, 0o666) },
	}
}

func second[T any](_ T, err error) error { return err }

// outside is a folder of the intruder's with a socket and a link.
func outside(t *testing.T, socket string) string {
	t.Helper()
	// On the same file system, so that nothing fails for another reason.
	own, err := os.MkdirTemp("/run", "flameline-intruder")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(own) })
	if err := errors.Join(os.Chmod(own, 0o755), os.Chown(own, otherUID, otherUID)); err != nil {
		t.Fatal(err)
	}
	as(otherUID, func() {
		if err := errors.Join(lieIn(own+"/mine.sock"), os.Symlink(socket, own+"/link.sock")); err != nil {
			t.Error(err)
		}
	})
	return own
}

func TestAnotherUserCanNeitherConnectNorSquatNorLink(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("skipped: only root can be another user")
	}
	h := startHelper(t, "--user", fmt.Sprint(testUID))
	own := outside(t, h.socket)
	tries := attempts(h.socket, own)
	pid := h.command.Process.Pid
	for _, file := range []string{"root" + h.socket, "mem", "fd/0", "environ", "maps"} {
		path := fmt.Sprintf("/proc/%d/%s", pid, file)
		tries["reach it through "+file] = func() error { return second(os.Open(path)) }
	}
	tries["end it"] = func() error { return unix.Kill(pid, unix.SIGKILL) }
	tries["trace it"] = func() error { return unix.PtraceAttach(pid) }
	as(otherUID, func() {
		for what, deed := range tries {
			if err := deed(); !errors.Is(err, os.ErrPermission) && !errors.Is(err, os.ErrExist) {
				t.Errorf("%s: %v, want a refusal", what, err)
			}
		}
	})
	connectAs(t, testUID, h.socket)
}

// TestAnotherUserLosesEachRace has the intruder try everything again and again while helpers begin and end.
func TestAnotherUserLosesEachRace(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("skipped: only root can be another user")
	}
	first := startHelper(t, "--user", fmt.Sprint(testUID))
	socket := first.socket
	own := outside(t, socket)
	var stop atomic.Bool
	var rounds atomic.Int64
	won := make(chan string, 1000)
	intruder := make(chan struct{})
	go as(otherUID, func() {
		defer close(intruder)
		for !stop.Load() {
			for what, deed := range attempts(socket, own) {
				if deed() == nil {
					won <- what
				}
			}
			rounds.Add(1)
		}
	})
	first.stop()
	for range 5 {
		h := startHelper(t, "--user", fmt.Sprint(testUID))
		connectAs(t, testUID, h.socket)
		h.stop()
	}
	stop.Store(true)
	<-intruder
	close(won)
	for what := range won {
		t.Errorf("the intruder could %s", what)
	}
	if rounds.Load() < 20 {
		t.Errorf("only %d rounds: there was no race", rounds.Load())
	}
}

// TestWhatOneUserSaidDoesNotServeAnother replays a user's words, and uses the numbers of a user's recording, as another.
func TestWhatOneUserSaidDoesNotServeAnother(t *testing.T) {
	needKernel(t)
	h := startService(t)
	burning := burnAs(t, testUID)
	victim := connectAs(t, testUID, h.socket)
	start := wire.StartRequest{Type: wire.TypeStart, Recording: 7, Target: wire.Target{Kind: wire.TargetUser}, Events: []wire.EventName{wire.EventCPU}, Hz: 99}
	intruder := connectAs(t, otherUID, h.socket)
	var worked time.Duration
	r := victim.recordUntil(start.Target, 99, func() {
		began := cpuTime(t, burning)
		defer func() { worked = cpuTime(t, burning) - began }()
		for number := range int64(20) {
			intruder.send(wire.StopRequest{Type: wire.TypeStop, Recording: number})
		}
		intruder.send(start)
		deadline := time.Now().Add(2 * time.Second)
		seen := 0
		for time.Now().Before(deadline) {
			kind, data := intruder.next(5 * time.Second)
			if kind != wire.TypeBatch {
				continue
			}
			seen++
			if strings.Contains(string(data), fmt.Sprintf(`"uid":%d`, testUID)) {
				t.Errorf("the intruder got a process of the victim: %.300s", data)
			}
		}
		if seen == 0 {
			t.Error("the intruder's own recording has no batch: this test looks at nothing")
		}
	})
	undisturbed(t, r, worked)
	// Files of a recording that are played to their user: nobody else may listen.
	folder := readableFolder(t)
	if err := os.Chown(folder, testUID, testUID); err != nil {
		t.Fatal(err)
	}
	file := write(t, folder, "batches.jsonl", `{"type":"started","recording":1,"startUnixNs":"1","hz":99,"events":["cpu"]}`+"\n")
	player := startHelper(t, "--replay", file, "--socket", filepath.Join(folder, "replay.sock"))
	as(otherUID, func() {
		if err := reach(player.socket); !errors.Is(err, os.ErrPermission) {
			t.Errorf("connecting to a replay: %v, want a refusal", err)
		}
	})
}

// TestAnotherUserCannotOverwhelmTheService sends all that is too large or too much while somebody records.
func TestAnotherUserCannotOverwhelmTheService(t *testing.T) {
	needKernel(t)
	h := startService(t)
	burning := burnAs(t, testUID)
	victim := connectAs(t, testUID, h.socket)
	victim.record(wire.Target{Kind: wire.TargetUser}, 99, time.Second)
	before := residentMB(t, h.command.Process.Pid)
	most := before
	var worked time.Duration
	r := victim.recordUntil(wire.Target{Kind: wire.TargetUser}, 99, func() {
		began := cpuTime(t, burning)
		defer func() { worked = cpuTime(t, burning) - began }()
		for name, words := range map[string][]byte{
			"a long message":               append([]byte(`{"type":"hello","client":"`), bytes.Repeat([]byte("a"), 8<<20)...),
			"a deep one":                   bytes.Repeat([]byte("["), 900<<10),
			"a hundred thousand processes": fmt.Appendf(nil, `{"type":"start","recording":1,"hz":99,"events":["cpu"],"target":{"kind":"workspace","folders":["/tmp"],"excludePids":[1%s]}}`, strings.Repeat(",1", 100_000)),
			"many folders":                 fmt.Appendf(nil, `{"type":"start","recording":1,"hz":99,"events":["cpu"],"target":{"kind":"workspace","folders":["/tmp"%s]}}`, strings.Repeat(`,"/a"`, 50_000)),
		} {
			if err := sayAndListen(t, h.socket, words); err == nil {
				t.Errorf("%s was taken", name)
			}
		}
		// Connections that say nothing, or a request without an end.
		var open []net.Conn
		for i := range 300 {
			c := dialAs(otherUID, h.socket)
			if c == nil {
				break
			}
			if i%2 == 0 {
				_, _ = c.Write([]byte("GET / HTTP/1.1\r\nHost: " + strings.Repeat("a", 200)))
			}
			open = append(open, c)
		}
		time.Sleep(time.Second)
		most = max(most, residentMB(t, h.command.Process.Pid))
		// There is room for the user who records, and for another one.
		connectAs(t, testUID, h.socket)
		for _, c := range open {
			_ = c.Close()
		}
	})
	undisturbed(t, r, worked)
	if grown := most - before; grown > 48 {
		t.Errorf("the service grew by %d MB", grown)
	}
}

// undisturbed says that a recording at 99 Hz has what the program worked meanwhile, but for the ticks of a tenth of it.
func undisturbed(t *testing.T, r *recorded, worked time.Duration) {
	t.Helper()
	if got := time.Duration(len(r.samples.Stack)) * time.Second / 99; got < worked*9/10 || worked == 0 {
		t.Errorf("the victim's recording has %v of %v", got, worked)
	}
}

// cpuTime is what a process has used.
func cpuTime(t *testing.T, pid int32) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * time.Second / 100
}

// sayAndListen is an intruder's conversation; nil where the words were not refused within some seconds.
func sayAndListen(t *testing.T, socket string, words []byte) error {
	t.Helper()
	c := connectAs(t, otherUID, socket)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := c.socket.Write(ctx, websocket.MessageText, words); err != nil {
		return err
	}
	for {
		if _, data, err := c.socket.Read(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		} else if bytes.Contains(data, []byte(`"type":"error"`)) {
			return errors.New(string(data))
		}
	}
}

func dialAs(uid uintptr, socket string) (conn net.Conn) {
	as(uid, func() {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return
		}
		if err := unix.SetNonblock(fd, true); err == nil {
			err = unix.Connect(fd, &unix.SockaddrUnix{Name: socket})
			if err == nil {
				file := os.NewFile(uintptr(fd), "intruder")
				conn, _ = net.FileConn(file)
				_ = file.Close()
				return
			}
		}
		_ = unix.Close(fd)
	})
	return conn
}

func residentMB(t *testing.T, pid int) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatalf("the helper is gone: %v", err)
	}
	_, rest, _ := strings.Cut(string(status), "VmRSS:")
	kilobytes, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes >> 10
}
