package capture

import (
	"debug/elf"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"go.opentelemetry.io/ebpf-profiler/libpf"
	"go.opentelemetry.io/ebpf-profiler/libpf/pfelf"
	engine "go.opentelemetry.io/ebpf-profiler/reporter"
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
	inode uint64
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
		path = "[vdso]"
	}
	module := &Module{Path: strings.Clone(strings.ToValidUTF8(path, "�")), BuildID: file.GnuBuildID}
	hi, lo := file.FileID.Hi(), file.FileID.Lo()
	module.FileID = fmt.Sprintf("%016x%016x", hi, lo)
	module.open = func() (*os.File, error) { return t.duplicate(module) }
	opened, err := openMapping(metadata)

	t.lock.Lock()
	defer t.lock.Unlock()
	if known := t.byFile[file.FileID]; known != nil {
		module = known
	}
	t.byFile[file.FileID] = module
	if metadata.Mapping.Inode != 0 {
		t.byInode[inodeKey{metadata.Mapping.Inode}] = module
	}
	if err == nil && t.open[module] == nil && len(t.open) < maxOpenModules {
		t.open[module] = opened
	} else if opened != nil {
		_ = opened.Close()
	}
}

// openMapping opens the mapped file through the process's map_files, which leads to the very file whatever lies at its
// path by now, and which a hostile process can't point elsewhere.
func openMapping(metadata *engine.ExecutableMetadata) (*os.File, error) {
	mapping := metadata.Mapping
	if !mapping.IsFileBacked() {
		return nil, errNotKept
	}
	return os.Open(fmt.Sprintf("/proc/%d/map_files/%x-%x", metadata.Process.PID(), mapping.Vaddr, mapping.Vaddr+mapping.Length))
}

func (t *moduleTable) duplicate(module *Module) (*os.File, error) {
	t.lock.Lock()
	defer t.lock.Unlock()
	file := t.open[module]
	if file == nil {
		return nil, fmt.Errorf("open %s: %w", module.Path, errNotKept)
	}
	// A new description, so that offsets are not shared.
	return os.Open(fmt.Sprintf("/proc/self/fd/%d", file.Fd()))
}

func (t *moduleTable) lookup(file libpf.FrameMappingFileData) *Module {
	t.lock.Lock()
	defer t.lock.Unlock()
	module := t.byFile[file.FileID]
	if module == nil {
		module = &Module{Path: file.FileName.String(), BuildID: file.GnuBuildID, FileID: hex.EncodeToString(file.FileID.Bytes())}
		module.open = func() (*os.File, error) { return nil, errNotKept }
		t.byFile[file.FileID] = module
	}
	return module
}

func (t *moduleTable) byNumber(inode uint64) *Module {
	t.lock.Lock()
	defer t.lock.Unlock()
	return t.byInode[inodeKey{inode}]
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
