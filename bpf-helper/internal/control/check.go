package control

import (
	"os"
	"strconv"
	"strings"

	"flameline.dev/helper/internal/capture"
	"flameline.dev/helper/internal/wire"
	"golang.org/x/sys/unix"
)

// Check says what this kernel and this user can do. The doctor turns it into sentences.
type Check struct {
	Helper     string           `json:"helper"`
	Kernel     string           `json:"kernel"`
	Machine    string           `json:"machine"`
	Processors int              `json:"processors"`
	EUID       int              `json:"euid"`
	Events     []wire.EventName `json:"events"`
	// BTF is whether the kernel describes its types, which every program of ours needs.
	BTF bool `json:"btf"`
	// PerfEventParanoid is kernel.perf_event_paranoid; -2 where it can't be read.
	PerfEventParanoid int `json:"perfEventParanoid"`
	// UnprivilegedBPFDisabled is kernel.unprivileged_bpf_disabled; -2 where it can't be read.
	UnprivilegedBPFDisabled int `json:"unprivilegedBpfDisabled"`
	// Lockdown is "none", "integrity" or "confidentiality"; "" where the kernel has none.
	Lockdown string `json:"lockdown"`
	// Capabilities are those in effect that matter here.
	Capabilities map[string]bool `json:"capabilities"`
	Tracefs      bool            `json:"tracefs"`
	// Container is whether this seems to be a container, whose host decides what it may do.
	Container bool `json:"container"`
	// Load is the result of loading and attaching everything once; nil when it was not tried.
	Load *LoadResult `json:"load"`
}

// LoadResult is how a load test went.
type LoadResult struct {
	OK bool `json:"ok"`
	// Code is the reason in the wire's words, "" when it went well.
	Code   wire.ErrorCode `json:"code"`
	Detail string         `json:"detail"`
}

var checkedCapabilities = map[string]int{
	"CAP_SYS_ADMIN": unix.CAP_SYS_ADMIN, "CAP_BPF": unix.CAP_BPF, "CAP_PERFMON": unix.CAP_PERFMON,
	"CAP_SYS_PTRACE": unix.CAP_SYS_PTRACE, "CAP_SYS_RESOURCE": unix.CAP_SYS_RESOURCE, "CAP_SYSLOG": unix.CAP_SYSLOG,
	"CAP_CHECKPOINT_RESTORE": unix.CAP_CHECKPOINT_RESTORE, "CAP_DAC_READ_SEARCH": unix.CAP_DAC_READ_SEARCH,
	"CAP_SETUID": unix.CAP_SETUID, "CAP_SETGID": unix.CAP_SETGID,
}

// Inspect looks at the machine; it changes nothing. `load` is what tries a load, or nil.
func Inspect(load func() error) Check {
	c := Check{
		Helper: wire.HelperVersion, Kernel: kernelRelease(), Machine: machine(), Processors: capture.Processors(), EUID: os.Geteuid(),
		Events: wire.RecordableEvents, BTF: exists("/sys/kernel/btf/vmlinux"),
		PerfEventParanoid:       number("/proc/sys/kernel/perf_event_paranoid"),
		UnprivilegedBPFDisabled: number("/proc/sys/kernel/unprivileged_bpf_disabled"),
		Lockdown:                chosen(read("/sys/kernel/security/lockdown")), Capabilities: capabilities(read("/proc/self/status")),
		Tracefs: exists("/sys/kernel/tracing/events") || exists("/sys/kernel/debug/tracing/events"), Container: inContainer(),
	}
	if load != nil {
		c.Load = &LoadResult{OK: true}
		if err := load(); err != nil {
			c.Load = &LoadResult{Code: codeOf(err), Detail: err.Error()}
		}
	}
	return c
}

func codeOf(err error) wire.ErrorCode {
	if known, ok := explainLoad(err).(refusal); ok {
		return known.code
	}
	return wire.EngineFailed
}

func read(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func number(path string) int {
	value, err := strconv.Atoi(read(path))
	if err != nil {
		return -2
	}
	return value
}

// chosen picks the word in brackets: "none [integrity] confidentiality".
func chosen(text string) string {
	_, rest, found := strings.Cut(text, "[")
	word, _, closed := strings.Cut(rest, "]")
	if !found || !closed {
		return ""
	}
	return word
}

// capabilities reads the effective set from /proc/PID/status.
func capabilities(status string) map[string]bool {
	_, rest, _ := strings.Cut(status, "\nCapEff:")
	line, _, _ := strings.Cut(rest, "\n")
	mask, err := strconv.ParseUint(strings.TrimSpace(line), 16, 64)
	if err != nil {
		mask = 0
	}
	set := map[string]bool{}
	for name, bit := range checkedCapabilities {
		set[name] = mask&(1<<bit) != 0
	}
	return set
}

func inContainer() bool {
	if exists("/.dockerenv") || exists("/run/.containerenv") {
		return true
	}
	return strings.Contains(read("/proc/1/environ"), "container=")
}

func machine() string {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return ""
	}
	return unix.ByteSliceToString(name.Machine[:])
}
