// Package rights gives up what root can do and recording does not need.
package rights

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Right is a capability, and what the helper does with it.
type Right struct {
	Name string
	Bit  int
	Why  string
}

// Needed is what recording needs on a kernel of at least 5.9, found by taking them away one by one.
var Needed = []Right{
	{"CAP_BPF", unix.CAP_BPF, "load programs and make maps"},
	{"CAP_PERFMON", unix.CAP_PERFMON, "attach them to the processors' clocks and to tracepoints"},
	{"CAP_SYSLOG", unix.CAP_SYSLOG, "read the kernel's symbols with their addresses"},
	{"CAP_SYS_PTRACE", unix.CAP_SYS_PTRACE, "read the memory and the mappings of the processes that are recorded"},
	{"CAP_CHECKPOINT_RESTORE", unix.CAP_CHECKPOINT_RESTORE, "open what they have mapped, by mapping instead of by path"},
	{"CAP_DAC_READ_SEARCH", unix.CAP_DAC_READ_SEARCH, "read binaries and find workspaces in folders that are closed to others"},
	{"CAP_SETUID", unix.CAP_SETUID, "start each user's parser of symbols as that user"},
	{"CAP_SETGID", unix.CAP_SETGID, "the same"},
	{"CAP_SETPCAP", unix.CAP_SETPCAP, "take every capability from that parser for good"},
	{"CAP_KILL", unix.CAP_KILL, "end that parser"},
	{"CAP_SYS_NICE", unix.CAP_SYS_NICE, "be in time for processes that live for milliseconds"},
	{"CAP_SYS_RESOURCE", unix.CAP_SYS_RESOURCE, "lock maps into memory, on kernels before 5.11"},
}

// lastBeforePerfmon is the highest capability of a kernel that has neither CAP_PERFMON nor CAP_BPF (before 5.8).
const lastBeforePerfmon = unix.CAP_AUDIT_READ

// NeedsAdmin says whether this machine wants CAP_SYS_ADMIN on top, and why.
func NeedsAdmin() (why string, needed bool) {
	if last, err := number("/proc/sys/kernel/cap_last_cap"); err == nil && last <= lastBeforePerfmon {
		return "this kernel is older than 5.8 and knows neither CAP_BPF nor CAP_PERFMON", true
	}
	// Levels above 2 are Debian's and Ubuntu's own: there CAP_PERFMON does not count.
	if level, err := number("/proc/sys/kernel/perf_event_paranoid"); err == nil && level > 2 {
		return fmt.Sprintf("kernel.perf_event_paranoid is %d here, and above 2 CAP_PERFMON is not enough", level), true
	}
	return "", false
}

func number(path string) (int, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

func mask() uint64 {
	set := uint64(0)
	for _, right := range Needed {
		set |= 1 << right.Bit
	}
	return set
}

// Begin gives up, in all threads and for good, everything but what is needed and CAP_SYS_ADMIN, which the kernel wants
// once, for telling the run time of BPF programs. From now on nothing that is executed gains rights, and calls are by list.
func Begin() error {
	if err := everywhere("set no_new_privs", unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1); err != nil {
		return err
	}
	return errors.Join(keep(mask()|1<<unix.CAP_SYS_ADMIN), callList().Install())
}

// Settle gives up CAP_SYS_ADMIN too, unless this machine needs it: everything is loaded.
func Settle() error {
	if _, needed := NeedsAdmin(); needed {
		return nil
	}
	return keep(mask())
}

func keep(wanted uint64) error {
	var now [2]unix.CapUserData
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	if err := unix.Capget(&header, &now[0]); err != nil {
		return fmt.Errorf("read our capabilities: %w", err)
	}
	held := uint64(now[0].Permitted) | uint64(now[1].Permitted)<<32
	if held&(1<<unix.CAP_SETPCAP) != 0 {
		for bit := 0; ; bit++ {
			if bit < 64 && wanted&(1<<bit) != 0 {
				continue
			}
			err := everywhere("drop a capability", unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, uintptr(bit))
			if errors.Is(err, unix.EINVAL) {
				break // behind the last that this kernel has
			}
			if err != nil {
				return err
			}
		}
	}
	kept := held & wanted
	if kept == held && now[0].Inheritable|now[1].Inheritable == 0 {
		return nil
	}
	low, high := uint32(kept), uint32(kept>>32)
	next := [2]unix.CapUserData{{Effective: low, Permitted: low}, {Effective: high, Permitted: high}}
	// The call gets plain numbers, so nothing may move what they point to.
	var pinned runtime.Pinner
	defer pinned.Unpin()
	pinned.Pin(&header)
	pinned.Pin(&next[0])
	return everywhere("give up capabilities", unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&next[0])))
}

// everywhere makes a call in all threads, as the kernel knows these things by thread.
func everywhere(deed string, call, first, second uintptr) error {
	if _, _, errno := syscall.AllThreadsSyscall(call, first, second, 0); errno != 0 {
		return fmt.Errorf("%s: %w", deed, errno)
	}
	return nil
}
