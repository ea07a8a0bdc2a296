package service

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// InstallOptions of Install.
type InstallOptions struct {
	// SHA256 is the digest that the program must have, in hexadecimal; "" is any.
	SHA256 string
	// Version of the program, for messages.
	Version string
	// Start starts the service where no systemd does.
	Start bool
}

// Install puts the helper and what goes with it in their places, or replaces what is there, and says what it did.
func (m *Machine) Install(options InstallOptions) (said string, err error) {
	digest, err := digestOf(m.Self)
	if err != nil {
		return "", err
	}
	if options.SHA256 != "" && !strings.EqualFold(options.SHA256, digest) {
		return "", fmt.Errorf("this helper has the digest %s and not %s, as its package says: it is damaged or was exchanged; install the package again", digest, options.SHA256)
	}
	place, err := m.choosePlace()
	if err != nil {
		return "", err
	}
	defer place.close()
	helper := filepath.Join(place.path, programName)
	texts, err := m.textsFor(helper)
	if err != nil {
		return "", err
	}
	before, err := place.digest(programName)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	stale, err := m.stale(texts)
	if err != nil {
		return "", err
	}
	served := running(m.at(helper))
	if before == digest && len(stale) == 0 {
		if len(served) > 0 || m.Systemd() || !options.Start {
			return fmt.Sprintf("Flameline's helper %s is already installed at %s.", options.Version, helper) + m.hint(helper, len(served) > 0), nil
		}
		return fmt.Sprintf("Flameline's helper %s was already installed at %s; its service runs now.", options.Version, helper), start(m.at(helper))
	}
	if before != digest {
		if err := m.putProgram(place, digest); err != nil {
			return "", err
		}
	}
	for _, t := range stale {
		if err := m.putText(t); err != nil {
			return "", err
		}
	}
	if err := m.leaveOtherPlaces(place.path); err != nil {
		return "", err
	}
	verb := "is installed at"
	if before != "" {
		verb = "has replaced the one at"
	}
	if err := m.turnOn(helper, served, stale, options.Start); err != nil {
		return "", fmt.Errorf("the helper %s %s, but its service does not run: %w", verb, helper, err)
	}
	runs := len(served) > 0 || options.Start
	return fmt.Sprintf("Flameline's helper %s %s %s.", options.Version, verb, helper) + m.hint(helper, runs), nil
}

// hint says what comes next.
func (m *Machine) hint(helper string, runs bool) string {
	switch {
	case m.Systemd():
		return " systemd starts it when somebody records."
	case runs:
		return " Its service runs."
	default:
		return fmt.Sprintf(" This machine does not run systemd: have it started as root with `%s serve --service`, or install again with --start.", helper)
	}
}

// turnOn makes the service that runs, or will run, the new one. `served` are the processes of the old one.
func (m *Machine) turnOn(helper string, served []int, changed []text, wanted bool) error {
	if !m.Systemd() {
		if err := end(served); err != nil {
			return err
		}
		if len(served) > 0 || wanted {
			return start(m.at(helper))
		}
		return nil
	}
	if err := m.Control("daemon-reload"); err != nil {
		return err
	}
	if err := m.Control("enable", socketName); err != nil {
		return err
	}
	deed := "start"
	if slices.ContainsFunc(changed, func(t text) bool { return t.name == socketName }) {
		deed = "restart"
	}
	if err := m.Control(deed, socketName); err != nil {
		return err
	}
	// Ended and not started: the next client starts the new one.
	if err := m.Control("stop", serviceName); err != nil {
		return err
	}
	return end(running(m.at(helper))) // one that was started by hand
}

// leaveOtherPlaces removes a helper that was installed where there was no better place then.
func (m *Machine) leaveOtherPlaces(chosen string) error {
	for _, path := range programFolders {
		if path == chosen {
			continue
		}
		if _, err := m.removeProgram(path); err != nil {
			return err
		}
	}
	return nil
}

// choosePlace opens the first folder for the helper that nobody but root can write, nor any folder above it.
func (m *Machine) choosePlace() (*folder, error) {
	var reasons []string
	for _, path := range programFolders {
		place, err := m.openFolder(path, true)
		if err == nil {
			return place, nil
		}
		var unsafe unsafeError
		if !errors.As(err, &unsafe) {
			return nil, err
		}
		reasons = append(reasons, err.Error())
	}
	return nil, fmt.Errorf("there is no safe place for the helper: %s", strings.Join(reasons, "; "))
}

// putProgram copies the program and compares what arrived.
func (m *Machine) putProgram(place *folder, digest string) error {
	self, err := os.Open(m.Self)
	if err != nil {
		return fmt.Errorf("read the helper: %w", err)
	}
	defer self.Close()
	if err := place.put(programName, 0o755, self); err != nil {
		return err
	}
	arrived, err := place.digest(programName)
	if err == nil && arrived != digest {
		err = fmt.Errorf("what arrived at %s has the digest %s and not %s", filepath.Join(place.path, programName), arrived, digest)
	}
	if err != nil {
		_ = place.remove(programName)
	}
	return err
}

// stale are the texts that are not there as they should be. One that is somebody else's is an error.
func (m *Machine) stale(wanted []text) ([]text, error) {
	var stale []text
	for _, t := range wanted {
		content, err := m.readText(t)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		if err == nil && !strings.Contains(content, mark) {
			return nil, fmt.Errorf("%s was not put there by Flameline; move it away and try again", t.path())
		}
		if content != t.content {
			stale = append(stale, t)
		}
	}
	return stale, nil
}

func (m *Machine) readText(t text) (string, error) {
	place, err := m.openFolder(t.folder, false)
	if err != nil {
		return "", err
	}
	defer place.close()
	file, err := place.open(t.name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, 1<<20))
	return string(content), err
}

func (m *Machine) putText(t text) error {
	place, err := m.openFolder(t.folder, true)
	if err != nil {
		return err
	}
	defer place.close()
	return place.put(t.name, 0o644, strings.NewReader(t.content))
}

// at is where a path lies on the machine that we run on.
func (m *Machine) at(path string) string { return filepath.Join(m.Root, path) }

func (f *folder) digest(name string) (string, error) {
	file, err := f.open(name)
	if err != nil {
		return "", err
	}
	defer file.Close()
	return sum(file)
}

func digestOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read the helper: %w", err)
	}
	defer file.Close()
	return sum(file)
}

func sum(content io.Reader) (string, error) {
	hash := sha256.New()
	if _, err := io.Copy(hash, content); err != nil {
		return "", fmt.Errorf("read the helper: %w", err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
