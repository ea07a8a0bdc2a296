package capture

import (
	"errors"
	"math"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// readingPace limits what reading processes may take where every recording has a budget: the files of one new program take 150 ms,
// which is seven seconds of one percent of two processors. Time is saved up at the pace; a look may overdraw it, and the next
// one waits until that is paid back. Processes that wait are remembered, each once, in the order in which they were asked for.
type readingPace struct {
	share   float64 // of one processor; 0 for no limit
	saved   time.Duration
	filled  time.Time
	waiting []uint32
	isNoted map[uint32]bool
	list    *[]uint32 // of who waits, as it was told last
}

const (
	// readingSaved is how many seconds of the pace may be saved up.
	readingSaved = 2
	// maxWaiting bounds who waits. A process beyond it is asked for again when it meets code that nobody knows.
	maxWaiting = 4096
	// soonestRead is the least time between two looks at whether there is something to spend.
	soonestRead = 50 * time.Millisecond
)

// set changes the pace, in parts of one processor; 0 lifts it.
func (p *readingPace) set(share float64, now time.Time) {
	p.fill(now)
	p.share = share
}

// fill saves up to a moment.
func (p *readingPace) fill(now time.Time) {
	if p.share == 0 {
		p.saved = 0
	} else if passed := now.Sub(p.filled); passed > 0 {
		p.saved = min(p.saved+time.Duration(float64(passed)*p.share), time.Duration(readingSaved*p.share*float64(time.Second)))
	}
	p.filled = now
}

// allows says whether something may be read now.
func (p *readingPace) allows(now time.Time) bool {
	p.fill(now)
	return p.share == 0 || p.saved >= 0
}

// spend takes what reading took.
func (p *readingPace) spend(took time.Duration) {
	if p.share > 0 {
		p.saved -= took
	}
}

// wait remembers a process for later.
func (p *readingPace) wait(pid uint32) {
	if p.isNoted[pid] || len(p.waiting) >= maxWaiting {
		return
	}
	if p.isNoted == nil {
		p.isNoted = map[uint32]bool{}
	}
	p.isNoted[pid] = true
	p.waiting = append(p.waiting, pid)
	p.list = nil
}

// take gives the process that has waited longest; it must not be called when none waits.
func (p *readingPace) take() uint32 {
	pid := p.waiting[0]
	p.waiting = p.waiting[1:]
	delete(p.isNoted, pid)
	p.list = nil
	return pid
}

// forget takes out who need not be read any more.
func (p *readingPace) forget(isOver func(pid uint32) bool) {
	kept := p.waiting[:0]
	for _, pid := range p.waiting {
		if isOver(pid) {
			delete(p.isNoted, pid)
		} else {
			kept = append(kept, pid)
		}
	}
	if len(kept) != len(p.waiting) {
		p.list = nil
	}
	p.waiting = kept
}

// told gives who waits, in memory that doesn't change.
func (p *readingPace) told() *[]uint32 {
	if p.list == nil {
		waiting := slices.Clone(p.waiting)
		p.list = &waiting
	}
	return p.list
}

// next is how long to wait before something may be read; 0 where nobody waits.
func (p *readingPace) next() time.Duration {
	if len(p.waiting) == 0 {
		return 0
	}
	if p.share == 0 || p.saved >= 0 {
		return soonestRead
	}
	return max(soonestRead, time.Duration(float64(-p.saved)/p.share))
}

// SetReadingPace limits what reading what processes have mapped may take, in parts of one processor: 0 for no limit.
func (e *Engine) SetReadingPace(share float64) {
	if bits := math.Float64bits(share); e.readingShare.Swap(bits) == bits {
		return
	}
	select {
	case e.sync.paced <- struct{}{}:
	default:
	}
}

// Unread are the processes that wait to be read because of the pace: their stacks are not whole until then. Not to be changed.
func (e *Engine) Unread() []uint32 {
	if waiting := e.unread.Load(); waiting != nil {
		return *waiting
	}
	return nil
}

// isGone says whether there is no such process any more.
func isGone(pid uint32) bool { return errors.Is(unix.Kill(int(pid), 0), unix.ESRCH) }
