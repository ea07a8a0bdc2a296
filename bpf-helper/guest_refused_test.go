//go:build guest

package main

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"flameline.dev/helper/internal/control"
	"flameline.dev/helper/internal/wire"
	"golang.org/x/sys/unix"
)

// refusedWith starts a helper that lacks something. `check --load` and a client's start must name the same reason, and
// `detail` must be in its words.
func refusedWith(t *testing.T, lacking lack, code wire.ErrorCode, detail string) {
	t.Helper()
	load := checkWithout(t, lacking)
	note("check: "+detail, load)
	if load.OK || load.Code != code || !strings.Contains(load.Detail, detail) {
		t.Errorf("check says %+v, want %s with %q", load, code, detail)
	}
	h := startServiceWithout(t, lacking)
	c := connect(t, h.socket)
	c.send(wire.StartRequest{Type: wire.TypeStart, Recording: 1, Target: wire.Target{Kind: wire.TargetUser}, Events: everyEvent, Hz: 99})
	for {
		kind, data := c.next(2 * time.Minute)
		if kind == wire.TypeProgress {
			continue
		}
		var refused wire.HelperError
		if err := json.Unmarshal(data, &refused); err != nil || kind != wire.TypeError {
			t.Fatalf("got %q %s", kind, data)
		}
		note("client: "+detail, refused.Detail)
		if refused.Code != code || !strings.Contains(refused.Detail, detail) {
			t.Errorf("a client is told %s %q, want %s with %q", refused.Code, refused.Detail, code, detail)
		}
		return
	}
}

// checkWithout is what a helper that lacks something says of loading everything.
func checkWithout(t *testing.T, lacking lack) control.LoadResult {
	t.Helper()
	command := helperWithout(t, lacking, "check", "--load")
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err != nil {
		t.Fatalf("check: %v", err)
	}
	var check control.Check
	if err := json.Unmarshal(output, &check); err != nil || check.Load == nil {
		t.Fatalf("check says %s (%v)", output, err)
	}
	return *check.Load
}

// Up to level 2 the unit does not grant CAP_SYS_ADMIN, and everything loads without.
func TestGuestLoadsWithoutAdmin(t *testing.T) {
	setSysctl(t, "kernel/perf_event_paranoid", "2")
	granted := unitRights()
	if slices.Contains(granted, unix.CAP_SYS_ADMIN) {
		t.Fatal("the unit grants CAP_SYS_ADMIN at level 2")
	}
	if load := checkWithout(t, lack{Capabilities: granted}); !load.OK {
		t.Errorf("check says %+v", load)
	}
}

func TestGuestWithoutTypes(t *testing.T) {
	refusedWith(t, lack{Types: true}, wire.KernelUnsupported, "/sys/kernel/btf/vmlinux")
}

func TestGuestWithoutCalls(t *testing.T) {
	for errno, code := range map[syscall.Errno]wire.ErrorCode{unix.EPERM: wire.NoPrivilege, unix.ENOSYS: wire.KernelUnsupported} {
		refusedWith(t, lack{Calls: map[uint32]syscall.Errno{unix.SYS_BPF: errno}}, code, "bpf()")
		refusedWith(t, lack{Calls: map[uint32]syscall.Errno{unix.SYS_PERF_EVENT_OPEN: errno}}, code, "perf")
	}
}

func TestGuestWithoutRights(t *testing.T) {
	others := without(unitRights(), unix.CAP_SYS_ADMIN, unix.CAP_BPF, unix.CAP_PERFMON)
	refusedWith(t, lack{Capabilities: others}, wire.NoPrivilege, "CAP_BPF and CAP_PERFMON")
	// Debian's own level: CAP_PERFMON does not count.
	setSysctl(t, "kernel/perf_event_paranoid", "3")
	refusedWith(t, lack{Capabilities: without(unitRights(), unix.CAP_SYS_ADMIN)}, wire.NoPrivilege, "perf_event_paranoid is 3")
}

func without(all []uintptr, taken ...uintptr) []uintptr {
	return slices.DeleteFunc(slices.Clone(all), func(each uintptr) bool { return slices.Contains(taken, each) })
}

func TestGuestInLockdown(t *testing.T) {
	if err := os.WriteFile("/sys/kernel/security/lockdown", []byte("confidentiality"), 0); err != nil {
		t.Fatal(err)
	}
	refusedWith(t, lack{}, wire.KernelUnsupported, "lockdown")
}
