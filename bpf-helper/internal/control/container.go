package control

import (
	"flameline.dev/helper/internal/target"
	"flameline.dev/helper/internal/wire"
)

// insider translates for a client in a container, which knows processes by other numbers than we do: what it asks for
// into ours, what it gets into its own. A process that has gone before it was asked has number 0.
type insider struct{ peer peer }

// Process gives a process's number and its parent's; a parent outside the container is 0, as it is inside.
func (i insider) Process(process *target.Process) (pid, parent int32) { return i.peer.number(process) }

// Thread gives a thread's number.
func (i insider) Thread(pid, tid int32) int32 { return procFolder.ThreadInside(pid, tid) }

// number is what a peer calls a process that it sees, and its parent.
func (p peer) number(process *target.Process) (pid, parent int32) {
	if p.namespace == 0 {
		return process.PID, process.ParentPID
	}
	if pid = process.NumberInside; pid == 0 && procFolder.Namespace(process.PID) == p.namespace {
		pid = procFolder.NumberInside(process.PID)
	}
	if procFolder.Namespace(process.ParentPID) == p.namespace {
		parent = procFolder.NumberInside(process.ParentPID)
	}
	return pid, parent
}

// nobodysPID is a number that no process has: what a container calls a process that isn't there.
const nobodysPID = -1

// translate puts our numbers in the place of those that a peer in a container knows.
func (p peer) translate(t wire.Target) wire.Target {
	asked := map[int32]bool{t.PID: t.Kind == wire.TargetProcess}
	for _, numbers := range [][]int32{t.ExcludePIDs, t.ExcludeTrees} {
		for _, number := range numbers {
			asked[number] = true
		}
	}
	ours := map[int32]int32{}
	pids, err := procFolder.PIDs()
	if err == nil {
		for _, pid := range pids {
			if procFolder.Namespace(pid) != p.namespace {
				continue
			}
			if inside := procFolder.NumberInside(pid); asked[inside] {
				ours[inside] = pid
			}
		}
	}
	known := func(numbers []int32) []int32 {
		var all []int32
		for _, number := range numbers {
			if pid, found := ours[number]; found {
				all = append(all, pid)
			}
		}
		return all
	}
	t.ExcludePIDs, t.ExcludeTrees = known(t.ExcludePIDs), known(t.ExcludeTrees)
	if t.Kind == wire.TargetProcess {
		pid, found := ours[t.PID]
		if !found {
			pid = nobodysPID
		}
		t.PID = pid
	}
	return t
}
