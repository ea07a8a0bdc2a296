package capture

import (
	"fmt"
	"maps"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

// ringProgram counts what io_uring's operations transfer, from Linux 5.19 on and where the kernel has io_uring. Elsewhere the calls that
// submit operations are counted instead.
const ringProgram = "completed"

// ringHooks are loaded and attached with callHooks.
type ringHooks struct {
	collection *ebpf.Collection
	hook       link.Link
	spent      int64 // by programs that are gone, ns
}

// attach loads the program, which counts into the maps of `calls`.
func (r *ringHooks) attach(gate, calls *ebpf.Collection) error {
	shared := maps.Clone(gate.Maps)
	shared["places"] = calls.Maps["places"]
	spec, err := partOfGate(shared, ringProgram)
	if err != nil {
		return err
	}
	if r.collection, err = ebpf.NewCollectionWithOptions(spec, ebpf.CollectionOptions{MapReplacements: shared}); err != nil {
		return fmt.Errorf("load what follows io_uring: %w", err)
	}
	if r.hook, err = link.AttachRawTracepoint(link.RawTracepointOptions{Name: "io_uring_complete", Program: r.collection.Programs[ringProgram]}); err != nil {
		r.detach()
		return fmt.Errorf("follow io_uring: %w", err)
	}
	return nil
}

func (r *ringHooks) isAttached() bool { return r.hook != nil }

func (r *ringHooks) detach() {
	if r.hook != nil {
		_ = r.hook.Close()
		r.hook = nil
	}
	if r.collection != nil {
		r.spent = r.bpfTime()
		r.collection.Close()
		r.collection = nil
	}
}

func (r *ringHooks) bpfTime() int64 { return r.spent + timeOfPart(r.collection) }
