//go:build guest

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// With the build tag `guest` this test program is the first process of a small virtual machine with another kernel
// (scripts/kernels.mjs makes and boots it). It prepares the machine, starts itself once for each test below, tells of each in
// one line of JSON on the second serial line, and ends the machine.

const (
	guestPrograms = "/programs"
	guestDisk     = "/disk"
	guestResults  = "/dev/ttyS1"
	guestFacts    = "/run/facts.json"
	guestLimit    = 240 * time.Second
)

// guestTests run in this order: the last changes the machine for good.
var guestTests = []string{
	"TestGuestRecordsAsRoot", "TestGuestRecordsThroughTheService", "TestGuestSeesGrowth", "TestGuestLoadsWithoutAdmin", "TestGuestWithoutTypes", "TestGuestWithoutCalls", "TestGuestWithoutRights",
	"TestGuestInLockdown",
}

func TestMain(m *testing.M) {
	if os.Getenv(launchMark) != "" {
		launch()
	}
	if os.Getpid() != 1 {
		status := m.Run()
		if text, err := json.Marshal(facts.of); err != nil || os.WriteFile(guestFacts, text, 0o600) != nil {
			status = 1
		}
		os.Exit(status)
	}
	if err := guest(); err != nil {
		fmt.Println("guest:", err)
	}
	unix.Sync()
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART)
}

// guestOutcome is a line of results.
type guestOutcome struct {
	Test    string          `json:"test"`
	Passed  bool            `json:"passed"`
	Seconds float64         `json:"seconds"`
	Facts   json.RawMessage `json:"facts"`
}

// facts are what a test found out, for the reader of the results.
var facts = struct {
	sync.Mutex
	of map[string]any
}{of: map[string]any{}}

func note(name string, fact any) {
	facts.Lock()
	defer facts.Unlock()
	facts.of[name] = fact
}

func guest() error {
	if err := prepareGuest(); err != nil {
		return err
	}
	results, err := os.OpenFile(guestResults, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer results.Close()
	for _, name := range guestTests {
		if only := os.Getenv("FLAMELINE_ONLY"); only != "" && !strings.Contains(only, name) {
			continue
		}
		line, err := json.Marshal(runGuestTest(name))
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(results, "%s\n", line); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(results, `{"end":true}`)
	return err
}

func runGuestTest(name string) guestOutcome {
	began := time.Now()
	_ = os.Remove(guestFacts)
	ctx, cancel := context.WithTimeout(context.Background(), guestLimit)
	defer cancel()
	test := exec.CommandContext(ctx, "/init", "-test.v", "-test.run=^"+name+"$")
	test.Stdout, test.Stderr = os.Stdout, os.Stderr
	err := test.Run()
	found, unread := os.ReadFile(guestFacts)
	if unread != nil {
		found = []byte("{}")
	}
	return guestOutcome{name, err == nil && unread == nil, time.Since(began).Seconds(), found}
}

// prepareGuest mounts what a machine has, loads the drivers of the disk and opens the console.
func prepareGuest() error {
	for _, mount := range []struct{ kind, where string }{
		{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}, {"tmpfs", "/run"}, {"tracefs", "/sys/kernel/tracing"}, {"securityfs", "/sys/kernel/security"},
	} {
		if err := unix.Mount(mount.kind, mount.where, mount.kind, 0, ""); err != nil {
			return fmt.Errorf("mount %s: %w", mount.where, err)
		}
	}
	console, err := os.OpenFile("/dev/console", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	for fd := range 3 {
		if err := unix.Dup2(int(console.Fd()), fd); err != nil {
			return err
		}
	}
	if err := errors.Join(os.Setenv("PATH", "/bin:/usr/bin"), os.Setenv("FLAMELINE_HELPER", "/bin/flameline-helper")); err != nil {
		return err
	}
	if err := bringUpLoopback(); err != nil {
		return err
	}
	drivers, err := os.Open("/drivers/order")
	if err != nil {
		return err
	}
	defer drivers.Close()
	for lines := bufio.NewScanner(drivers); lines.Scan(); {
		if err := insert("/drivers/" + lines.Text()); err != nil {
			return fmt.Errorf("load %s: %w", lines.Text(), err)
		}
	}
	for range 100 { // the disk is found on its own time
		if err = unix.Mount("/dev/vda", guestDisk, "ext4", 0, ""); err == nil {
			return os.Chmod(guestDisk, 0o777)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return fmt.Errorf("mount the disk: %w", err)
}

func insert(path string) error {
	module, err := os.Open(path)
	if err != nil {
		return err
	}
	defer module.Close()
	return unix.FinitModule(int(module.Fd()), "", 0)
}

func bringUpLoopback() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, request)
}

// setSysctl sets a value under /proc/sys until the test is over.
func setSysctl(t *testing.T, name, value string) {
	t.Helper()
	path := "/proc/sys/" + name
	before, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, []byte(value), 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.WriteFile(path, before, 0) })
}

// worker runs one of the machine's programs as a user until the case is over.
func worker(t *testing.T, uid uint32, command ...string) *exec.Cmd {
	t.Helper()
	program := exec.Command(command[0], command[1:]...)
	program.Dir = guestPrograms
	program.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Process.Kill(); _ = program.Wait() })
	return program
}
