package capture

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/btf"
)

// The gate goes on without the programs that a kernel refuses, so a mistake in one of them would only show as worse stacks.
func TestTheKernelTakesEachProgramThatItHasTheFunctionsFor(t *testing.T) {
	kernel, err := btf.LoadKernelSpec()
	if os.Geteuid() != 0 || err != nil {
		t.Skip("skipped: loading needs root and a kernel with BTF")
	}
	if err := tryBPF(); err != nil {
		t.Skipf("skipped: %v", err) // another processor, emulated
	}
	var walk *btf.Func
	walks := kernel.TypeByName("bpf_iter_task_vma_new", &walk) == nil
	for _, name := range []string{"gate", "gate_with_mapping", "tell_mappings", "tell_before_mapping", "forked", "executed", "exited", "switched", "gate_of_waits", "unwound"} {
		t.Run(name, func(t *testing.T) {
			if strings.HasPrefix(name, "tell") && !walks {
				t.Skip("skipped: this kernel can't walk mappings")
			}
			spec, err := ebpf.LoadCollectionSpecFromReader(bytes.NewReader(gateObject))
			if err != nil {
				t.Fatal(err)
			}
			for other := range spec.Programs {
				if other != name {
					delete(spec.Programs, other)
				}
			}
			collection, err := ebpf.NewCollection(spec)
			var refused *ebpf.VerifierError
			if errors.As(err, &refused) {
				t.Fatalf("%+v", refused)
			}
			if errors.Is(err, ebpf.ErrNotSupported) {
				t.Skipf("skipped: %v", err)
			}
			if err != nil {
				t.Fatal(err)
			}
			collection.Close()
		})
	}
}
