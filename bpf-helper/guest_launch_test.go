//go:build guest

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// launchMark holds what `launch` takes away before it becomes the helper.
const launchMark = "FLAMELINE_LAUNCH"

// lack is what a helper is started without.
type lack struct {
	// Capabilities are the only ones left, by number; nil leaves all.
	Capabilities []uintptr
	// Types hides the kernel's description of its types.
	Types bool
	// Calls are system calls that end with an error.
	Calls map[uint32]syscall.Errno
	// Socket is passed as descriptor 3, as systemd does.
	Socket bool
}

// helperWithout is the helper started by this program, which gives up things first.
func helperWithout(t *testing.T, without lack, arguments ...string) *exec.Cmd {
	t.Helper()
	binary, err := helperBinary()
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(without)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command("/proc/self/exe", append([]string{binary}, arguments...)...)
	command.Env = []string{"PATH=" + os.Getenv("PATH"), launchMark + "=" + string(text)}
	return command
}

// startServiceWithout starts the service at a socket of its own.
func startServiceWithout(t *testing.T, lacking lack) *runningHelper {
	t.Helper()
	folder, err := os.MkdirTemp("/tmp", "service")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	path := filepath.Join(folder, "helper.sock")
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	listener.SetUnlinkOnClose(false)
	file, err := listener.File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := errors.Join(os.Chmod(folder, 0o755), os.Chmod(path, 0o666)); err != nil {
		t.Fatal(err)
	}
	lacking.Socket = true
	command := helperWithout(t, lacking, "serve", "--service")
	command.ExtraFiles = []*os.File{file}
	return follow(t, command)
}

// launch takes away what was asked and becomes the program of the arguments.
func launch() {
	runtime.LockOSThread()
	err := func() error {
		var without lack
		if err := json.Unmarshal([]byte(os.Getenv(launchMark)), &without); err != nil {
			return err
		}
		environment := []string{"PATH=" + os.Getenv("PATH")}
		if without.Socket {
			environment = append(environment, "LISTEN_FDS=1", "LISTEN_PID="+strconv.Itoa(os.Getpid()))
		}
		if without.Types {
			if err := hideTypes(); err != nil {
				return err
			}
		}
		if without.Capabilities != nil {
			if err := keepOnly(without.Capabilities); err != nil {
				return err
			}
		}
		if len(without.Calls) > 0 {
			if err := refuseCalls(without.Calls); err != nil {
				return err
			}
		}
		return unix.Exec(os.Args[1], os.Args[1:], environment)
	}()
	fmt.Fprintln(os.Stderr, "launch:", err)
	os.Exit(1)
}

func hideTypes() error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return err
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	return unix.Mount("tmpfs", "/sys/kernel/btf", "tmpfs", 0, "")
}

// keepOnly leaves root only some capabilities, as a unit's CapabilityBoundingSet does. It counts for this thread, which executes.
func keepOnly(capabilities []uintptr) error {
	keep := uint64(0)
	for _, each := range capabilities {
		keep |= 1 << each
	}
	for bit := uintptr(0); bit < 64; bit++ {
		if keep&(1<<bit) != 0 {
			continue
		}
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, bit, 0, 0, 0); err != nil && err != unix.EINVAL {
			return err
		}
	}
	return nil
}

func refuseCalls(calls map[uint32]syscall.Errno) error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	program := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS}} // the call's number is the first word
	for call, errno := range calls {
		program = append(program,
			unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jf: 1, K: call},
			unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(errno)},
		)
	}
	program = append(program, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW})
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&filter)), 0, 0)
}
