package capture

import (
	"bytes"
	"strings"
	"unsafe"
)

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
