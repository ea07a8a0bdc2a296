package symbolize

import (
	"debug/elf"
	"fmt"
	"strings"
	"testing"
)

// The program prints what the Go runtime says about each logical frame of a stack; each of its addresses must give
// that frame first and then the frames that it is inlined in, with the same functions, files and lines.
func TestGoFramesEqualTheRuntimesOwn(t *testing.T) {
	for name, flags := range map[string][]string{
		"normal":           nil,
		"stripped":         {"-ldflags=-s -w"},
		"trimmed paths":    {"-trimpath"},
		"PIE":              {"-buildmode=pie", "-ldflags=-s -w"},
		"external":         {"-ldflags=-linkmode=external"},
		"PIE and external": {"-buildmode=pie", "-ldflags=-linkmode=external -s -w"},
		"no inlining":      {"-gcflags=-l"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := compile(t, append(append([]string{"go", "build"}, flags...), "stack.go")...)
			var frames []string
			var addrs []Address
			var start uint64
			for line := range strings.Lines(run(t, path)) {
				kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
				switch kind {
				case "start":
					start = number(t, rest, 16)
				case "frame":
					frames = append(frames, rest)
				case "pc":
					addrs = append(addrs, Address{Addr: number(t, rest, 16), Return: true})
				}
			}
			bias := start - firstAddress(t, path)
			for i := range addrs {
				addrs[i].Addr -= bias
			}
			local := NewLocal()
			defer local.Close()
			longest := 0
			for i, r := range ask(t, local, path, addrs...) {
				if !r.Resolved || r.Language != "go" || len(r.Positions) == 0 {
					t.Fatalf("frame %s came as %+v", frames[i], r)
				}
				for j, p := range r.Positions {
					if got := fmt.Sprintf("%s %s %d", p.Function, p.File, p.Line); got != frames[i+j] {
						t.Errorf("address %d, position %d: got %s, the runtime says %s", i, j, got, frames[i+j])
					}
					if p.FunctionLine == 0 && !strings.HasPrefix(p.Function, "runtime.goexit") {
						t.Errorf("%s has no first line", p.Function)
					}
				}
				longest = max(longest, len(r.Positions))
			}
			if name != "no inlining" && longest < 3 {
				t.Errorf("the deepest inline chain has %d positions; the program has 3 or more", longest)
			}
		})
	}
}

func firstAddress(t *testing.T, path string) uint64 {
	t.Helper()
	file, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, p := range file.Progs {
		if p.Type == elf.PT_LOAD {
			return p.Vaddr - p.Off
		}
	}
	t.Fatal("no loadable segment")
	return 0
}
