package capture

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// Lack is what recording needs and is not there, as a clause that a sentence can end with.
type Lack struct {
	// Right is whether a right is missing; else the kernel can't.
	Right bool
	text  string
}

func (l Lack) Error() string { return l.text }

// preconditions looks at what is quickly seen to be missing, in words that say what to do; the errors of loading name only the
// call that failed. Nil is no promise.
func preconditions() error {
	if missing := missingCapabilities(); len(missing) > 0 {
		verb := "is"
		if len(missing) > 1 {
			verb = "are"
		}
		return Lack{Right: true, text: fmt.Sprintf("%s %s missing", strings.Join(missing, " and "), verb)}
	}
	if err := tryBPF(); err != nil {
		return err
	}
	if _, err := os.Stat("/sys/kernel/btf/vmlinux"); err != nil {
		return Lack{text: "it does not describe its types: there is no /sys/kernel/btf/vmlinux, as where CONFIG_DEBUG_INFO_BTF is off"}
	}
	if text, err := os.ReadFile("/sys/kernel/security/lockdown"); err == nil && strings.Contains(string(text), "[confidentiality]") {
		return Lack{text: "its lockdown is in confidentiality mode, which forbids BPF to read stacks"}
	}
	return tryPerfEvent()
}

// missingCapabilities are those without which nothing loads.
func missingCapabilities() []string {
	var held [2]unix.CapUserData
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	if unix.Capget(&header, &held[0]) != nil {
		return nil
	}
	has := func(bit int) bool { return held[bit/32].Effective&(1<<(bit%32)) != 0 }
	if has(unix.CAP_SYS_ADMIN) {
		return nil
	}
	if last, err := os.ReadFile("/proc/sys/kernel/cap_last_cap"); err == nil {
		if number, err := strconv.Atoi(strings.TrimSpace(string(last))); err == nil && number < unix.CAP_BPF {
			return []string{"CAP_SYS_ADMIN"} // older than 5.8
		}
	}
	var missing []string
	if !has(unix.CAP_BPF) {
		missing = append(missing, "CAP_BPF")
	}
	if !has(unix.CAP_PERFMON) {
		missing = append(missing, "CAP_PERFMON")
	}
	return missing
}

func tryBPF() error {
	table, err := ebpf.NewMap(&ebpf.MapSpec{Type: ebpf.Array, KeySize: 4, ValueSize: 4, MaxEntries: 1})
	switch {
	case err == nil:
		return table.Close()
	case errors.Is(err, unix.ENOSYS):
		return Lack{text: "it has no system call bpf(), as where CONFIG_BPF_SYSCALL is off"}
	case errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES):
		return Lack{Right: true, text: "the system call bpf() is refused although the capabilities are there, as in a container whose seccomp filter forbids it"}
	default:
		return nil // loading will say more
	}
}

func tryPerfEvent() error {
	clock := unix.PerfEventAttr{
		Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_CPU_CLOCK, Size: uint32(unix.PERF_ATTR_SIZE_VER1),
		Sample: 1, Bits: unix.PerfBitFreq | unix.PerfBitDisabled,
	}
	fd, err := unix.PerfEventOpen(&clock, -1, 0, -1, unix.PERF_FLAG_FD_CLOEXEC)
	switch {
	case err == nil:
		return unix.Close(fd)
	case errors.Is(err, unix.ENOSYS):
		return Lack{text: "it has no perf events, as where CONFIG_PERF_EVENTS is off"}
	case errors.Is(err, unix.EPERM) || errors.Is(err, unix.EACCES):
		level, err := os.ReadFile("/proc/sys/kernel/perf_event_paranoid")
		if number, wrong := strconv.Atoi(strings.TrimSpace(string(level))); err == nil && wrong == nil && number > 2 {
			return Lack{Right: true, text: fmt.Sprintf("kernel.perf_event_paranoid is %d, and above 2 this kernel wants CAP_SYS_ADMIN", number)}
		}
		return Lack{Right: true, text: "the system call perf_event_open() is refused, as in a container whose seccomp filter forbids it"}
	default:
		return nil
	}
}
