package service

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// folder is an open folder that only root can write, reached through folders of the same kind and no symbolic link. What
// is done in it goes through its descriptor, so that nobody can put another folder in its place meanwhile.
type folder struct {
	fd   int
	path string // as messages name it
}

// unsafeError says that others could change what lies at a path.
type unsafeError struct{ path, reason string }

func (e unsafeError) Error() string {
	return fmt.Sprintf("%s %s, so others than root could change what is installed below it", e.path, e.reason)
}

// openFolder walks from the machine's root to a folder, and makes what is missing where `create` says so.
func (m *Machine) openFolder(path string, create bool) (*folder, error) {
	fd, err := unix.Open(filepath.Join(m.Root, "/"), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", m.Root, err)
	}
	at := &folder{fd, "/"}
	for _, name := range strings.Split(strings.Trim(path, "/"), "/") {
		next, err := at.enter(name, create)
		at.close()
		if err != nil {
			return nil, err
		}
		at = next
	}
	return at, nil
}

func (f *folder) enter(name string, create bool) (*folder, error) {
	path := filepath.Join(f.path, name)
	if create {
		if err := unix.Mkdirat(f.fd, name, 0o755); err == nil {
			// The umask may have taken bits away.
			if err := unix.Fchmodat(f.fd, name, 0o755, 0); err != nil {
				return nil, fmt.Errorf("make %s: %w", path, err)
			}
		} else if !errors.Is(err, unix.EEXIST) {
			return nil, fmt.Errorf("make %s: %w", path, err)
		}
	}
	fd, err := unix.Openat(f.fd, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	switch {
	case errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP):
		return nil, unsafeError{path, "is a symbolic link or no folder"}
	case err != nil:
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	next := &folder{fd, path}
	var info unix.Stat_t
	if err := unix.Fstat(fd, &info); err != nil {
		next.close()
		return nil, fmt.Errorf("look at %s: %w", path, err)
	}
	if info.Uid != uint32(os.Geteuid()) {
		next.close()
		return nil, unsafeError{path, fmt.Sprintf("belongs to user %d", info.Uid)}
	}
	if info.Mode&0o022 != 0 {
		next.close()
		return nil, unsafeError{path, "can be written by its group or by everybody"}
	}
	return next, nil
}

func (f *folder) close() { _ = unix.Close(f.fd) }

// open opens a regular file of root's; os.ErrNotExist where there is none.
func (f *folder) open(name string) (*os.File, error) {
	path := filepath.Join(f.path, name)
	// Not blocking: it could be a pipe.
	fd, err := unix.Openat(f.fd, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	switch {
	case errors.Is(err, unix.ENOENT):
		return nil, fmt.Errorf("%s: %w", path, os.ErrNotExist)
	case errors.Is(err, unix.ELOOP):
		return nil, fmt.Errorf("%s is a symbolic link, which we did not put there; remove it and try again", path)
	case err != nil:
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	file := os.NewFile(uintptr(fd), path)
	var info unix.Stat_t
	if err := unix.Fstat(fd, &info); err != nil || info.Mode&unix.S_IFMT != unix.S_IFREG {
		_ = file.Close()
		return nil, fmt.Errorf("%s is not a file, so we did not put it there; remove it and try again", path)
	}
	return file, nil
}

// put writes a file beside its place and moves it there: at any moment there is the old one or the new one, whole.
func (f *folder) put(name string, mode uint32, content io.Reader) error {
	path := filepath.Join(f.path, name)
	fresh := "." + name + ".new"
	if err := unix.Unlinkat(f.fd, fresh, 0); err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("remove what an earlier attempt left at %s: %w", filepath.Join(f.path, fresh), err)
	}
	fd, err := unix.Openat(f.fd, fresh, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	file := os.NewFile(uintptr(fd), path)
	_, err = io.Copy(file, content)
	if err == nil {
		err = unix.Fchmod(fd, mode)
	}
	if err == nil {
		err = file.Sync()
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = unix.Renameat(f.fd, fresh, f.fd, name)
	}
	if err != nil {
		_ = unix.Unlinkat(f.fd, fresh, 0)
		return fmt.Errorf("write %s: %w", path, err)
	}
	return unix.Fsync(f.fd)
}

func (f *folder) remove(name string) error {
	if err := unix.Unlinkat(f.fd, name, 0); err != nil && !errors.Is(err, unix.ENOENT) {
		return fmt.Errorf("remove %s: %w", filepath.Join(f.path, name), err)
	}
	return nil
}
