package control

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

func TestOnlyTheServedUserAndRootAreAdmitted(t *testing.T) {
	for _, c := range []struct {
		served, peer uint32
		want         bool
	}{
		{1000, 1000, true}, {1000, 0, true}, {1000, 1001, false}, {0, 0, true}, {0, 1000, false},
		{1000, overflowUID, false}, {0, overflowUID, false}, {1000, ^uint32(0), false},
	} {
		if got := admits(c.served, c.peer); got != c.want {
			t.Errorf("a helper for %d admits %d: %v", c.served, c.peer, got)
		}
	}
}

func TestThePeerIsWhoTheKernelSays(t *testing.T) {
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(t.TempDir(), "s"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client, err := net.Dial("unix", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	accepted, err := listener.AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	p, err := identify(accepted)
	if err != nil || p.uid != uint32(os.Getuid()) || p.gid != uint32(os.Getgid()) || p.pid != int32(os.Getpid()) {
		t.Errorf("identified %+v, %v", p, err)
	}
}
