package capture

import (
	"bytes"
	"testing"

	"github.com/cilium/ebpf"
)

// Where the kernel can't tell the unwinder of mappings, forks have to wake the helper: the object must let us say so.
func TestForksCanBeMadeUrgent(t *testing.T) {
	spec, err := ebpf.LoadCollectionSpecFromReader(bytes.NewReader(gateObject))
	if err != nil {
		t.Fatal(err)
	}
	var before, after uint32
	reduced := spec.Copy()
	urgent := reduced.Variables["forks_are_urgent"]
	if urgent == nil {
		t.Fatal("the object has no such variable")
	}
	if err := urgent.Get(&before); err != nil || before != 0 {
		t.Errorf("it is %d at first (%v)", before, err)
	}
	if err := urgent.Set(uint32(1)); err != nil {
		t.Fatal(err)
	}
	if err := urgent.Get(&after); err != nil || after != 1 {
		t.Errorf("it is %d then (%v)", after, err)
	}
	if err := spec.Variables["forks_are_urgent"].Get(&before); err != nil || before != 0 {
		t.Errorf("the copy's change reached what it was copied from: %d (%v)", before, err)
	}
}
