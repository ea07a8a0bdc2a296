package service

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"flameline.dev/helper/internal/rights"
)

// unitsForTest writes the units as they are installed, for a program that is there.
func unitsForTest(t *testing.T) (folder string) {
	t.Helper()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("skipped: systemd-analyze is not installed (Debian's package systemd)")
	}
	folder = t.TempDir()
	for _, name := range []string{serviceName, socketName} {
		content, err := fill(name, "/bin/true")
		must(t, err)
		must(t, os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644))
	}
	return folder
}

func TestSystemdUnderstandsEveryLineOfTheUnits(t *testing.T) {
	folder := unitsForTest(t)
	out, err := exec.Command("systemd-analyze", "verify", "--man=no", filepath.Join(folder, serviceName), filepath.Join(folder, socketName)).CombinedOutput()
	// What it says of the machine's other units is not about ours.
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "flameline") {
			t.Error(line)
		}
	}
	if err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

// exposed is all that `systemd-analyze security` may hold against the unit, and why it is so.
var exposed = map[string]string{
	"User=/DynamicUser=":                                  "it reads processes of all users",
	"PrivateUsers=":                                       "the same: who they are must be seen",
	"ProtectProc=":                                        "other processes are the job",
	"ProcSubset=":                                         "kallsyms and sys are read",
	"CapabilityBoundingSet=~CAP_BPF":                      "needed",
	"CapabilityBoundingSet=~CAP_SYS_PTRACE":               "needed",
	"CapabilityBoundingSet=~CAP_SYSLOG":                   "needed",
	"CapabilityBoundingSet=~CAP_KILL":                     "needed",
	"CapabilityBoundingSet=~CAP_SYS_(NICE|RESOURCE)":      "needed",
	"CapabilityBoundingSet=~CAP_SET(UID|GID|PCAP)":        "needed",
	"CapabilityBoundingSet=~CAP_(DAC_*|FOWNER|IPC_OWNER)": "CAP_DAC_READ_SEARCH",
	"ProtectKernelLogs=":                                  "it takes CAP_SYSLOG",
	"ProtectKernelTunables=":                              "it hides /proc/kallsyms; /sys and /proc/sys are read-only",
	"ProtectHome=":                                        "read-only: workspaces are in homes",
	"PrivateTmp=":                                         "workspaces are in /tmp too",
	"RootDirectory=/RootImage=":                           "binaries and debug files of the machine are read",
	"RestrictAddressFamilies=~AF_UNIX":                    "its socket",
	"SystemCallFilter=~@debug":                            "perf_event_open",
	"SystemCallFilter=~@privileged":                       "bpf, capset and setuid",
	"SystemCallFilter=~@resources":                        "setpriority, for what must not come late",
	"DeviceAllow=":                                        "ProtectClock= lets the clock be read",
}

func TestTheUnitIsHardened(t *testing.T) {
	folder := unitsForTest(t)
	out, err := exec.Command("systemd-analyze", "security", "--offline=yes", "--no-pager", filepath.Join(folder, serviceName)).CombinedOutput()
	if err != nil {
		t.Skipf("skipped: this systemd can't look at a unit that is not loaded: %s", out)
	}
	checked := 0
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if len(fields) < 2 || (fields[0] != "✗" && fields[0] != "✓") {
			continue
		}
		checked++
		if fields[0] == "✗" && exposed[fields[1]] == "" {
			t.Error(line)
		}
	}
	if checked < 50 {
		t.Errorf("only %d lines were understood:\n%s", checked, out)
	}
}

func TestTheUnitHidesNothingThatTheHelperReads(t *testing.T) {
	content, err := fill(serviceName, "/bin/true")
	must(t, err)
	for _, name := range []string{
		"ProtectKernelTunables", "ProtectKernelLogs", "ProtectProc", "ProcSubset", "PrivateTmp", "PrivateUsers", "RootDirectory", "DynamicUser",
	} {
		if strings.Contains(content, "\n"+name+"=") {
			t.Errorf("%s would hide symbols, processes or workspaces", name)
		}
	}
	if !strings.Contains(content, "\nProtectHome=read-only\n") {
		t.Error("workspaces in homes must be seen")
	}
}

func TestTheUnitGrantsWhatTheHelperKeepsAndNoMore(t *testing.T) {
	content, err := fill(serviceName, "/bin/true")
	must(t, err)
	_, rest, _ := strings.Cut(content, "\nCapabilityBoundingSet=")
	line, _, _ := strings.Cut(rest, "\n")
	granted := strings.Fields(line)
	var needed []string
	for _, right := range rights.Needed {
		needed = append(needed, right.Name)
	}
	if _, admin := rights.NeedsAdmin(); admin {
		needed = append(needed, "CAP_SYS_ADMIN")
	}
	if !slices.Equal(granted, needed) {
		t.Errorf("the unit grants %q, the helper keeps %q", granted, needed)
	}
}
