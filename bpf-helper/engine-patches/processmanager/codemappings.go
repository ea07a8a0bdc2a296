package processmanager

// This file is added to the engine's package by build.sh. It tells an embedding program which parts of which files the engine
// has unwind tables for, so that the kernel can be told of a new process's mappings without anybody looking at that process.

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"sync"

	"go.opentelemetry.io/ebpf-profiler/host"
	"go.opentelemetry.io/ebpf-profiler/libpf"
	"go.opentelemetry.io/ebpf-profiler/libpf/pfelf"
	"go.opentelemetry.io/ebpf-profiler/process"
)

// CodeMapping is an executable mapping of a process that the engine knows.
type CodeMapping struct {
	Start, Length  uint64 // in the process
	Device, Inode  uint64 // as /proc/PID/maps has them; no device is the kernel's own code
	LastModifiedNs int64
	Frame          libpf.FrameMapping // what it is, the same for every process
}

// File is the engine's number of the mapped file.
func (m CodeMapping) File() uint64 {
	return uint64(host.FileIDFromLibpf(m.Frame.Value().File.Value().FileID))
}

// CodeMappings gives the executable mappings of a process, as of its last synchronization; none of a process that is not
// known or gone. To be called where SynchronizeProcess is, as all that follows.
func (pm *ProcessManager) CodeMappings(pid libpf.PID) (mappings []CodeMapping, isKnown bool) {
	pm.mu.RLock()
	defer pm.mu.RUnlock()
	info, isKnown := pm.pidToProcessInfo[pid]
	if _, isGone := pm.exitEvents[pid]; !isKnown || isGone {
		return nil, false
	}
	mappings = make([]CodeMapping, 0, len(info.mappings))
	for i := range info.mappings {
		m := &info.mappings[i]
		mappings = append(mappings, CodeMapping{
			Start: uint64(m.Vaddr), Length: m.Length, Device: m.Device, Inode: m.Inode, Frame: m.FrameMapping,
		})
	}
	return mappings, true
}

// read are the mappings read since the last TakeRead.
var read []CodeMapping

// notedFrameMapping is newFrameMapping, and keeps what it finds: the process may end before all its mappings are read.
func (pm *ProcessManager) notedFrameMapping(
	pr process.Process, m *process.RawMapping, anonymousMappingsWanted bool,
) (libpf.FrameMapping, bool, error) {
	frame, wanted, err := pm.newFrameMapping(pr, m, anonymousMappingsWanted)
	if err != nil || !frame.Valid() {
		return frame, wanted, err
	}
	mapping := CodeMapping{Start: m.Vaddr, Length: m.Length, Device: m.Device, Inode: m.Inode, Frame: frame}
	if m.IsVDSO() {
		mapping.Device, mapping.Inode = 0, 0
	} else if info, isCached := pm.elfInfoCache.Get(m.GetOnDiskFileIdentifier()); isCached {
		mapping.LastModifiedNs = info.lastModified
	} else {
		return frame, wanted, nil
	}
	read = append(read, mapping)
	return frame, wanted, nil
}

// TakeRead gives the mappings that were read of any process since the last call.
func (pm *ProcessManager) TakeRead() []CodeMapping {
	taken := read
	read = nil
	return taken
}

// ReadFile reads the unwind tables of a file that a process has begun to run, and gives its parts as they will be mapped; the
// process itself may be gone. The tables stay for a while, so that they can be held.
func (pm *ProcessManager) ReadFile(path string, open func() (*pfelf.File, error), described libpf.FrameMappingFileData) ([]CodeMapping, error) {
	ref := pfelf.NewReferenceWithOpenFunc(path, nil, open)
	defer ref.Close()
	number := host.FileIDFromLibpf(described.FileID)
	if _, err := pm.survivingAdd(number, ref); err != nil {
		return nil, err
	}
	var mappings []CodeMapping
	err := Surviving(path, func() {
		file, err := ref.GetELF()
		if err != nil {
			return
		}
		mappingFile := libpf.NewFrameMappingFile(described)
		mapper := file.GetAddressMapper()
		page := uint64(os.Getpagesize())
		for _, p := range file.Progs {
			if p.Type != elf.PT_LOAD || p.Flags&elf.PF_X == 0 {
				continue
			}
			offset := p.Off &^ (page - 1)
			length := (p.Off + p.Filesz - offset + page - 1) &^ (page - 1)
			address, isMapped := mapper.FileOffsetToVirtualAddress(offset)
			if !isMapped {
				continue
			}
			mappings = append(mappings, CodeMapping{Length: length, Frame: libpf.NewFrameMapping(libpf.FrameMappingData{
				File: mappingFile, Start: libpf.Address(address), End: libpf.Address(address + length), FileOffset: offset,
			})})
		}
	})
	return mappings, errors.Join(err, pm.eim.DecRef(number))
}

// Knows says whether anything is kept of a process.
func (pm *ProcessManager) Knows(pid libpf.PID) bool {
	pm.mu.RLock()
	defer pm.mu.RUnlock()
	_, isKnown := pm.pidToProcessInfo[pid]
	return isKnown
}

// held are the mappings of files that an embedding program keeps, by the engine's number of the file.
var held struct {
	lock     sync.RWMutex
	mappings map[host.FileID][]libpf.FrameMapping
}

// Hold keeps the unwind tables of a mapped file, and what its addresses are, whether or not a process has it mapped.
func (pm *ProcessManager) Hold(frame libpf.FrameMapping) error {
	file := host.FileIDFromLibpf(frame.Value().File.Value().FileID)
	// The file is loaded, so nobody will want to open it.
	loaded := pfelf.NewReferenceWithOpenFunc("", nil, func() (*pfelf.File, error) { return nil, os.ErrNotExist })
	defer loaded.Close()
	if _, err := pm.eim.AddOrIncRef(file, loaded); err != nil {
		return fmt.Errorf("keep the unwind tables of a file: %w", err)
	}
	held.lock.Lock()
	defer held.lock.Unlock()
	if held.mappings == nil {
		held.mappings = map[host.FileID][]libpf.FrameMapping{}
	}
	held.mappings[file] = append(held.mappings[file], frame)
	return nil
}

var errNotHeld = errors.New("the mapping is not held")

// Release undoes Hold.
func (pm *ProcessManager) Release(frame libpf.FrameMapping) error {
	file := host.FileIDFromLibpf(frame.Value().File.Value().FileID)
	held.lock.Lock()
	mappings := held.mappings[file]
	found := false
	for i := range mappings {
		if mappings[i] == frame {
			held.mappings[file] = append(mappings[:i:i], mappings[i+1:]...)
			found = true
			break
		}
	}
	if len(held.mappings[file]) == 0 {
		delete(held.mappings, file)
	}
	held.lock.Unlock()
	if !found {
		return errNotHeld
	}
	return pm.eim.DecRef(file)
}

// heldMapping finds the held mapping that an address of a file lies in; an invalid one where there is none.
func heldMapping(file host.FileID, address libpf.Address) libpf.FrameMapping {
	held.lock.RLock()
	defer held.lock.RUnlock()
	for _, frame := range held.mappings[file] {
		if found := frame.Value(); found.Start <= address && address < found.End {
			return frame
		}
	}
	return libpf.FrameMapping{}
}
