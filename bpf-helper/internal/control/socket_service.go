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

// firstInherited is the first descriptor that systemd passes: sd_listen_fds(3).
const firstInherited = 3

// listenForAll makes the service's socket, to which everybody may connect: who the peer is decides.
func listenForAll(run string) (*socket, error) {
	if err := ownFolder(run, 0o755); err != nil {
		return nil, err
	}
	s, err := listenIn(run, uint32(os.Geteuid()))
	if err != nil {
		return nil, err
	}
	// By name, as a socket's own descriptor has no mode of its file: the folder is ours alone.
	if err := os.Chmod(filepath.Join(run, "helper.sock"), 0o666); err != nil {
		s.remove()
		return nil, fmt.Errorf("open %s to all users: %w", s.path, err)
	}
	return s, nil
}

// IsActivated says whether systemd passed a socket to us. The variables may be left over from a process above us, which
// they were meant for.
func IsActivated(environment func(string) string) bool {
	return environment("LISTEN_PID") == strconv.Itoa(os.Getpid()) && environment("LISTEN_FDS") != ""
}

// activated is the socket that systemd passed to us; nil where it passed none.
func activated(environment func(string) string) (*socket, error) {
	if !IsActivated(environment) {
		return nil, nil
	}
	count := environment("LISTEN_FDS")
	for _, name := range []string{"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"} {
		_ = os.Unsetenv(name)
	}
	if count != "1" {
		return nil, fmt.Errorf("systemd passed %.10q sockets; the unit must have one ListenStream", count)
	}
	return adopt(firstInherited)
}

// adopt takes over a listening socket.
func adopt(fd int) (*socket, error) {
	unix.CloseOnExec(fd)
	file := os.NewFile(uintptr(fd), "inherited socket")
	defer file.Close()
	listening, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	if err != nil || listening != 1 {
		return nil, errors.New("what was passed as descriptor 3 is not a listening socket")
	}
	listener, err := net.FileListener(file)
	if err != nil {
		return nil, fmt.Errorf("take over the inherited socket: %w", err)
	}
	stream, ok := listener.(*net.UnixListener)
	if !ok || listener.Addr().Network() != "unix" || !filepath.IsAbs(listener.Addr().String()) {
		_ = listener.Close()
		return nil, fmt.Errorf("the inherited socket must be a Unix stream socket with a path, not %s %q", listener.Addr().Network(), listener.Addr())
	}
	stream.SetUnlinkOnClose(false)
	return &socket{UnixListener: stream, path: listener.Addr().String(), lent: true}, nil
}
