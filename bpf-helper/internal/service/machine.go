package service

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Machine is where the helper is installed.
type Machine struct {
	// Root is put before every path; "" is this machine, tests have a folder.
	Root string
	// Self is the program that is installed; by default the one that runs, which the kernel lets nobody change meanwhile.
	Self string
	// Control runs systemctl; tests note it down.
	Control func(arguments ...string) error
}

// This is the machine that we run on.
func This() *Machine { return &Machine{Self: "/proc/self/exe", Control: systemctl} }

// Systemd says whether systemd runs this machine, as sd_booted(3) tells it.
func (m *Machine) Systemd() bool { return m.exists("/run/systemd/system") }

func (m *Machine) exists(path string) bool {
	info, err := os.Lstat(filepath.Join(m.Root, path))
	return err == nil && info.IsDir()
}

// systemctl is found in the system's folders, whatever PATH we were given.
func systemctl(arguments ...string) error {
	for _, folder := range []string{"/usr/bin", "/bin"} {
		program := filepath.Join(folder, "systemctl")
		if _, err := os.Stat(program); err != nil {
			continue
		}
		command := exec.Command(program, arguments...)
		command.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}
		out, err := command.CombinedOutput()
		if err != nil {
			return fmt.Errorf("systemctl %s: %s (%w)", strings.Join(arguments, " "), strings.TrimSpace(string(out)), err)
		}
		return nil
	}
	return fmt.Errorf("systemctl %s: there is no systemctl, though systemd runs", strings.Join(arguments, " "))
}
