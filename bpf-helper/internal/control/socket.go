package control

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// runFolder holds one folder per served user.
const runFolder = "/run/flameline"

// socket is the listening socket and what must go with it.
type socket struct {
	*net.UnixListener
	path string
	lock *os.File
	mine unix.Stat_t
	// lent is systemd's, which removes it itself.
	lent bool
}

// listen makes the socket of one user's helper below `run`: folders that only root can write, the socket for that user
// alone. It refuses whatever lies there that is not a socket of an earlier helper.
func listen(run string, uid uint32) (*socket, error) {
	if err := ownFolder(run, 0o755); err != nil {
		return nil, err
	}
	folder := filepath.Join(run, strconv.FormatUint(uint64(uid), 10))
	if err := ownFolder(folder, 0o711); err != nil {
		return nil, err
	}
	return listenIn(folder, uid)
}

// listenIn makes the socket of one user in a folder that only we can write, which one helper at a time may do.
func listenIn(folder string, uid uint32) (*socket, error) {
	lock, err := os.OpenFile(filepath.Join(folder, "lock"), os.O_CREATE|os.O_RDWR|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", folder, err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = lock.Close()
		return nil, fmt.Errorf("another helper already serves %s; connect to it, or stop it first", folder)
	}
	path := filepath.Join(folder, "helper.sock")
	listener, err := bind(path, uid)
	if err != nil {
		_ = lock.Close()
		return nil, err
	}
	s := &socket{UnixListener: listener, path: path, lock: lock}
	if err := s.remember(); err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

// remember notes which socket is ours.
func (s *socket) remember() error {
	if err := unix.Lstat(s.path, &s.mine); err != nil {
		return fmt.Errorf("look at %s: %w", s.path, err)
	}
	return nil
}

// ownFolder makes a folder, or checks that the one there is a folder that only we can write.
func ownFolder(path string, mode os.FileMode) error {
	if err := os.Mkdir(path, mode); err == nil {
		return os.Chmod(path, mode) // the umask may have taken bits away
	} else if !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("make %s: %w", path, err)
	}
	var info unix.Stat_t
	if err := unix.Lstat(path, &info); err != nil {
		return fmt.Errorf("look at %s: %w", path, err)
	}
	if info.Mode&unix.S_IFMT != unix.S_IFDIR {
		return fmt.Errorf("%s is not a folder; remove it and try again", path)
	}
	if info.Uid != uint32(os.Geteuid()) || info.Mode&0o022 != 0 {
		return fmt.Errorf("%s belongs to or can be written by others; remove it and try again", path)
	}
	return nil
}

// bind puts a socket at a path in a folder that only we can write.
func bind(path string, uid uint32) (*net.UnixListener, error) {
	if err := clearStale(path, uid); err != nil {
		return nil, err
	}
	// No one else may connect between bind and chown.
	previous := unix.Umask(0o177)
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	unix.Umask(previous)
	if err != nil {
		return nil, fmt.Errorf("listen at %s: %w", path, err)
	}
	listener.SetUnlinkOnClose(false)
	if uid != uint32(os.Geteuid()) {
		if err := os.Lchown(path, int(uid), -1); err != nil {
			_ = listener.Close()
			_ = os.Remove(path)
			return nil, fmt.Errorf("give %s to user %d: %w", path, uid, err)
		}
	}
	return listener, nil
}

// clearStale removes the socket that an earlier helper left, and refuses anything else.
func clearStale(path string, uid uint32) error {
	var info unix.Stat_t
	err := unix.Lstat(path, &info)
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look at %s: %w", path, err)
	}
	if info.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return fmt.Errorf("%s is taken by something that is not a socket; remove it and try again", path)
	}
	if info.Uid != uid && info.Uid != uint32(os.Geteuid()) {
		return fmt.Errorf("%s is taken by a socket of user %d; remove it and try again", path, info.Uid)
	}
	if conn, err := net.Dial("unix", path); err == nil {
		_ = conn.Close()
		return fmt.Errorf("another helper already serves %s; connect to it, or stop it first", path)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove the stale socket %s: %w", path, err)
	}
	return nil
}

// remove takes the socket away if it is still ours, and the folder with it.
func (s *socket) remove() {
	_ = s.Close()
	if s.lent {
		return
	}
	var info unix.Stat_t
	if unix.Lstat(s.path, &info) == nil && info.Ino == s.mine.Ino && info.Dev == s.mine.Dev {
		_ = os.Remove(s.path)
	}
	if s.lock != nil {
		// The lock's file stays: removing it would let two helpers hold a lock each.
		_ = s.lock.Close()
	}
}
