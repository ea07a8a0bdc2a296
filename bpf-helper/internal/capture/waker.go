package capture

import "fmt"

// Waker is the thread that ended a wait; PID is 0 where it was an interrupt or the kernel, or where nobody noted it.
type Waker struct {
	PID, TID int32
	UID      uint32
	StartNs  uint64 // of the process, since boot
	Thread   string
}

// wakerRecord is a twin of the structure in bpf/waits.h.
type wakerRecord struct {
	StartBoottime uint64
	Kind          uint32
	PID           uint32
	TID           uint32
	UID           uint32
	Comm          [16]byte
}

func (r *wakerRecord) waker() Waker {
	if r.Kind == 0 {
		return Waker{}
	}
	return Waker{PID: int32(r.PID), TID: int32(r.TID), UID: r.UID, StartNs: r.StartBoottime, Thread: commString(r.Comm)}
}

const (
	// wakersUpTo is the number of waits a second up to which it is noted who ended them: it costs about half of what following a switch
	// does, whether or not the wait is told. wakersAgainBelow is where it begins again.
	wakersUpTo, wakersAgainBelow = 30_000, 20_000
)

// hasWaker says whether a wait of a class is ended by whoever runs at that moment. Clocks and devices end the others.
func (c WaitClass) hasWaker() bool {
	switch c {
	case WaitSleep, WaitDisk, WaitPageIn, WaitRunQueue:
		return false
	default:
		return true
	}
}

// followWakers has the kernel note wakers while the waits are so many a second that it can be afforded.
func (w *waits) followWakers(waitsPerSecond float64) error {
	switch {
	case waitsPerSecond > wakersUpTo:
		w.hooks.detachWaking()
	case waitsPerSecond <= wakersAgainBelow && !w.noWakers:
		if err := w.hooks.attachWaking(); err != nil {
			w.noWakers = true
			return fmt.Errorf("follow who ends waits: %w", err)
		}
	}
	return nil
}
