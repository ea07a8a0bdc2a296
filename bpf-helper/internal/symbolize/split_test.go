package symbolize

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// askSplit asks as `serve` does: with the .dwp file that lies beside the program, and with what is wanted, until nothing is.
func askSplit(t *testing.T, s Symbolizer, path string, addrs []Address) ([]Result, []string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var all []string
	module := Module{Key: path, File: file}
	if dwp, err := os.Open(path + ".dwp"); err == nil {
		defer dwp.Close()
		module.Splits = []Split{{PackageName, dwp}}
	}
	for range 8 {
		var wanted []string
		module.Want = &wanted
		results, err := s.Symbolize(t.Context(), module, addrs)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, wanted...)
		if len(wanted) == 0 {
			return results, all
		}
		module.Splits = nil
		for _, name := range wanted {
			split, err := os.Open(name)
			if err != nil {
				split = nil
			} else {
				defer split.Close()
			}
			module.Splits = append(module.Splits, Split{name, split})
		}
	}
	t.Fatal("something is wanted for ever")
	return nil, nil
}

// compileSplit has clang compile and link apart, as it leaves its .dwo file in the working directory else.
func compileSplit(t *testing.T, command ...string) string {
	t.Helper()
	if command[0] != "clang++" {
		return compile(t, command...)
	}
	object := compile(t, append([]string{command[0], "-c"}, command[1:]...)...)
	run(t, command[0], object, "-o", object+".linked")
	return object + ".linked"
}

func chainsOf(results []Result) []chain {
	var chains []chain
	for _, r := range results {
		var c chain
		for _, p := range r.Positions {
			c = append(c, placeOf(fmt.Sprintf("%s:%d", p.File, p.Line)))
		}
		chains = append(chains, c)
	}
	return chains
}

// Each program's debug information lies in .dwo files beside its object, or in a .dwp file beside the program.
func TestSplitDebugInformationAgreesWithAPeer(t *testing.T) {
	local := NewLocal()
	defer local.Close()
	for name, c := range map[string]struct {
		command []string
		packer  string
	}{
		"DWARF 5 by GCC":              {command: []string{"g++", "-O2", "-gdwarf-5", "-gsplit-dwarf", "shapes.cpp"}},
		"DWARF 4 by GCC":              {command: []string{"g++", "-O2", "-gdwarf-4", "-gsplit-dwarf", "shapes.cpp"}},
		"DWARF 5 by clang":            {command: []string{"clang++", "-O2", "-gdwarf-5", "-gsplit-dwarf", "shapes.cpp"}},
		"DWARF 4 by clang":            {command: []string{"clang++", "-O2", "-gdwarf-4", "-gsplit-dwarf", "shapes.cpp"}},
		"DWARF 5 by GCC, packed":      {[]string{"g++", "-O2", "-gdwarf-5", "-gsplit-dwarf", "shapes.cpp"}, "llvm-dwp"},
		"DWARF 4 by GCC, packed":      {[]string{"g++", "-O2", "-gdwarf-4", "-gsplit-dwarf", "shapes.cpp"}, "dwp"},
		"DWARF 5 by clang, packed":    {[]string{"clang++", "-O2", "-gdwarf-5", "-gsplit-dwarf", "shapes.cpp"}, "llvm-dwp"},
		"DWARF 4, compressed, by GCC": {command: []string{"g++", "-O2", "-gdwarf-4", "-gsplit-dwarf", "-gz", "shapes.cpp"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := compileSplit(t, c.command...)
			addrs := randomAddresses(t, path, 2000)
			theirs := peer([]string{"llvm-symbolizer", "--output-style=GNU", "-a", "-f", "-i", "-e", path}, addrs)
			if len(theirs) != len(addrs) {
				t.Skip("llvm-symbolizer is not installed")
			}
			parts, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*.dwo"))
			if len(parts) == 0 {
				t.Fatal("the compiler made no .dwo file")
			}
			if c.packer != "" {
				if _, err := exec.LookPath(c.packer); err != nil {
					t.Skipf("%s is not installed", c.packer)
				}
				run(t, "timeout", "30", c.packer, "-e", path, "-o", path+".dwp")
				for _, part := range parts {
					if err := os.Remove(part); err != nil {
						t.Fatal(err)
					}
				}
			}
			results, wanted := askSplit(t, local, path, addrs)
			if packed := c.packer != ""; packed != (len(wanted) == 0) {
				t.Errorf("wanted are %v", wanted)
			}
			same, named := 0, 0
			for i, ours := range chainsOf(results) {
				if us, them := strings.Join(ours, " <- "), strings.Join(theirs[i], " <- "); us == them {
					same++
				} else if i-same < 3 {
					t.Logf("%#x\n  ours   %s\n  theirs %s", addrs[i].Addr, us, them)
				}
				if p := results[i].Positions; len(p) > 0 && p[len(p)-1].FunctionLine > 0 && results[i].Language == "cpp" {
					named++
				}
			}
			if percent := 100 * float64(same) / float64(len(addrs)); percent < 99.9 || named < len(addrs)*3/4 { // what the C library adds has none

				t.Errorf("%.2f %% of the chains agree, %d of %d have the function's line and language", percent, named, len(addrs))
			}
		})
	}
}

func TestASplitFileOfAnotherBuildOrNoneLeavesLinesAndSymbols(t *testing.T) {
	path := compile(t, "g++", "-O1", "-gdwarf-5", "-gsplit-dwarf", "calls.cpp")
	other := compile(t, "g++", "-O2", "-gdwarf-5", "-gsplit-dwarf", "calls.cpp")
	at := symbolAddress(t, path, "local_sum")
	part := func(path string) string {
		parts, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*.dwo"))
		if len(parts) != 1 {
			t.Fatalf("the compiler made %v", parts)
		}
		return parts[0]
	}
	content, err := os.ReadFile(part(other))
	if err != nil {
		t.Fatal(err)
	}
	for how, lay := range map[string]func() error{
		"another build's": func() error { return os.WriteFile(part(path), content, 0o600) },
		"damaged":         func() error { return os.WriteFile(part(path), []byte("\x7fELF, or not"), 0o600) },
		"none":            func() error { return os.Truncate(part(path), 0) },
	} {
		if err := lay(); err != nil {
			t.Fatal(err)
		}
		local := NewLocal()
		results, _ := askSplit(t, local, path, []Address{{Addr: at}})
		_ = local.Close()
		p := results[0].Positions
		if len(p) == 0 || p[len(p)-1].Function != "work::local_sum" || p[len(p)-1].Line == 0 || p[len(p)-1].FunctionLine != 0 {
			t.Errorf("%s: %+v", how, results[0])
		}
	}
}
