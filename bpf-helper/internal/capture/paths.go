package capture

import (
	"slices"

	"go.opentelemetry.io/ebpf-profiler/libpf"
)

// Most samples of a thread share their stack's outer frames with the sample before: those are found by comparing words, and
// need not be looked up one by one.

// maxRecentPaths bounds the threads whose latest stack is kept, with about 3 KB each.
const maxRecentPaths = 1024

// path is a stack of one thread as the kernel recorded it, and what came of it.
//
//	words   [ frame 0 ][ frame 1 ][ frame 2 ]     leaf first, of one to three words
//	starts    0          2          5
//	counts    0          1          4             frame 1 was inlined three deep
//	frames  [0][1][1][1][2]
type path struct {
	pid    libpf.PID
	words  []uint64
	starts []int // where in `words` each frame begins
	counts []int // where in `frames` its own frames begin
	frames []*Frame
}

// begin makes the path of another stack.
func (p *path) begin(pid libpf.PID) {
	p.pid = pid
	p.starts, p.counts = p.starts[:0], p.counts[:0]
}

func (p *path) add(start, count int) {
	p.starts, p.counts = append(p.starts, start), append(p.counts, count)
}

// finish takes a copy of what the path is made of.
func (p *path) finish(words []uint64, frames []*Frame) {
	p.words, p.frames = append(p.words[:0], words...), append(p.frames[:0], frames...)
}

// take goes on with the outer frames of the stack before, from its frame `index` on, which is the next of this one too.
// `count` is the number of frames so far.
func (p *path) take(before *path, index, at, count int) []*Frame {
	moved, added := at-before.starts[index], count-before.counts[index]
	for i := index; i < len(before.starts); i++ {
		p.add(before.starts[i]+moved, before.counts[i]+added)
	}
	return before.frames[before.counts[index]:]
}

// common is what a stack has in common with the one before of its thread.
type common struct {
	before *path
	from   int // the first of the equal words at the end
	moved  int // how much later a word is in the stack before
}

// at gives the frame of the stack before that begins at a word of this one, if all is equal from there on.
func (c common) at(word int) (index int, found bool) {
	if c.before == nil || word < c.from {
		return 0, false
	}
	return slices.BinarySearch(c.before.starts, word+c.moved)
}

// recentPaths are the latest stacks by thread.
type recentPaths map[libpf.PID]*path

func (r recentPaths) common(tid, pid libpf.PID, words []uint64) common {
	before := r[tid]
	if before == nil || before.pid != pid {
		return common{}
	}
	moved := len(before.words) - len(words)
	from := len(words)
	for from > 0 && from+moved > 0 && words[from-1] == before.words[from-1+moved] {
		from--
	}
	return common{before, from, moved}
}

// keep remembers a thread's latest stack and gives a path to use for another.
func (r recentPaths) keep(tid libpf.PID, p *path) (spare *path) {
	spare = r[tid]
	if spare == nil {
		spare = &path{}
		if len(r) >= maxRecentPaths {
			clear(r)
		}
	}
	r[tid] = p
	return spare
}
