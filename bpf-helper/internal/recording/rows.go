package recording

import (
	"fmt"

	"flameline.dev/helper/internal/capture"
	"flameline.dev/helper/internal/target"
	"flameline.dev/helper/internal/wire"
)

// The rows of the tables: each of these gives the index of a row, which is made and sent the first time.

func (r *Recording) text(s string) int {
	if len(s) > maxStringBytes {
		s = cut(s, maxStringBytes)
	}
	if index, known := r.strings[s]; known {
		return index
	}
	index := len(r.strings)
	r.strings[s] = index
	r.batch.Strings = append(r.batch.Strings, s)
	r.addRow(jsonBytes(s))
	return index
}

func (r *Recording) frame(f *capture.Frame) (index int, isNew bool) {
	if index, known := r.frames[f]; known {
		return index, false
	}
	if index, known := r.frameRows[*f]; known {
		r.frames[f] = index
		return index, false
	}
	index = r.frameCount
	r.frameCount++
	r.frames[f] = index
	r.frameRows[*f] = index
	module, address := 0, ""
	if f.Module != nil {
		module = r.text(f.Module.Path)
		address = fmt.Sprintf("0x%x", f.Address)
	}
	function, file := r.text(f.Function), r.text(f.File)
	columns := &r.batch.Frames
	columns.Language = append(columns.Language, f.Language)
	columns.Function = append(columns.Function, function)
	columns.File = append(columns.File, file)
	columns.Line = append(columns.Line, f.Line)
	columns.Column = append(columns.Column, f.Column)
	columns.Module = append(columns.Module, module)
	columns.Address = append(columns.Address, address)
	r.addRow(110)
	return index, true
}

// path is the latest stack of a thread: most of the next one's outer frames are the same.
type path struct {
	frames []*capture.Frame // outermost first
	stacks []int            // as far as each frame
}

// maxPaths bounds the threads whose latest stack is kept.
const maxPaths = 1024

// path gives the stack of frames, which come leaf first, and those of its frames that are new and have no name yet.
func (r *Recording) path(tid int32, frames []*capture.Frame) (stack int, unresolved []Unresolved) {
	before := r.paths[tid]
	if before == nil {
		if len(r.paths) >= maxPaths {
			clear(r.paths)
		}
		before = &path{}
		r.paths[tid] = before
	}
	same := 0
	for same < len(frames) && same < len(before.frames) && before.frames[same] == frames[len(frames)-1-same] {
		same++
	}
	before.frames, before.stacks = before.frames[:same], before.stacks[:same]
	stack = -1
	if same > 0 {
		stack = before.stacks[same-1]
	}
	for i := len(frames) - 1 - same; i >= 0; i-- {
		frame, isNew := r.frame(frames[i])
		if isNew && frames[i].Module != nil && frames[i].Function == "" {
			unresolved = append(unresolved, Unresolved{frame, frames[i]})
		}
		stack = r.stack(stack, frame)
		before.frames, before.stacks = append(before.frames, frames[i]), append(before.stacks, stack)
	}
	return stack, unresolved
}

func (r *Recording) stack(parent, frame int) int {
	key := stackKey{parent, frame}
	if index, known := r.stacks[key]; known {
		return index
	}
	index := r.stackCount
	r.stackCount++
	r.stacks[key] = index
	r.batch.Stacks.Parent = append(r.batch.Stacks.Parent, parent)
	r.batch.Stacks.Frame = append(r.batch.Stacks.Frame, frame)
	r.addRow(24)
	return index
}

func (r *Recording) process(p *target.Process) int {
	if index, known := r.processes[p]; known {
		return index
	}
	index := len(r.processes)
	r.processes[p] = index
	pid, parent := p.PID, p.ParentPID
	if r.Numbers != nil {
		pid, parent = r.Numbers.Process(p)
	}
	row := wire.ProcessRow{
		PID: pid, ParentPID: parent, Name: p.Name, Executable: p.Executable,
		CommandLine: append([]string{}, target.LimitArguments(p.CommandLine)...), WorkingDirectory: p.WorkingDirectory,
		Root: p.Root, UID: p.UID, StartNs: int64(p.StartNs) - r.boot,
	}
	if r.rowBytes > maxTableBytes {
		row.CommandLine = []string{}
	}
	size := 200 + jsonBytes(row.Name) + jsonBytes(row.Executable) + jsonBytes(row.WorkingDirectory) + jsonBytes(row.Root)
	for _, argument := range row.CommandLine {
		size += jsonBytes(argument)
	}
	r.batch.Processes = append(r.batch.Processes, row)
	r.addRow(size)
	return index
}

func (r *Recording) thread(process int, of *target.Process, sample *capture.Sample) int {
	key := threadKey{process, sample.TID, sample.Thread, ""}
	var labels [][2]string
	if sample.Labels != nil {
		key.labels, labels = sample.Labels.Text, sample.Labels.Pairs
	}
	if index, known := r.threads[key]; known {
		return index
	}
	if labels != nil && (r.labelled >= maxLabelled || r.rowBytes > maxTableBytes) {
		r.loss.Unlabelled++
		bare := *sample
		bare.Labels = nil
		return r.thread(process, of, &bare)
	}
	index := len(r.threads)
	r.threads[key] = index
	shown := sample.TID
	if r.Numbers != nil {
		shown = r.Numbers.Thread(of.PID, sample.TID)
	}
	size := 60 + jsonBytes(sample.Thread)
	for _, pair := range labels {
		size += 8 + jsonBytes(pair[0]) + jsonBytes(pair[1])
	}
	if labels != nil {
		r.labelled++
	}
	r.batch.Threads = append(r.batch.Threads, wire.ThreadRow{Process: process, TID: shown, Name: sample.Thread, Labels: labels})
	r.addRow(size)
	return index
}
