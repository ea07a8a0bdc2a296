package service

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// readyTimeout bounds the wait until a started service listens; it loads nothing before the first recording.
	readyTimeout = 20 * time.Second
	// endTimeout bounds the wait until a service has ended its recordings.
	endTimeout = 10 * time.Second
)

// running gives the processes that serve all users from an installed helper, whether systemd started them or not.
func running(helper string) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var pids []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		program, err := os.Readlink(filepath.Join("/proc", entry.Name(), "exe"))
		if err != nil || strings.TrimSuffix(program, " (deleted)") != helper {
			continue
		}
		arguments, _ := os.ReadFile(filepath.Join("/proc", entry.Name(), "cmdline"))
		if slices.Contains(strings.Split(string(arguments), "\x00"), "--service") {
			pids = append(pids, pid)
		}
	}
	return pids
}

// start starts the service without systemd, in a session of its own, and waits until it listens.
func start(helper string) error {
	command := exec.Command(helper, "serve", "--service")
	command.Dir = "/"
	command.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	// Its log would need a place that does not grow: whoever wants it runs the service in the foreground.
	output, err := command.StdoutPipe()
	if err != nil {
		return fmt.Errorf("start %s: %w", helper, err)
	}
	if err := command.Start(); err != nil {
		return fmt.Errorf("start %s: %w", helper, err)
	}
	ready := make(chan error, 1)
	go func() {
		line, _ := bufio.NewReader(output).ReadString('\n')
		if strings.HasPrefix(line, "ready ") {
			ready <- nil
			return
		}
		_ = command.Wait()
		ready <- fmt.Errorf("%s ended at its start (%v); run `%s serve --service` to see why", helper, command.ProcessState, helper)
	}()
	select {
	case err := <-ready:
		return err
	case <-time.After(readyTimeout):
		_ = command.Process.Kill()
		return fmt.Errorf("%s did not listen within %v; run `%s serve --service` to see why", helper, readyTimeout, helper)
	}
}

// end ends processes in order, and by force where they take too long.
func end(pids []int) error {
	for _, pid := range pids {
		process, err := os.FindProcess(pid)
		if err != nil {
			continue
		}
		if err := process.Signal(syscall.SIGTERM); errors.Is(err, os.ErrProcessDone) {
			continue
		}
		deadline := time.Now().Add(endTimeout)
		for process.Signal(syscall.Signal(0)) == nil && !isZombie(pid) {
			if time.Now().After(deadline) {
				_ = process.Kill()
				deadline = deadline.Add(endTimeout)
			}
			if time.Now().After(deadline.Add(endTimeout)) {
				return fmt.Errorf("process %d does not end", pid)
			}
			time.Sleep(20 * time.Millisecond)
		}
	}
	return nil
}

// isZombie says whether a process has ended and waits for its parent to notice.
func isZombie(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	_, rest, found := strings.Cut(string(text), ") ")
	return found && strings.HasPrefix(rest, "Z")
}
