package service

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// runFolder holds the sockets; a service without systemd has made its own there.
const runFolder = "/run/flameline"

// Uninstall ends the service and removes all that Install has put, and nothing else. It says what it did.
func (m *Machine) Uninstall() (said string, err error) {
	var removed, left []string
	var failed []error
	if m.Systemd() && m.isThere(text{unitFolder, socketName, ""}) {
		failed = append(failed, m.Control("disable", "--now", socketName, serviceName))
	}
	for _, t := range everyText() {
		content, err := m.readText(t)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			failed = append(failed, err)
		case !strings.Contains(content, mark):
			left = append(left, t.path())
		default:
			failed = append(failed, m.removeFrom(t.folder, t.name))
			removed = append(removed, t.path())
		}
	}
	if m.Systemd() && len(removed) > 0 {
		failed = append(failed, m.Control("daemon-reload"))
	}
	for _, path := range programFolders {
		gone, err := m.removeProgram(path)
		failed = append(failed, err)
		removed = append(removed, gone...)
	}
	_ = os.Remove(m.at(runFolder)) // where no other helper has anything in it
	if err := errors.Join(failed...); err != nil {
		return "", fmt.Errorf("not everything could be removed: %s", strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	said = "Flameline's helper was not installed."
	if len(removed) > 0 {
		said = "Flameline's helper is removed: " + strings.Join(removed, ", ") + "."
	}
	if len(left) > 0 {
		said += " Left alone, as Flameline did not put it there: " + strings.Join(left, ", ") + "."
	}
	return said, nil
}

func (m *Machine) isThere(t text) bool {
	content, err := m.readText(t)
	return err == nil && strings.Contains(content, mark)
}

// removeProgram ends the service of one place and removes the helper and, where nothing else is in it, its folder.
func (m *Machine) removeProgram(path string) (removed []string, err error) {
	place, err := m.openFolder(path, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var unsafe unsafeError
	if errors.As(err, &unsafe) {
		return nil, nil // we never install there
	}
	if err != nil {
		return nil, err
	}
	defer place.close()
	helper := filepath.Join(path, programName)
	file, err := place.open(programName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	_ = file.Close()
	served := running(m.at(helper))
	if err := end(served); err != nil {
		return nil, err
	}
	if len(served) > 0 {
		m.clearRunFolder()
	}
	for _, name := range []string{programName, "." + programName + ".new"} {
		if err := place.remove(name); err != nil {
			return nil, err
		}
	}
	return []string{helper}, m.removeEmpty(path)
}

// clearRunFolder removes the lock that a service without systemd leaves.
func (m *Machine) clearRunFolder() {
	folder := m.at(runFolder)
	_ = os.Remove(filepath.Join(folder, "helper.sock"))
	_ = os.Remove(filepath.Join(folder, "lock"))
}

func (m *Machine) removeFrom(path, name string) error {
	place, err := m.openFolder(path, false)
	if err != nil {
		return err
	}
	defer place.close()
	return place.remove(name)
}

func (m *Machine) removeEmpty(path string) error {
	parent, err := m.openFolder(filepath.Dir(path), false)
	if err != nil {
		return err
	}
	defer parent.close()
	err = unix.Unlinkat(parent.fd, filepath.Base(path), unix.AT_REMOVEDIR)
	if err != nil && !errors.Is(err, unix.ENOTEMPTY) && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	return nil
}
