package recording

import "flameline.dev/helper/internal/target"

// Memory is what a process holds, in bytes; Anonymous is what is neither a file's nor shared.
type Memory struct{ Resident, Anonymous int64 }

// Follow says that a recording goes on where another ends: what goes back may have come in that one.
func (r *Recording) Follow(before *Recording) { r.grownSince = before.grownSince }

const (
	// Changes below both of these are not told.
	smallestChange = 1 << 20
	changedPart    = 100
)

// AddMemory tells of a process's memory at a moment, if it has changed.
func (r *Recording) AddMemory(process *target.Process, ktime int64, now Memory) {
	r.lock.Lock()
	defer r.lock.Unlock()
	before, known := r.memory[process]
	if known && !isOther(before.Resident, now.Resident) && !isOther(before.Anonymous, now.Anonymous) {
		return
	}
	r.memory[process] = now
	of := r.process(process) // may close the batch
	m := &r.batch.Memory
	m.Process = append(m.Process, of)
	m.TimeNs = append(m.TimeNs, max(ktime-r.start, 0))
	m.Resident = append(m.Resident, now.Resident)
	m.Anonymous = append(m.Anonymous, now.Anonymous)
	r.grow(50)
}

func isOther(before, now int64) bool {
	return max(now-before, before-now) >= max(smallestChange, before/changedPart)
}
