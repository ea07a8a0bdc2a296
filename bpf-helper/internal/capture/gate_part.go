package capture

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/cilium/ebpf"
)

// partOfGate gives what is to be loaded of the gate's object for programs that only some recordings need: these, the maps of `shared` as
// large as they are, and of the others those that the programs use. It is loaded with `shared` in the place of its maps.
func partOfGate(shared map[string]*ebpf.Map, names ...string) (*ebpf.CollectionSpec, error) {
	spec, err := ebpf.LoadCollectionSpecFromReader(bytes.NewReader(gateObject))
	if err != nil {
		return nil, fmt.Errorf("read the gate's object: %w", err)
	}
	programs, used := map[string]*ebpf.ProgramSpec{}, map[string]bool{}
	for _, name := range names {
		programs[name] = spec.Programs[name]
		for _, instruction := range spec.Programs[name].Instructions {
			used[instruction.Reference()] = true
		}
	}
	spec.Programs = programs
	for name, one := range spec.Maps {
		if of := shared[name]; of != nil {
			one.MaxEntries = of.MaxEntries()
		} else if !used[name] && !strings.HasPrefix(name, ".") {
			delete(spec.Maps, name)
		}
	}
	return spec, nil
}

// timeOfPart is what the programs of a part have taken since it was loaded, in ns; nothing of one that isn't loaded.
func timeOfPart(part *ebpf.Collection) (ns int64) {
	if part == nil {
		return 0
	}
	for _, program := range part.Programs {
		if stats, err := program.Stats(); err == nil {
			ns += stats.Runtime.Nanoseconds()
		}
	}
	return ns
}

// mapsOfParts are the maps of these names that the parts hold; none of a part that isn't loaded.
func mapsOfParts(names []string, parts ...*ebpf.Collection) map[string]*ebpf.Map {
	held := map[string]*ebpf.Map{}
	for _, part := range parts {
		for _, name := range names {
			if part != nil && part.Maps[name] != nil {
				held[name] = part.Maps[name]
			}
		}
	}
	return held
}
