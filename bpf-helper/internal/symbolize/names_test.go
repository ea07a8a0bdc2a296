package symbolize

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// symbolAddress is the address of the symbol whose mangled name holds text, from nm.
func symbolAddress(t *testing.T, path, text string) uint64 {
	t.Helper()
	for line := range strings.Lines(run(t, "nm", path)) {
		fields := strings.Fields(line)
		if len(fields) == 3 && strings.Contains(fields[2], text) && strings.ContainsAny(fields[1], "tTwW") {
			return number(t, fields[0], 16)
		}
	}
	t.Fatalf("no symbol like %s", text)
	return 0
}

// story tells all distinct chains inside a function, as "inner:line <- outer:line".
func story(t *testing.T, path string, start uint64, size int) map[string]bool {
	t.Helper()
	var addrs []Address
	for i := range size {
		addrs = append(addrs, Address{Addr: start + uint64(i)})
	}
	local := NewLocal()
	defer local.Close()
	seen := map[string]bool{}
	for _, r := range ask(t, local, path, addrs...) {
		var parts []string
		for _, p := range r.Positions {
			parts = append(parts, fmt.Sprintf("%s:%d", p.Function, p.Line))
		}
		seen[strings.Join(parts, " <- ")] = true
	}
	return seen
}

func TestInlinedCallsAreExpandedWithReadableNames(t *testing.T) {
	for name, c := range map[string]struct {
		command []string
		symbol  string
		want    string
	}{
		"C++":  {[]string{"g++", "-O1", "-g", "calls.cpp"}, "local_sum", "work::scaled:4 <- work::twice<double>:7 <- work::local_sum:11"},
		"Rust": {[]string{"rustc", "-O", "-g", "totals.rs"}, "Total", "totals::weigh:3"},
	} {
		t.Run(name, func(t *testing.T) {
			path := compile(t, c.command...)
			seen := story(t, path, symbolAddress(t, path, c.symbol), 200)
			for chain := range seen {
				if strings.HasPrefix(chain, c.want) {
					return
				}
			}
			t.Errorf("no chain begins with %s; there are %v", c.want, seen)
		})
	}
}

func TestFunctionLinesAreWhereTheFunctionBegins(t *testing.T) {
	path := compile(t, "g++", "-O1", "-g", "calls.cpp")
	local := NewLocal()
	defer local.Close()
	r := ask(t, local, path, Address{Addr: symbolAddress(t, path, "local_sum")})[0]
	p := r.Positions[len(r.Positions)-1]
	if r.Language != "cpp" || p.Function != "work::local_sum" || p.FunctionLine != 9 || filepath.Base(p.File) != "calls.cpp" ||
		!filepath.IsAbs(p.File) {
		t.Errorf("%+v", r)
	}
}

func TestStrippedProgramsKeepWhatTheyExport(t *testing.T) {
	path := compile(t, "g++", "-O1", "-shared", "-fPIC", "calls.cpp")
	at := symbolAddress(t, path, "shared_sum")
	run(t, "strip", path)
	local := NewLocal()
	defer local.Close()
	r := ask(t, local, path, Address{Addr: at + 1, Return: true}, Address{Addr: 1})
	if !r[0].Resolved || r[0].Positions[0].Function != "work::shared_sum" || r[0].Positions[0].Line != 0 {
		t.Errorf("%+v", r[0])
	}
	if r[1].Resolved || len(r[1].Positions) != 0 {
		t.Errorf("address 1 is %+v", r[1])
	}
}

func TestASeparateDebugFileCountsOnlyWithTheSameBuildID(t *testing.T) {
	path := compile(t, "g++", "-O1", "-g", "-Wl,--build-id", "calls.cpp")
	other := compile(t, "g++", "-O2", "-g", "-Wl,--build-id", "calls.cpp")
	at := symbolAddress(t, path, "local_sum")
	run(t, "objcopy", "--only-keep-debug", path, path+".debug")
	run(t, "strip", path)
	for debugPath, want := range map[string]string{path + ".debug": "work::local_sum:9", other: ""} {
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		debug, err := os.Open(debugPath)
		if err != nil {
			t.Fatal(err)
		}
		defer debug.Close()
		local := NewLocal()
		defer local.Close()
		results, err := local.Symbolize(t.Context(), Module{Key: "k", File: file, Debug: debug}, []Address{{Addr: at}})
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if r := results[0]; len(r.Positions) > 0 {
			p := r.Positions[len(r.Positions)-1]
			got = fmt.Sprintf("%s:%d", p.Function, p.FunctionLine)
		}
		if got != want {
			t.Errorf("with %s: %q, want %q", filepath.Base(debugPath), got, want)
		}
	}
}

func TestMiniDebugInfoNamesLocalFunctions(t *testing.T) {
	if _, err := exec.LookPath("xz"); err != nil {
		t.Skip("xz is not installed")
	}
	path := compile(t, "g++", "-O1", "-g", "calls.cpp")
	at := symbolAddress(t, path, "local_sum")
	// As Fedora's builds do it: the symbol table alone, compressed, in a section.
	run(t, "objcopy", "-S", "--keep-symbol=_ZN4workL9local_sumEPKdi", "--remove-section=.gnu_debugdata", path, path+".mini")
	run(t, "xz", path+".mini")
	run(t, "strip", path)
	run(t, "objcopy", "--add-section", ".gnu_debugdata="+path+".mini.xz", path)
	local := NewLocal()
	defer local.Close()
	if r := ask(t, local, path, Address{Addr: at})[0]; !r.Resolved || r.Positions[0].Function != "work::local_sum" {
		t.Errorf("%+v", r)
	}
}

func TestStrippedLibcGivesItsExportedNames(t *testing.T) {
	const libc = "/lib/x86_64-linux-gnu/libc.so.6"
	if _, err := os.Stat(libc); err != nil {
		t.Skip("no Debian libc for amd64 here")
	}
	local := NewLocal()
	defer local.Close()
	for line := range strings.Lines(run(t, "nm", "-D", "--defined-only", libc)) {
		fields := strings.Fields(line)
		if len(fields) == 3 && strings.HasPrefix(fields[2], "malloc@@") {
			r := ask(t, local, libc, Address{Addr: number(t, fields[0], 16) + 4})[0]
			if !r.Resolved || r.Positions[0].Function != "malloc" {
				t.Errorf("%+v", r)
			}
			return
		}
	}
	t.Error("libc exports no malloc")
}
