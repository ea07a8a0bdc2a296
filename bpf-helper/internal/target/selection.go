package target

import (
	"path/filepath"
	"slices"
	"strings"

	"flameline.dev/helper/internal/wire"
	"golang.org/x/sys/unix"
)

// maxScriptArguments bounds the arguments that are looked at as possible scripts.
const maxScriptArguments = 16

// Selection decides whether a process belongs to a recording. It does not judge who may see it: Visible does.
type Selection struct {
	target   wire.Target
	folders  []folder
	programs []string // folders of an editor's own tools, with symlinks resolved
	excluded map[int32]bool
	trees    map[int32]bool
	helper   int32
	startNs  uint64 // of the one process of a process target
	root     string // as in Own
}

// Own are the pids of our own processes.
type Own struct {
	Helper, Client int32
	// Root is where the client's paths begin where that is not where ours do: in a container. "" is ours.
	Root string
}

// folder is a workspace folder: its path with symlinks resolved, and its identity, which is the same from inside a
// container where it is mounted at another path.
type folder struct {
	path          string
	device, inode uint64
}

// NewSelection prepares a target. `startNs` tells the process of a process target from a later one with the same pid.
// `own` are processes of ours, which no recording is about: the helper, whose children are ours too, and its client.
func NewSelection(t wire.Target, own Own, startNs uint64) *Selection {
	s := &Selection{
		target: t, excluded: map[int32]bool{own.Helper: true, own.Client: true}, trees: map[int32]bool{}, helper: own.Helper, startNs: startNs, root: own.Root,
	}
	for _, pid := range t.ExcludeTrees {
		s.excluded[pid] = true
		s.trees[pid] = true
	}
	for _, pid := range t.ExcludePIDs {
		s.excluded[pid] = true
	}
	for _, path := range t.ExcludePrograms {
		path = filepath.Clean(path)
		if resolved, _, err := resolve(s.root, path); err == nil {
			path = resolved
		}
		s.programs = append(s.programs, path)
	}
	for _, path := range t.Folders {
		f := folder{path: filepath.Clean(path)}
		if resolved, info, err := resolve(s.root, f.path); err == nil {
			f = folder{resolved, uint64(info.Dev), info.Ino}
		}
		s.folders = append(s.folders, f)
	}
	return s
}

// Visible says whether a peer may see a process: root sees all, others only their own.
func Visible(peerUID, processUID uint32) bool {
	return peerUID == 0 || (processUID == peerUID && processUID != MixedUID)
}

// FollowsChildren says whether the children of wanted processes are wanted too.
func (s *Selection) FollowsChildren() bool {
	return s.target.Kind != wire.TargetProcess || s.target.Children
}

// Excludes says whether a process is never wanted.
func (s *Selection) Excludes(p *Process) bool {
	return s.excluded[p.PID] || p.ParentPID == s.helper || slices.ContainsFunc(s.programs, func(folder string) bool { return isBelow(p.Executable, folder) })
}

// isBelow says whether a path without symlinks lies in a folder.
func isBelow(path, folder string) bool {
	return path == folder || folder == "/" || strings.HasPrefix(path, folder+"/")
}

// Wants judges a process by itself and by its ancestors, nearest first. Excluded ancestors don't make it wanted.
func (s *Selection) Wants(p *Process, ancestors []*Process) bool {
	if p.Kernel || s.Excludes(p) {
		return false
	}
	switch s.target.Kind {
	case wire.TargetUser:
		return true
	case wire.TargetProcess:
		if s.isTheProcess(p) {
			return true
		}
		if s.target.Children {
			for _, ancestor := range ancestors {
				if s.isTheProcess(ancestor) {
					return true
				}
			}
		}
		return false
	}
	if s.holdsProgram(p) {
		return true
	}
	for i, ancestor := range ancestors {
		if s.trees[ancestor.PID] {
			return slices.ContainsFunc(ancestors[:i], s.holdsProgram)
		}
	}
	if s.containsIn(p, p.WorkingDirectory) {
		return true
	}
	for _, ancestor := range ancestors {
		if !s.Excludes(ancestor) && s.containsIn(ancestor, ancestor.WorkingDirectory) {
			return true
		}
	}
	return false
}

// holdsProgram says whether what a process runs lies in one of the folders, wherever it runs.
func (s *Selection) holdsProgram(p *Process) bool {
	return !s.Excludes(p) && (s.containsIn(p, p.Executable) || s.runsScript(p))
}

func (s *Selection) isTheProcess(p *Process) bool {
	return p.PID == s.target.PID && SameStart(p.StartNs, s.startNs)
}

// contains says whether an absolute path without symlinks lies in one of the folders.
func (s *Selection) contains(path string) bool {
	for _, f := range s.folders {
		if isBelow(path, f.path) {
			return true
		}
	}
	return false
}

// containsIn says the same of a path as a process sees it.
func (s *Selection) containsIn(p *Process, path string) bool {
	if path == "" {
		return false
	}
	if s.contains(path) {
		return true
	}
	if p.Root == "" || p.Root == "/" {
		return false
	}
	// In a container the folder may be mounted elsewhere: compare what the path's ancestors are, not how they are called.
	for at := filepath.Clean(path); ; at = filepath.Dir(at) {
		var info unix.Stat_t
		if unix.Stat(filepath.Join(p.Root, at), &info) == nil {
			for _, f := range s.folders {
				if f.inode != 0 && f.inode == info.Ino && f.device == uint64(info.Dev) {
					return true
				}
			}
		}
		if at == "/" || at == "." {
			return false
		}
	}
}

// runsScript says whether an argument of the command line is a file in one of the folders: "python app.py",
// "java -jar build/app.jar".
func (s *Selection) runsScript(p *Process) bool {
	for i, argument := range p.CommandLine {
		if i == 0 || argument == "" || argument[0] == '-' {
			continue
		}
		if i > maxScriptArguments {
			return false
		}
		path := argument
		if !filepath.IsAbs(path) {
			if p.WorkingDirectory == "" {
				continue
			}
			path = filepath.Join(p.WorkingDirectory, path)
		}
		// Most arguments are not files, and one look costs less than one at every folder on the way.
		resolved, info, err := resolve(s.root, path)
		if err != nil || info.Mode&unix.S_IFMT != unix.S_IFREG {
			continue
		}
		if s.contains(resolved) {
			return true
		}
	}
	return false
}

// FindsOthers says whether processes may be wanted that are no descendants of wanted ones.
func (s *Selection) FindsOthers() bool { return s.target.Kind != wire.TargetProcess }

// EndsWithProcess says whether the recording is over when none of its processes is left.
func (s *Selection) EndsWithProcess() bool { return s.target.Kind == wire.TargetProcess }
