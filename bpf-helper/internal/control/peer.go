package control

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	"flameline.dev/helper/internal/target"
	"golang.org/x/sys/unix"
)

const (
	// overflowUID is what the kernel says of a peer whose user has no name here (another user namespace).
	overflowUID = 65534
	// invalidUID is no user's.
	invalidUID = ^uint32(0)
)

// peer is who is at the other end of a connection. What it may do is decided once, from this; unknown means nothing.
type peer struct {
	uid, gid uint32
	pid      int32
	// namespace is that of its process numbers; 0 is ours. A peer in a container sees only what runs in that container,
	// root there included: the kernel says uid 0 of it, and yet it is not root of this machine.
	namespace uint64
}

// sees says whether a peer may know of a process.
func (p peer) sees(process *target.Process) bool {
	return (p.namespace == 0 || p.namespace == process.Namespace) && target.Visible(p.uid, process.UID)
}

// identify asks the kernel who connected. The answer dates from the connection and can't be forged.
func identify(conn *net.UnixConn) (peer, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return peer{}, fmt.Errorf("identify the client: %w", err)
	}
	var credentials *unix.Ucred
	var optionErr error
	if err := raw.Control(func(fd uintptr) {
		credentials, optionErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return peer{}, fmt.Errorf("identify the client: %w", err)
	}
	if optionErr != nil {
		return peer{}, fmt.Errorf("identify the client: %w", optionErr)
	}
	p := peer{uid: credentials.Uid, gid: credentials.Gid, pid: credentials.Pid}
	var place error
	if err := raw.Control(func(fd uintptr) { place = p.locate(int(fd)) }); err != nil {
		return p, fmt.Errorf("identify the client: %w", err)
	}
	return p, place
}

// locate finds out whether the peer is in a container, and whether root is all of root.
func (p *peer) locate(socket int) error {
	if p.pid <= 0 {
		return errors.New("the client's process is not one that can be seen from here")
	}
	handle, err := peerHandle(socket, int(p.pid))
	if err != nil {
		return fmt.Errorf("identify the client: %w", err)
	}
	defer unix.Close(handle)
	p.namespace = procFolder.Namespace(p.pid)
	whole := p.uid != 0 || p.namespace != 0 || isWholeRoot(p.pid)
	// What was read of the number is the peer's only if the peer still is the one that has it.
	if err := unix.PidfdSendSignal(handle, 0, nil, 0); err != nil && !errors.Is(err, unix.EPERM) {
		return errors.New("the client's process is gone")
	}
	if p.namespace == target.UnknownNamespace {
		return errors.New("it can't be told where the client runs")
	}
	if !whole {
		return errors.New("the client is root without the right to look at others' processes (CAP_SYS_PTRACE)")
	}
	return nil
}

// peerHandle is a descriptor of the peer's process. Before Linux 6.5 it is found by its number, which within the
// moments since the connection would have to be given out again.
func peerHandle(socket, pid int) (int, error) {
	if handle, err := unix.GetsockoptInt(socket, unix.SOL_SOCKET, unix.SO_PEERPIDFD); err == nil {
		return handle, nil
	}
	return unix.PidfdOpen(pid, 0)
}

// isWholeRoot says whether a process of root's may look at all processes anyway. Root of a container that shares the
// host's process numbers may not, unless it was given that right.
func isWholeRoot(pid int32) bool {
	var theirs, ours unix.Stat_t
	folder := "/proc/" + strconv.Itoa(int(pid))
	if unix.Stat(folder+"/ns/user", &theirs) != nil || unix.Stat("/proc/self/ns/user", &ours) != nil || theirs.Ino != ours.Ino {
		return false
	}
	status, err := os.ReadFile(folder + "/status")
	if err != nil {
		return false
	}
	_, rest, _ := strings.Cut(string(status), "\nCapEff:")
	line, _, _ := strings.Cut(rest, "\n")
	mask, err := strconv.ParseUint(strings.TrimSpace(line), 16, 64)
	return err == nil && mask&(1<<unix.CAP_SYS_PTRACE) != 0
}

// admits says whether a helper serves a peer: one that was launched for a user serves that user and root, a service all
// but those whom the kernel can't name.
func (o Options) admits(uid uint32) bool {
	if uid == invalidUID {
		return false
	}
	if o.Service {
		return uid != overflowUID
	}
	if uid == overflowUID && o.UID != overflowUID {
		return false
	}
	return uid == 0 || uid == o.UID
}
