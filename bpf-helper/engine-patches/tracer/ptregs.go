package tracer

// This file is added to the engine's package by build.sh.

import (
	"errors"

	cebpf "github.com/cilium/ebpf"

	"go.opentelemetry.io/ebpf-profiler/internal/log"
)

// agreedStackPtregs is determineStackPtregs until two results agree. Its program answers whichever thread of ours enters a
// system call first; a second one at the same moment mixes its own answer in, so that the offset is of two stacks or the
// read fails.
func agreedStackPtregs(coll *cebpf.CollectionSpec, maps map[string]*cebpf.Map, vars *SysConfigVars) error {
	const tries = 10
	var previous uint32
	var err error
	known := false
	for range tries {
		if err = determineStackPtregs(coll, maps, vars); err != nil {
			log.Debugf("Reading the task's stack again: %v", err)
			continue
		}
		if known && previous == vars.stack_ptregs_offset {
			return nil
		}
		previous, known = vars.stack_ptregs_offset, true
	}
	if err == nil {
		err = errors.New("no two answers about the task's stack agree")
	}
	return err
}
