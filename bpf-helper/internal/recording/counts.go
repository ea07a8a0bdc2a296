package recording

import (
	"flameline.dev/helper/internal/target"
	"flameline.dev/helper/internal/wire"
)

// Count is what was added to a count of a process; Subject is "" for a whole process.
type Count struct {
	Kind         wire.CountName
	Subject      string
	Calls, Bytes int64
}

// AddCount tells of a count.
func (r *Recording) AddCount(process *target.Process, count Count) {
	r.lock.Lock()
	defer r.lock.Unlock()
	if r.rowBytes > maxTableBytes && r.strings[count.Subject] == 0 {
		count.Subject = ""
	}
	// Each of these may close the batch, so they come before its rows.
	of, subject := r.process(process), r.text(count.Subject)
	c := &r.batch.Counts
	c.Process = append(c.Process, of)
	c.Kind = append(c.Kind, count.Kind)
	c.Subject = append(c.Subject, subject)
	c.Calls = append(c.Calls, count.Calls)
	c.Bytes = append(c.Bytes, count.Bytes)
	r.grow(60)
}
