package capture

import (
	"bytes"
	"strings"
	"unsafe"
)

// wantedValue, tickRecord and the events are twins of the structures in bpf/gate.bpf.c.
type wantedValue struct {
	Recordings    uint64
	AnnouncedAt   uint64
	Announcements uint64
	// Which memory the unwinder was told of, and how often.
	Memory, ExecutablePages, Tellings, Untaken           uint64
	LookedPages, Looks                                   uint32
	GrowthDebt, GrowthMemory, GrowthPages, GrowthAskings uint64
	MadeCode, MadeMemory, MadeAskings                    uint64
}

type tickRecord struct {
	KTime         int64
	StartBoottime uint64
	Recordings    uint64
	Instruction   uint64
	Inode         uint64
	MappingStart  uint64
	MappingPage   uint64
	Device        uint32
	Processor     uint32
	PID           uint32
	TID           uint32
	UID           uint32
	Flags         tickFlags
	Began         int64
	Mark          uint64
	Amount        uint64
	Subject       uint64
	Event         uint32
	Preempted     uint32
	Comm          [16]byte
}

type tickFlags uint32

const (
	inUserMode   tickFlags = 1 << iota
	wasTold                // the unwinder was told of mappings, which have to be taken over
	noProgram              // in an exec or at the end, where there is no stack but the kernel's
	pageTaken              // the page was chosen: it stands for others
	opensStretch           // the first fault in what may be a huge page
	anonymous              // no file is mapped there
)

type lifecycleRecord struct {
	Kind          uint32
	PID           uint32
	Parent        uint32
	UID           uint32
	KTime         int64
	StartBoottime uint64
	Recordings    uint64
}

type execRecord struct {
	lifecycleRecord
	FilenameLength uint32
	ArgumentLength uint32
	Filename       [256]byte
	Arguments      [1024]byte
}

// The kernel writes these records in its own byte order and alignment, which are the Go compiler's on both processors.
func decodeTick(raw []byte) (*tickRecord, bool) {
	if len(raw) < int(unsafe.Sizeof(tickRecord{})) {
		return nil, false
	}
	tick := *(*tickRecord)(unsafe.Pointer(unsafe.SliceData(raw)))
	return &tick, true
}

// LifecycleKind is what happened to a process.
type LifecycleKind int

// The kinds of bpf/gate.bpf.c.
const (
	Forked   LifecycleKind = 1
	Executed LifecycleKind = 2
	Exited   LifecycleKind = 3
	mapping  LifecycleKind = 4
	// unknownMapping is code in a wanted process that the kernel could not tell the unwinder of.
	unknownMapping LifecycleKind = 5
)

// MixedUID stands for a process whose real, effective and saved uids differ: only root may see it.
const MixedUID = ^uint32(0)

// Lifecycle is one fork or exit of a wanted process, or one exec of any process.
type Lifecycle struct {
	Kind     LifecycleKind
	PID      int32
	Parent   int32 // 0 for an exit
	UID      uint32
	KTime    int64
	StartNs  uint64 // since boot
	Wanted   uint64 // the recordings that want the process, before user space has judged it
	Filename string // of an exec: as given, possibly relative
	Command  []string
	// Transferred is what a process has transferred in its life, of an exit.
	Transferred Transferred
}

func decodeLifecycle(raw []byte) (Lifecycle, bool) {
	if len(raw) < int(unsafe.Sizeof(lifecycleRecord{})) {
		return Lifecycle{}, false
	}
	record := *(*lifecycleRecord)(unsafe.Pointer(unsafe.SliceData(raw)))
	event := Lifecycle{
		Kind: LifecycleKind(record.Kind), PID: int32(record.PID), Parent: int32(record.Parent), UID: record.UID,
		KTime: record.KTime, StartNs: record.StartBoottime, Wanted: record.Recordings,
	}
	if event.Kind == Exited {
		if len(raw) < int(unsafe.Sizeof(exitRecord{})) {
			return Lifecycle{}, false
		}
		exit := *(*exitRecord)(unsafe.Pointer(unsafe.SliceData(raw)))
		event.Transferred = exit.Bytes.transferred()
	}
	if event.Kind == Executed {
		if len(raw) < int(unsafe.Sizeof(execRecord{})) {
			return Lifecycle{}, false
		}
		exec := (*execRecord)(unsafe.Pointer(unsafe.SliceData(raw)))
		event.Filename = string(exec.Filename[:min(exec.FilenameLength, uint32(len(exec.Filename)))])
		arguments := exec.Arguments[:min(exec.ArgumentLength, uint32(len(exec.Arguments)))]
		if trimmed := strings.TrimRight(string(arguments), "\x00"); trimmed != "" {
			event.Command = strings.Split(strings.ToValidUTF8(trimmed, "�"), "\x00")
		}
	}
	return event, true
}

func commString(comm [16]byte) string {
	name, _, _ := bytes.Cut(comm[:], []byte{0})
	return strings.ToValidUTF8(string(name), "�")
}

func decodeWait(raw []byte) (*waitRecord, bool) {
	if len(raw) < int(unsafe.Sizeof(waitRecord{})) {
		return nil, false
	}
	wait := *(*waitRecord)(unsafe.Pointer(unsafe.SliceData(raw)))
	return &wait, true
}
