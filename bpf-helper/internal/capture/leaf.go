package capture

import (
	"os"

	"flameline.dev/helper/internal/wire"
)

// leaf names what a tick without a trace was doing: the kernel's function, or the address in its mapped file.
func (e *Engine) leaf(tick *tickRecord) []*Frame {
	if tick.Flags&inUserMode == 0 {
		return []*Frame{e.frames.leafFrame(Frame{Language: wire.Kernel, Function: e.kernelFunction(tick.Instruction)})}
	}
	frame := Frame{Language: wire.Native}
	if tick.Inode != 0 {
		if module := e.modules.byNumber(tick.Device, tick.Inode); module != nil {
			frame.Module = module
			offset := tick.Instruction - tick.MappingStart + tick.MappingPage*uint64(os.Getpagesize())
			if address, ok := e.modules.virtualAddress(module, offset); ok {
				frame.Address = address
			}
		}
	}
	if frame.Module == nil {
		frame.Function = unnamed
	}
	return []*Frame{e.frames.leafFrame(frame)}
}

func (e *Engine) kernelFunction(address uint64) string {
	if name := e.tracer.KernelFunction(address); name != "" {
		return name
	}
	return unnamed
}
