package capture

import "time"

// Runtimes that compile while they run map new code all the time, most of it in their first seconds. The engine asks for a
// process's mappings when it meets code that it doesn't know, but ever less often: after 100 ms, 200 ms … 25 s. A compiler
// run by Node.js has a third of its stacks broken in between. So they are read again here, as often as a young process needs.
const (
	shortestStaleness = 200 * time.Millisecond
	longestStaleness  = 5 * time.Second
	// stalenessOfAge is the part of the time since its first unknown code that a process waits.
	stalenessOfAge = 50
	// calm is how long a process has met no unknown code when it begins to count as young again.
	calm = 10 * time.Second
	// maxStale bounds the processes that are remembered.
	maxStale = 4096
)

// staleCode knows when to read which process's mappings again.
type staleCode struct{ processes map[int32]*staleProcess }

type staleProcess struct{ since, last, next time.Time }

// due says whether a process that has met unknown code should be read again now; if so, that counts as done. The first time
// it should not: the engine itself asks then, and most processes of a build are gone a moment later.
func (s *staleCode) due(pid int32, now time.Time) bool {
	p := s.processes[pid]
	if p == nil {
		if s.processes == nil || len(s.processes) >= maxStale {
			s.processes = map[int32]*staleProcess{}
		}
		s.processes[pid] = &staleProcess{since: now, last: now, next: now.Add(shortestStaleness / 2)}
		return false
	}
	if now.Sub(p.last) > calm {
		p.since = now
	}
	p.last = now
	if now.Before(p.next) {
		return false
	}
	p.next = now.Add(min(max(now.Sub(p.since)/stalenessOfAge, shortestStaleness), longestStaleness))
	return true
}

// catchUp lets the engine read the mappings of processes again in whose stacks it met code that it doesn't know.
func (e *Engine) catchUp(samples []Sample) {
	now := time.Now()
	for i := range samples {
		if outcome := samples[i].Outcome; (outcome == Broken || outcome == LeafOnly) && e.stale.due(samples[i].PID, now) {
			e.sync.requestEarly(uint32(samples[i].PID), 0)
		}
	}
}
