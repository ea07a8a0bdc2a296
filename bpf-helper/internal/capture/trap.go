package capture

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

const (
	// usualTrap is what a probe's hit is taken to cost where it can't be measured, in ns.
	usualTrap = 2000
	// trapsMeasured is how often it is hit to measure it: a few milliseconds.
	trapsMeasured = 2000
)

var trapped uint64

// trap is a function to be probed. Its first instruction is one that the kernel has to step over, as that of most is.
//
//go:noinline
func trap() { trapped++ }

// trapPrices are what a probe's hit costs, in ns, where the kernel steps over the probed instruction and where it emulates it. In a
// virtual machine the first can be ten times the second.
type trapPrices struct{ stepped, emulated int64 }

func measureTraps(program *ebpf.Program) trapPrices {
	return trapPrices{measureTrap(program, trap), measureTrap(program, emulatedTrap)}
}

// measureTrap gives what a probe costs whose program has nothing to do, in ns, on this machine now: it probes a function of ours, in
// this process only, and takes the best of some rounds.
func measureTrap(program *ebpf.Program, function func()) int64 {
	offset, err := offsetInFile(uint64(reflect.ValueOf(function).Pointer()))
	if err != nil {
		return usualTrap
	}
	executable, err := link.OpenExecutable("/proc/self/exe")
	if err != nil {
		return usualTrap
	}
	probes, err := attachProbes(executable, program, int32(os.Getpid()), []uint64{offset}, nil, false)
	defer unprobe(probes)
	if err != nil {
		return usualTrap
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	best := int64(1 << 62)
	const rounds = 10
	for range rounds {
		began := time.Now()
		for range trapsMeasured / rounds {
			function()
		}
		best = min(best, int64(time.Since(began))/(trapsMeasured/rounds))
	}
	return max(best, 1)
}

// offsetInFile is where in our own file an address of our code lies.
func offsetInFile(address uint64) (uint64, error) {
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return 0, err
	}
	defer maps.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 3 {
			continue
		}
		from, to, _ := strings.Cut(fields[0], "-")
		start, err1 := strconv.ParseUint(from, 16, 64)
		end, err2 := strconv.ParseUint(to, 16, 64)
		offset, err3 := strconv.ParseUint(fields[2], 16, 64)
		if errors.Join(err1, err2, err3) == nil && address >= start && address < end {
			return address - start + offset, nil
		}
	}
	return 0, fmt.Errorf("no mapping has the address %#x", address)
}
