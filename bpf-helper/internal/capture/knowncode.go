package capture

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/cilium/ebpf"
	"go.opentelemetry.io/ebpf-profiler/libpf"
	"go.opentelemetry.io/ebpf-profiler/libpf/pfelf"
	"go.opentelemetry.io/ebpf-profiler/processmanager"
	"go.opentelemetry.io/ebpf-profiler/times"
	"go.opentelemetry.io/ebpf-profiler/tracer"
	"golang.org/x/sys/unix"
)

// codeKey and codeValue are twins of the structures in bpf/mappings.h.
type codeKey struct {
	Inode  uint64
	Page   uint64
	Device uint32
	_      uint32
}

type codeValue struct {
	File            uint64
	Address         uint64
	ModifiedSeconds int64
	ModifiedNs      uint32
	_               uint32
	UsedAt          int64
}

const (
	// forgetAfter is how long code is kept that no new process has mapped. The engine keeps its tables for as long again.
	forgetAfter = 10 * time.Minute
	// fullAt is where no more code is learnt: what is left of the kernel's map is for what it counts by itself.
	fullAt = 8000
)

// knownCode tells the kernel of which parts of which files the engine has unwind tables, as it learns them, so that the
// mappings of a new process can be told to the unwinder at its first tick (bpf/mappings.h). It belongs to the
// goroutine of the synchronizer.
type knownCode struct {
	tracer            *tracer.Tracer
	code, told, pages *ebpf.Map
	learnt            map[codeKey]learntCode

	lock  sync.Mutex // guards what follows, which other goroutines ask
	files map[fileKey]learntFile
}

type fileKey struct {
	inode  uint64
	device uint32
}

type learntFile struct {
	parts      int
	modifiedNs int64
}

type learntCode struct {
	frame      libpf.FrameMapping
	modifiedNs int64
}

// newKnownCode needs a gate that tells.
func newKnownCode(t *tracer.Tracer, g *gate) *knownCode {
	return &knownCode{
		tracer: t, code: g.collection.Maps["known_code"], told: g.collection.Maps["told"], pages: t.Maps()[pagesMap],
		learnt: map[codeKey]learntCode{}, files: map[fileKey]learntFile{},
	}
}

// learn tells the kernel of a mapped file, once.
func (k *knownCode) learn(mapping *processmanager.CodeMapping) error {
	frame := mapping.Frame.Value()
	key := codeKey{Inode: mapping.Inode, Page: frame.FileOffset / uint64(os.Getpagesize()), Device: kernelDevice(mapping.Device)}
	if mapping.Device == 0 {
		key = codeKey{} // the kernel's own
	}
	before, known := k.learnt[key]
	if known && before.modifiedNs == mapping.LastModifiedNs && sameCode(before.frame, mapping.Frame) {
		return nil
	}
	if !known && len(k.learnt) >= fullAt {
		return nil // its processes are looked at one by one
	}
	if err := k.tracer.Hold(mapping.Frame); err != nil {
		return err
	}
	modified := time.Unix(0, mapping.LastModifiedNs)
	value := codeValue{
		File: mapping.File(), Address: uint64(frame.Start), UsedAt: int64(times.GetKTime()),
		ModifiedSeconds: modified.Unix(), ModifiedNs: uint32(modified.Nanosecond()),
	}
	if err := k.code.Put(key, value); err != nil {
		return errors.Join(fmt.Errorf("tell the kernel of a mapped file: %w", err), k.tracer.Release(mapping.Frame))
	}
	k.learnt[key] = learntCode{mapping.Frame, mapping.LastModifiedNs}
	if known {
		k.count(key, mapping.LastModifiedNs, 0)
		return k.tracer.Release(before.frame)
	}
	k.count(key, mapping.LastModifiedNs, 1)
	return nil
}

// sameCode says whether two mappings of a part of a file are the same but for their lengths.
func sameCode(a, b libpf.FrameMapping) bool {
	one, other := a.Value(), b.Value()
	return one.File.Value().FileID == other.File.Value().FileID && one.Start == other.Start
}

// forgetUnused gives back what no new process has used for a while.
func (k *knownCode) forgetUnused() error {
	before := int64(times.GetKTime()) - int64(forgetAfter)
	for key, learnt := range k.learnt {
		var value codeValue
		if err := k.code.Lookup(key, &value); err == nil && value.UsedAt > before {
			continue
		}
		if err := k.code.Delete(key); err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) {
			return fmt.Errorf("forget a mapped file: %w", err)
		}
		delete(k.learnt, key)
		k.count(key, learnt.modifiedNs, -1)
		if err := k.tracer.Release(learnt.frame); err != nil {
			return err
		}
	}
	return nil
}

func (k *knownCode) count(key codeKey, modifiedNs int64, parts int) {
	k.lock.Lock()
	defer k.lock.Unlock()
	name := fileKey{key.Inode, key.Device}
	file := k.files[name]
	file.parts += parts
	file.modifiedNs = modifiedNs
	if k.files[name] = file; file.parts == 0 {
		delete(k.files, name)
	}
}

// knows says whether the kernel knows code of a file as it is now. Any goroutine may ask.
func (k *knownCode) knows(file inodeKey, modifiedNs int64) bool {
	k.lock.Lock()
	defer k.lock.Unlock()
	learnt := k.files[fileKey{file.inode, kernelDevice(file.device)}]
	return learnt.parts > 0 && learnt.modifiedNs == modifiedNs
}

// learnFile learns a program's own file, whether or not a process that runs it is left.
func (k *knownCode) learnFile(program *program) error {
	defer program.file.Close()
	if k.knows(program.key, program.modifiedNs) {
		return nil
	}
	open := func() (*pfelf.File, error) { return pfelf.Open(fmt.Sprintf("/proc/self/fd/%d", program.file.Fd())) }
	mappings, err := k.tracer.ReadFile(program.path, open, libpf.FrameMappingFileData{
		FileID: program.id, FileName: libpf.Intern(filepath.Base(program.path)), GnuBuildID: program.buildID,
	})
	for i := range mappings {
		mappings[i].Device, mappings[i].Inode, mappings[i].LastModifiedNs = program.key.device, program.key.inode, program.modifiedNs
		err = errors.Join(err, k.learn(&mappings[i]))
	}
	return err
}

// kernelDevice is the kernel's own number of a device that user space numbers otherwise.
func kernelDevice(device uint64) uint32 { return unix.Major(device)<<20 | unix.Minor(device) }
