package control

import (
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// overflowUID is what the kernel says of a peer whose user has no name here (another user namespace).
const overflowUID = 65534

// peer is who is at the other end of a connection. What it may do is decided once, from this; unknown means nothing.
type peer struct {
	uid, gid uint32
	pid      int32
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
	return peer{credentials.Uid, credentials.Gid, credentials.Pid}, nil
}

// admits says whether a helper launched for one user serves a peer: that user and root.
func admits(servedUID, peerUID uint32) bool {
	if peerUID == overflowUID && servedUID != overflowUID {
		return false
	}
	return peerUID == 0 || peerUID == servedUID
}
