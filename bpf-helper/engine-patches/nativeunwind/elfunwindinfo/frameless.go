package elfunwindinfo

// This file is added to the engine's package by build.sh.

// strategyFor changes how a function of Go that has no frame is unwound. The engine unwinds Go by frame pointers; a function
// that calls nothing often makes no frame, so that the pointer there is its caller's, and the caller was left out of the
// stack. By Go's own table (pcsp) the stack pointer never moves in such a function, so this adds one entry for it.
func (g *Gopclntab) strategyFor(fun *pclntabFunc, chosen strategy) strategy {
	if chosen != strategyFramePointer || fun.pcspOff <= 0 || int(fun.pcspOff) >= len(g.pctab) {
		return chosen
	}
	p := g.getPcval(fun.pcspOff, 0)
	for ok := true; ok; ok = p.step() {
		if p.val != 0 {
			return chosen
		}
	}
	return strategyDeltasWithoutFrame
}
