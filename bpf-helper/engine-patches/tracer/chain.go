package tracer

// This file is added to the engine's package by build.sh.

import (
	"fmt"
	"runtime"

	cebpf "github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"

	"go.opentelemetry.io/ebpf-profiler/support"
)

// Chain is the unwinder once more, for programs of another type: a program can only tail-call its own type. It shares all
// maps with the first but what a processor writes a stack into, as one may interrupt the other.
type Chain struct {
	// Entry unwinds the current task's own stack, without the kernel's frames.
	Entry    *cebpf.Program
	programs []*cebpf.Program
	targets  *cebpf.Map
	records  *cebpf.Map // of its own, or nil
}

// chainKind is a type of programs, and what its entry needs.
type chainKind struct {
	of      cebpf.ProgramType
	attach  cebpf.AttachType
	enter   func(asm.Instructions) error
	records bool // what a processor writes a stack into may not be shared even with the other chain
}

// Close unloads the chain once nothing calls it any more.
func (c *Chain) Close() {
	for _, program := range c.programs {
		_ = program.Close()
	}
	if c.targets != nil {
		_ = c.targets.Close()
	}
	if c.records != nil {
		_ = c.records.Close()
	}
}

// Programs are the chain's programs.
func (c *Chain) Programs() []*cebpf.Program { return c.programs }

// chainTargets are the unwinders by name.
var chainTargets = map[string]int{
	"unwind_stop": support.ProgUnwindStop, "unwind_native": support.ProgUnwindNative, "unwind_hotspot": support.ProgUnwindHotspot,
	"unwind_perl": support.ProgUnwindPerl, "unwind_php": support.ProgUnwindPHP, "unwind_python": support.ProgUnwindPython,
	"unwind_ruby": support.ProgUnwindRuby, "unwind_v8": support.ProgUnwindV8, "unwind_dotnet": support.ProgUnwindDotnet,
	"unwind_dotnet10": support.ProgUnwindDotnet10, "go_labels": support.ProgGoLabels, "unwind_beam": support.ProgUnwindBEAM,
}

// LoadRawTracepointChain loads the unwinders that are loaded already once more, for raw tracepoints. It takes as long as
// loading the engine.
func (t *Tracer) LoadRawTracepointChain() (*Chain, error) {
	return t.loadChain(chainKind{of: cebpf.RawTracepoint, enter: enterFromTask})
}

// LoadProbeChain loads them for probes of user space, which another thread may interrupt. Programs can only tail-call those of their own
// way to be attached.
func (t *Tracer) LoadProbeChain(attach cebpf.AttachType) (*Chain, error) {
	return t.loadChain(chainKind{of: cebpf.Kprobe, attach: attach, enter: withoutKernel, records: true})
}

func (t *Tracer) loadChain(kind chainKind) (*Chain, error) {
	coll, err := support.LoadCollectionSpec()
	if err != nil {
		return nil, fmt.Errorf("loading collection spec: %w", err)
	}
	if !t.sysConfigVars.vma_lookup_enabled {
		disableVMAHelperCalls(coll)
	}
	chain := &Chain{}
	if chain.targets, err = cebpf.NewMap(coll.Maps["perf_progs"]); err != nil {
		return nil, fmt.Errorf("create the table of unwinders: %w", err)
	}
	if kind.records {
		if chain.records, err = cebpf.NewMap(coll.Maps["per_cpu_records"]); err != nil {
			chain.Close()
			return nil, fmt.Errorf("create the records of stacks: %w", err)
		}
	}
	for name, index := range chainTargets {
		if t.ebpfProgs["perf_"+name] == nil {
			continue
		}
		program, err := t.loadRetyped(coll.Programs["kprobe_"+name], kind, chain)
		if err != nil {
			chain.Close()
			return nil, err
		}
		chain.programs = append(chain.programs, program)
		if err := chain.targets.Put(uint32(index), program); err != nil {
			chain.Close()
			return nil, fmt.Errorf("enter %s: %w", name, err)
		}
	}
	entry := coll.Programs["native_tracer_entry"]
	if err := kind.enter(entry.Instructions); err != nil {
		chain.Close()
		return nil, err
	}
	if chain.Entry, err = t.loadRetyped(entry, kind, chain); err != nil {
		chain.Close()
		return nil, err
	}
	chain.programs = append(chain.programs, chain.Entry)
	return chain, nil
}

func (t *Tracer) loadRetyped(spec *cebpf.ProgramSpec, kind chainKind, chain *Chain) (*cebpf.Program, error) {
	if spec == nil {
		return nil, fmt.Errorf("the engine has not every unwinder")
	}
	retyped := spec.Copy()
	retyped.Type, retyped.AttachType, retyped.AttachTo = kind.of, kind.attach, ""
	for _, reference := range mapReferences(retyped.Instructions) {
		shared := t.ebpfMaps[reference]
		switch {
		case reference == "perf_progs" || reference == "kprobe_progs":
			shared = chain.targets
		case chain.records != nil && (reference == "per_cpu_records" || reference == "per_cpu_records_kp"):
			shared = chain.records
		case reference == "per_cpu_records":
			shared = t.ebpfMaps["per_cpu_records_kp"]
		case shared == nil:
			return nil, fmt.Errorf("%s needs the map %s, which is not loaded", spec.Name, reference)
		}
		if err := retyped.Instructions.AssociateMap(reference, shared); err != nil {
			return nil, fmt.Errorf("%s: connect the map %s: %w", spec.Name, reference, err)
		}
	}
	program, err := cebpf.NewProgram(retyped)
	if err != nil {
		return nil, fmt.Errorf("load %s for %v: %w", spec.Name, kind.of, err)
	}
	return program, nil
}

// mapReferences are the names of the maps that a program uses.
func mapReferences(instructions asm.Instructions) []string {
	seen := map[string]bool{}
	var names []string
	for i := range instructions {
		instruction := &instructions[i]
		if name := instruction.Reference(); instruction.IsLoadFromMap() && name != "" && !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names
}

// enterFromTask makes of the entry for interrupts one for system calls. What it is handed is no set of registers: the one
// load from it, which asks whether the program or the kernel was interrupted, becomes the answer that it was the kernel, so that the
// task's own registers are taken; the verifier would refuse any other.
func enterFromTask(instructions asm.Instructions) error {
	// In pt_regs: the stack segment, and the processor's state with EL1h for its mode.
	offset, kernel := int16(160), int32(0)
	if runtime.GOARCH == "arm64" {
		offset, kernel = 264, 5
	}
	replaced := 0
	for i := range instructions {
		instruction := &instructions[i]
		if instruction.OpCode == asm.LoadMemOp(asm.DWord) && instruction.Offset == offset && instruction.Src != asm.RFP {
			*instruction = asm.Mov.Imm(instruction.Dst, kernel).WithMetadata(instruction.Metadata)
			replaced++
		}
	}
	if replaced != 1 {
		return fmt.Errorf("the engine's entry has changed: %d loads where one was known", replaced)
	}
	return withoutKernel(instructions)
}

// withoutKernel leaves out the kernel's frames, always those of the hook.
func withoutKernel(instructions asm.Instructions) error {
	stacks := 0
	for i := range instructions {
		instruction := &instructions[i]
		if instruction.IsBuiltinCall() && asm.BuiltinFunc(instruction.Constant) == asm.FnGetStack {
			*instruction = asm.Mov.Imm(asm.R0, 0).WithMetadata(instruction.Metadata)
			stacks++
		}
	}
	if stacks != 1 {
		return fmt.Errorf("the engine's entry has changed: %d stacks where one was known", stacks)
	}
	return nil
}
