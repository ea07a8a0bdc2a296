package symbolize

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// Budgets of the parser: what it keeps between requests. The rest is parsed again when it is asked for.
const (
	maxModules   = 64
	maxKeptBytes = 96 << 20
)

// Local is the symbolizer in this process.
type Local struct {
	mu      sync.Mutex
	modules map[string]*kept
	clock   int64
}

type kept struct {
	parsed *parsed
	err    error
	used   int64
	bytes  int64
}

var _ Symbolizer = (*Local)(nil)

// NewLocal makes a symbolizer that parses in this process. Don't give it files of strangers in a privileged process.
func NewLocal() *Local {
	return &Local{modules: map[string]*kept{}}
}

// Symbolize implements Symbolizer.
func (l *Local) Symbolize(ctx context.Context, module Module, addrs []Address) ([]Result, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	// A mapped file that its owner truncates faults on reading; turned into a panic, answer and open recover from it.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))

	results := make([]Result, len(addrs))
	for i := range results {
		results[i].Language = "native"
	}
	k := l.open(module)
	if k.err != nil {
		return results, k.err
	}
	var firstErr error
	for i, address := range addrs {
		if err := ctx.Err(); err != nil {
			return results, err
		}
		result, err := k.parsed.answer(address)
		results[i] = result
		if err != nil && firstErr == nil {
			firstErr = err
		}
	}
	k.bytes = k.parsed.bytes()
	l.shrink(k)
	return results, firstErr
}

func (l *Local) open(module Module) (k *kept) {
	l.clock++
	if k, ok := l.modules[module.Key]; ok {
		k.used = l.clock
		return k
	}
	k = &kept{used: l.clock}
	defer func() {
		if r := recover(); r != nil {
			k.parsed, k.err = nil, fmt.Errorf("parser fault while opening: %v", r)
		}
		l.modules[module.Key] = k
	}()
	k.parsed, k.err = parse(module.File, module.Debug)
	return k
}

// shrink drops the modules not used for longest until the rest fits; the one in use always stays.
func (l *Local) shrink(current *kept) {
	for {
		var total int64
		oldestKey, oldest := "", (*kept)(nil)
		for key, k := range l.modules {
			total += k.bytes
			if k != current && (oldest == nil || k.used < oldest.used) {
				oldestKey, oldest = key, k
			}
		}
		if oldest == nil || total <= maxKeptBytes && len(l.modules) <= maxModules {
			return
		}
		if oldest.parsed != nil {
			oldest.parsed.close()
		}
		delete(l.modules, oldestKey)
	}
}

// Forget lets the kernel take back the pages of mapped files, which count as this process's memory.
func (l *Local) Forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range l.modules {
		if k.parsed != nil {
			for _, im := range k.parsed.images {
				im.Forget()
			}
		}
	}
}

// Cost implements Symbolizer; it is that of the whole process.
func (l *Local) Cost() (cpuNs, residentBytes int64) {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err == nil {
		cpuNs = usage.Utime.Nano() + usage.Stime.Nano()
	}
	return cpuNs, residentOf(os.Getpid())
}

// residentOf is the memory of a process that is resident now, in bytes; 0 where it is gone.
func residentOf(pid int) int64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

// Close implements Symbolizer.
func (l *Local) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for key, k := range l.modules {
		if k.parsed != nil {
			k.parsed.close()
		}
		delete(l.modules, key)
	}
	return nil
}
