package recording

import (
	"slices"

	"flameline.dev/helper/internal/capture"
	"flameline.dev/helper/internal/wire"
)

// maxWakers bounds the names of threads that end waits; those beyond it are not told.
const maxWakers = 4096

// withWaker puts a frame that says who ended a wait between the class, which is the leaf, and what the thread was doing:
//
//	[lock] ◄ [woken by worker 4711] ◄ futex_wait ◄ … ◄ main
//
// It is one of the kernel's frames, so that sums by line, idle waits and just-my-code don't depend on it.
func (r *Recording) withWaker(frames []*capture.Frame, by string) []*capture.Frame {
	frame := r.wakers[by]
	if frame == nil {
		if len(r.wakers) >= maxWakers {
			return frames
		}
		if r.wakers == nil {
			r.wakers = map[string]*capture.Frame{}
		}
		frame = &capture.Frame{Language: wire.Kernel, Function: "[woken by " + by + "]"}
		r.wakers[by] = frame
	}
	return slices.Concat(frames[:1], []*capture.Frame{frame}, frames[1:])
}
