package symbolize

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"syscall"
)

// Budgets of the parser: what it keeps between requests. The rest is parsed again when it is asked for.
const (
	maxModules     = 64
	maxKeptBytes   = 96 << 20
	maxMappedBytes = 6 << 30
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
	mapped int64
}

var _ Symbolizer = (*Local)(nil)

// NewLocal makes a symbolizer that parses in this process. Don't give it files of strangers in a privileged process.
func NewLocal() *Local {
	return &Local{modules: map[string]*kept{}}
}

// Symbolize implements Symbolizer.
func (l *Local) Symbolize(ctx context.Context, module Module, addrs []Address) ([]Result, error) {
	debugFile := -1
	if module.Debug != nil {
		debugFile = int(module.Debug.Fd())
	}
	files := opened{file: int(module.File.Fd()), debug: debugFile, jit: module.JIT, allocators: module.Allocators}
	for _, s := range module.Splits {
		fd := -1
		if s.File != nil {
			fd = int(s.File.Fd())
		}
		files.splits = append(files.splits, openedSplit{s.Name, fd})
	}
	results, wanted, err := l.symbolize(ctx, module.Key, files, addrs)
	if module.Want != nil {
		*module.Want = append(*module.Want, wanted...)
	}
	return results, err
}

// opened are the descriptors of a question; debug is negative where there is none.
type opened struct {
	file, debug int
	jit         bool
	allocators  bool
	splits      []openedSplit
}

// openedSplit is a file with debug information; its descriptor is negative where it can't be had.
type openedSplit struct {
	name string
	fd   int
}

func (l *Local) symbolize(ctx context.Context, key string, files opened, addrs []Address) ([]Result, []string, error) {
	if files.allocators {
		results, err := allocators(files.file, addrs)
		return results, nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	// A mapped file that its owner truncates faults on reading; turned into a panic, answer and open recover from it.
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))

	results := make([]Result, len(addrs))
	for i := range results {
		results[i].Language = "native"
	}
	k := l.open(key, files)
	if k.err != nil {
		return results, nil, k.err
	}
	k.parsed.take(files.splits)
	// In the order of addresses, so that each unit of debug information is parsed once however little is kept.
	order := make([]int, len(addrs))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(addrs[a].Addr, addrs[b].Addr) })
	var firstErr error
	for _, i := range order {
		if err := ctx.Err(); err != nil {
			return results, nil, err
		}
		result, err := k.parsed.answer(addrs[i])
		results[i] = result
		if err != nil && firstErr == nil {
			firstErr = err
		}
	}
	k.bytes, k.mapped = k.parsed.bytes(), k.parsed.mapped()
	l.shrink(k)
	return results, k.parsed.wanted(), firstErr
}

func (l *Local) open(key string, files opened) (k *kept) {
	l.clock++
	if k, ok := l.modules[key]; ok {
		k.used = l.clock
		return k
	}
	k = &kept{used: l.clock}
	defer func() {
		if r := recover(); r != nil {
			k.parsed, k.err = nil, fmt.Errorf("parser fault while opening: %v", r)
		}
		l.modules[key] = k
	}()
	k.parsed, k.err = parse(files)
	return k
}

// shrink drops the modules not used for longest until the rest fits; the one in use always stays.
func (l *Local) shrink(current *kept) {
	for {
		var total, mapped int64
		oldestKey, oldest := "", (*kept)(nil)
		for key, k := range l.modules {
			total += k.bytes
			mapped += k.mapped
			if k != current && (oldest == nil || k.used < oldest.used) {
				oldestKey, oldest = key, k
			}
		}
		if oldest == nil || total <= maxKeptBytes && mapped <= maxMappedBytes && len(l.modules) <= maxModules {
			return
		}
		if oldest.parsed != nil {
			oldest.parsed.close()
		}
		delete(l.modules, oldestKey)
	}
}

// Forget gives back the pages of mapped files, which count as this process's; they come again when they are read.
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
	return cpuNs, MemoryOf(os.Getpid()).Rest
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
