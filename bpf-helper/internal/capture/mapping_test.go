package capture

import (
	"testing"

	"go.opentelemetry.io/ebpf-profiler/host"
	"go.opentelemetry.io/ebpf-profiler/libpf"
	"go.opentelemetry.io/ebpf-profiler/processmanager"
)

func TestAPartOfAFileThatIsMappedTwiceHidesNothing(t *testing.T) {
	file := func(id uint64) libpf.FrameMappingFile {
		return libpf.NewFrameMappingFile(libpf.FrameMappingFileData{FileID: libpf.NewFileID(id, 0)})
	}
	mapping := func(id uint64, start, end libpf.Address) processmanager.Mapping {
		return processmanager.Mapping{FrameMapping: libpf.NewFrameMapping(libpf.FrameMappingData{File: file(id), Start: start, End: end})}
	}
	// The text of Node.js, and its built-in functions mapped once more; other files before and after.
	mappings := []processmanager.Mapping{mapping(1, 0, 0x9000), mapping(2, 0x1000, 0x8000), mapping(2, 0x4000, 0x5000), mapping(3, 0, 0x9000)}
	for _, one := range []struct {
		file    uint64
		address libpf.Address
		want    libpf.Address // start of the mapping; 1 where there is none
	}{{2, 0x1000, 0x1000}, {2, 0x3fff, 0x1000}, {2, 0x4000, 0x4000}, {2, 0x4fff, 0x4000}, {2, 0x5000, 0x1000}, {2, 0x7fff, 0x1000}, {2, 0xfff, 1}, {2, 0x8000, 1}, {4, 0, 1}, {0, 0, 1}} {
		found := processmanager.MappingAt(mappings, host.FileIDFromLibpf(libpf.NewFileID(one.file, 0)), one.address)
		got := libpf.Address(1)
		if found.Valid() {
			got = found.Value().Start
		}
		if got != one.want {
			t.Errorf("%#x of file %d is in the mapping at %#x, want %#x", one.address, one.file, got, one.want)
		}
	}
}
