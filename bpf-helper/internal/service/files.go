// Package service installs the helper for all users of a machine, and takes it away again.
package service

import (
	"embed"
	"fmt"
	"path/filepath"
	"strings"

	"flameline.dev/helper/internal/rights"
)

//go:embed flameline.service flameline.socket org.flameline.helper.policy
var texts embed.FS

// mark is in every text that we install: what lacks it is somebody else's.
const mark = "Installed by Flameline"

// programName is the name of the installed binary.
const programName = "flameline-helper"

// Where things go. The first of the folders above which nobody but root may write takes the helper: on Debian before 13 the
// group staff may write to /usr/local, and elsewhere that is a symbolic link.
var (
	programFolders = []string{"/usr/local/lib/flameline", "/opt/flameline"}
	unitFolder     = "/etc/systemd/system"
	policyFolder   = "/usr/share/polkit-1/actions"
)

const (
	serviceName = "flameline.service"
	socketName  = "flameline.socket"
	policyName  = "org.flameline.helper.policy"
)

// text is a file that goes with the helper.
type text struct {
	folder, name, content string
}

// textsFor are the files that go with a helper at a path.
func (m *Machine) textsFor(helper string) ([]text, error) {
	var all []text
	if m.Systemd() {
		for _, name := range []string{socketName, serviceName} {
			content, err := fill(name, helper)
			if err != nil {
				return nil, err
			}
			all = append(all, text{unitFolder, name, content})
		}
	}
	if m.exists(policyFolder) {
		content, err := fill(policyName, helper)
		if err != nil {
			return nil, err
		}
		all = append(all, text{policyFolder, policyName, content})
	}
	return all, nil
}

// everyText is where one of them may lie.
func everyText() []text {
	return []text{{unitFolder, socketName, ""}, {unitFolder, serviceName, ""}, {policyFolder, policyName, ""}}
}

func fill(name, helper string) (string, error) {
	content, err := texts.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("read our own %s: %w", name, err)
	}
	return strings.NewReplacer("{{helper}}", helper, "{{rights}}", capabilityLines()).Replace(string(content)), nil
}

// capabilityLines are the unit's, with the reason of each.
func capabilityLines() string {
	var lines, names []string
	for _, right := range rights.Needed {
		lines = append(lines, fmt.Sprintf("# %s: %s", right.Name, right.Why))
		names = append(names, right.Name)
	}
	if why, needed := rights.NeedsAdmin(); needed {
		lines = append(lines, "# CAP_SYS_ADMIN: "+why)
		names = append(names, "CAP_SYS_ADMIN")
	}
	return strings.Join(append(lines, "CapabilityBoundingSet="+strings.Join(names, " ")), "\n")
}

func (t text) path() string { return filepath.Join(t.folder, t.name) }
