package capture

import (
	"debug/elf"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"flameline.dev/helper/internal/mapped"
	"go.opentelemetry.io/ebpf-profiler/libpf"
	"go.opentelemetry.io/ebpf-profiler/libpf/pfelf"
	engine "go.opentelemetry.io/ebpf-profiler/reporter"
	"golang.org/x/sys/unix"
)

// maxOpenModules bounds the descriptors of mapped files that are kept open. Files beyond it can't be symbolized.
const maxOpenModules = 2048

// moduleTable knows the file behind every code mapping that the engine has met. It keeps the files open: by the time
// their symbols are wanted the process may be gone and another file may lie at the path.
type moduleTable struct {
	lock     sync.Mutex
	byFile   map[libpf.FileID]*Module
	byInode  map[inodeKey]*Module
	open     map[*Module]*os.File
	segments map[*Module][]segment
}

type inodeKey struct {
	device uint64 // as stat reports it
	inode  uint64
}

func newModuleTable() *moduleTable {
	return &moduleTable{byFile: map[libpf.FileID]*Module{}, byInode: map[inodeKey]*Module{}, open: map[*Module]*os.File{}, segments: map[*Module][]segment{}}
}

var errNotKept = errors.New("the mapped file is not open any more")

// ReportExecutable is called by the engine once for every file, while a process that maps it is being looked at.
func (t *moduleTable) ReportExecutable(metadata *engine.ExecutableMetadata) {
	file := metadata.MappingFile.Value()
	path := metadata.Mapping.Path
	if metadata.Mapping.IsVDSO() {
		path = mapped.VDSO
	}
	key := inodeKey{metadata.Mapping.Device, metadata.Mapping.Inode}
	opened, err := openMapping(metadata)
	if err != nil {
		opened = nil
	}
	t.add(file.FileID, Module{Path: path, BuildID: file.GnuBuildID}, key, opened)
}

// add notes a module, of which `file` is kept open if there is room.
func (t *moduleTable) add(id libpf.FileID, described Module, key inodeKey, file *os.File) {
	t.lock.Lock()
	defer t.lock.Unlock()
	module := t.byFile[id]
	if module == nil {
		module = t.describe(id, described)
	}
	if key.inode != 0 {
		t.byInode[key] = module
	}
	if file == nil {
		return
	}
	if t.open[module] == nil && len(t.open) < maxOpenModules {
		t.open[module] = file
	} else {
		_ = file.Close()
	}
}

// addJIT notes a process's code that has no file.
func (t *moduleTable) addJIT(id libpf.FileID, jit JIT) {
	t.lock.Lock()
	defer t.lock.Unlock()
	if t.byFile[id] == nil {
		t.describe(id, Module{Path: JITPath, JIT: &jit})
	}
}

func (t *moduleTable) describe(id libpf.FileID, described Module) *Module {
	module := &described
	module.Path = strings.Clone(strings.ToValidUTF8(module.Path, "�"))
	module.FileID = hex.EncodeToString(id.Bytes())
	module.open = func() (*os.File, error) { return t.duplicate(module) }
	t.byFile[id] = module
	return module
}

// openMapping opens the mapped file through the process's map_files, which leads to the very file whatever lies at its
// path by now, and which a hostile process can't point elsewhere.
func openMapping(metadata *engine.ExecutableMetadata) (*os.File, error) {
	mapping := metadata.Mapping
	if !mapping.IsFileBacked() {
		return nil, errNotKept
	}
	return mapped.OpenRegular(fmt.Sprintf("/proc/%d/map_files/%x-%x", metadata.Process.PID(), mapping.Vaddr, mapping.Vaddr+mapping.Length))
}

func (t *moduleTable) duplicate(module *Module) (*os.File, error) {
	t.lock.Lock()
	defer t.lock.Unlock()
	file := t.open[module]
	if file == nil {
		return nil, fmt.Errorf("open %s: %w", module.Path, errNotKept)
	}
	return mapped.Reopen(file)
}

