package control

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"flameline.dev/helper/internal/target"
)

func TestOnlyTheServedUserAndRootAreAdmitted(t *testing.T) {
	for _, c := range []struct {
		served, peer uint32
		want         bool
	}{
		{1000, 1000, true}, {1000, 0, true}, {1000, 1001, false}, {0, 0, true}, {0, 1000, false},
		{1000, overflowUID, false}, {0, overflowUID, false}, {1000, ^uint32(0), false},
	} {
		if got := (Options{UID: c.served}).admits(c.peer); got != c.want {
			t.Errorf("a helper for %d admits %d: %v", c.served, c.peer, got)
		}
	}
}

func TestAServiceAdmitsAllWhomTheKernelCanName(t *testing.T) {
	service := Options{Service: true}
	for uid, want := range map[uint32]bool{0: true, 1000: true, 100_000: true, overflowUID: false, invalidUID: false} {
		if got := service.admits(uid); got != want {
			t.Errorf("a service admits %d: %v", uid, got)
		}
	}
}

func TestAPeerSeesItsOwnProcessesAndThoseOfItsContainerOnly(t *testing.T) {
	const here, container, other = 0, 77, 78
	for _, c := range []struct {
		name      string
		peer      peer
		uid       uint32
		namespace uint64
		want      bool
	}{
		{"root sees all", peer{uid: 0}, 1000, here, true},
		{"root sees into containers", peer{uid: 0}, 1000, container, true},
		{"a user sees the own", peer{uid: 1000}, 1000, here, true},
		{"a user sees the own in a container", peer{uid: 1000}, 1000, container, true},
		{"a user does not see root's", peer{uid: 1000}, 0, here, false},
		{"a user does not see one that may not be dumped", peer{uid: 1000}, target.MixedUID, here, false},
		{"a container's root sees its container", peer{uid: 0, namespace: container}, 1000, container, true},
		{"a container's root does not see the host", peer{uid: 0, namespace: container}, 0, here, false},
		{"a container's root does not see another container", peer{uid: 0, namespace: container}, 0, other, false},
		{"a container's root does not see what can't be told", peer{uid: 0, namespace: container}, 0, target.UnknownNamespace, false},
		{"a container's user does not see the host's user of the same number", peer{uid: 1000, namespace: container}, 1000, here, false},
		{"a container's user does not see its root", peer{uid: 1000, namespace: container}, 0, container, false},
	} {
		if got := c.peer.sees(&target.Process{UID: c.uid, Namespace: c.namespace}); got != c.want {
			t.Errorf("%s: %v", c.name, got)
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
	if err != nil || p.uid != uint32(os.Getuid()) || p.gid != uint32(os.Getgid()) || p.pid != int32(os.Getpid()) || p.namespace != 0 {
		t.Errorf("identified %+v, %v", p, err)
	}
}
