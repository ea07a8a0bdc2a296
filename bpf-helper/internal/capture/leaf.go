package capture

import (
	"fmt"
	"os"

	"flameline.dev/helper/internal/wire"
)

// leaf names what a tick without a trace was doing: the kernel's function, or the address in its mapped file.
func (e *Engine) leaf(tick *tickRecord) []*Frame {
	if tick.UserMode == 0 {
		return []*Frame{e.frames.leafFrame(Frame{Language: wire.Kernel, Function: e.tracer.KernelFunction(tick.Instruction)})}
	}
	frame := Frame{Language: wire.Native}
	if tick.Inode != 0 {
		if module := e.modules.byNumber(tick.Inode); module != nil {
			frame.Module = module
			offset := tick.Instruction - tick.MappingStart + tick.MappingPage*uint64(os.Getpagesize())
			if address, ok := e.modules.virtualAddress(module, offset); ok {
				frame.Address = address
			}
		}
	}
	if frame.Module == nil {
		frame.Function = fmt.Sprintf("[%s]", commString(tick.Comm))
	}
	return []*Frame{e.frames.leafFrame(frame)}
}