func (t *moduleTable) lookup(file libpf.FrameMappingFileData) *Module {
	t.lock.Lock()
	defer t.lock.Unlock()
	module := t.byFile[file.FileID]
	if module == nil {
		module = t.describe(file.FileID, Module{Path: file.FileName.String(), BuildID: file.GnuBuildID})
	}
	return module
}

// byNumber finds the module of a mapping by the kernel's own number of its device.
func (t *moduleTable) byNumber(device uint32, inode uint64) *Module {
	t.lock.Lock()
	defer t.lock.Unlock()
	return t.byInode[inodeKey{unix.Mkdev(device>>20, device&(1<<20-1)), inode}]
}

// program is the file of a process that has just begun to run it.
type program struct {
	key        inodeKey
	modifiedNs int64
	path       string
	id         libpf.FileID
	buildID    string
	file       *os.File // whoever gets the program closes it
}

// noteProgram gets to know the executable of a process that has just begun, which may be gone before the engine looks at it;
// nil where there is nothing that `isKnown` denies.
func (t *moduleTable) noteProgram(pid int32, isKnown func(file inodeKey, modifiedNs int64) bool) *program {
	link := fmt.Sprintf("/proc/%d/exe", pid)
	var info unix.Stat_t
	if unix.Stat(link, &info) != nil {
		return nil
	}
	key := inodeKey{info.Dev, info.Ino}
	if isKnown(key, info.Mtim.Nano()) {
		return nil
	}
	path, err := os.Readlink(link)
	if err != nil {
		return nil
	}
	file, err := mapped.OpenRegular(link)
	if err != nil {
		return nil
	}
	var opened unix.Stat_t
	id, err := libpf.FileIDFromExecutableReader(file)
	if err != nil || unix.Fstat(int(file.Fd()), &opened) != nil || opened.Ino != info.Ino || opened.Dev != info.Dev || opened.Mtim != info.Mtim {
		_ = file.Close()
		return nil
	}
	p := &program{key: key, modifiedNs: info.Mtim.Nano(), path: path, id: id, file: file}
	if parsed, err := pfelf.NewFile(file, 0, false); err == nil {
		p.buildID, _ = parsed.GetBuildID()
	}
	kept, err := mapped.Reopen(file)
	if err != nil {
		kept = nil
	}
	t.add(id, Module{Path: path, BuildID: p.buildID}, key, kept)
	return p
}

// hasFile says whether a module is known for a file, whenever it was changed.
func (t *moduleTable) hasFile(file inodeKey, _ int64) bool {
	t.lock.Lock()
	defer t.lock.Unlock()
	_, isKnown := t.byInode[file]
	return isKnown
}

func (t *moduleTable) close() {
	t.lock.Lock()
	defer t.lock.Unlock()
	for module, file := range t.open {
		_ = file.Close()
		delete(t.open, module)
	}
}

// virtualAddress turns an offset in a module's file into an address in the module's own address space.
func (t *moduleTable) virtualAddress(module *Module, offset uint64) (uint64, bool) {
	t.lock.Lock()
	defer t.lock.Unlock()
	file := t.open[module]
	if file == nil {
		return 0, false
	}
	segments, known := t.segments[module]
	if !known {
		segments = loadSegments(file)
		t.segments[module] = segments
	}
	for _, s := range segments {
		if offset >= s.offset && offset < s.offset+s.size {
			return offset - s.offset + s.address, true
		}
	}
	return 0, false
}

type segment struct{ offset, size, address uint64 }

// loadSegments reads only the program headers, whose number and size are bounded.
func loadSegments(file *os.File) []segment {
	parsed, err := pfelf.NewFile(file, 0, false)
	if err != nil {
		return nil
	}
	var segments []segment
	for _, p := range parsed.Progs {
		if p.Type == elf.PT_LOAD {
			segments = append(segments, segment{p.Off, p.Filesz, p.Vaddr})
		}
	}
	return segments
}
