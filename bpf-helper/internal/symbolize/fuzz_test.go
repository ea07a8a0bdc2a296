package symbolize

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"flameline.dev/helper/internal/fuzzed"
	"flameline.dev/helper/internal/symbolize/dwarf"
	"flameline.dev/helper/internal/symbolize/gotable"
	"flameline.dev/helper/internal/symbolize/image"
	"flameline.dev/helper/internal/symbolize/symtab"
)

// seeds are small real programs: the fuzzer damages them.
func seeds(f *testing.F) {
	f.Helper()
	folder := f.TempDir()
	source := filepath.Join(folder, "s.c")
	text := "static inline __attribute__((always_inline)) int g(int x){return x*3;}\nint f(int a){return g(a)+1;}\n"
	if err := os.WriteFile(source, []byte(text), 0o644); err != nil {
		f.Fatal(err)
	}
	out := filepath.Join(folder, "s.so")
	for _, flags := range [][]string{{"-gdwarf-5"}, {"-gdwarf-4", "-gz"}, {"-gdwarf-2", "-gstrict-dwarf"}} {
		command := append([]string{"-O1", "-shared", "-nostdlib", "-Wl,-z,max-page-size=16", source, "-o", out}, flags...)
		if exec.Command("gcc", command...).Run() != nil {
			continue // the committed corpus is there without a compiler
		}
		content, err := os.ReadFile(out)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content, uint64(0x200))
	}
	// As Fedora's builds are: stripped, with a small packed symbol table.
	mini := exec.Command("sh", "-c", `cp "$1" mini && xz -kf --check=none mini && strip -s "$1" -o bare && objcopy --add-section .gnu_debugdata=mini.xz bare packed`, "sh", out)
	mini.Dir = folder
	if mini.Run() == nil {
		content, err := os.ReadFile(filepath.Join(folder, "packed"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content, uint64(0x200))
	}
}

// No damage to a file may make the parsers panic, loop or take memory without measure.
func FuzzFile(f *testing.F) {
	seeds(f)
	// What a file of a few KB may take: its packed sections can grow by a thousand.
	limits := fuzzed.Limits{Time: 3 * time.Second, Bytes: 512 << 20}
	f.Fuzz(func(t *testing.T, content []byte, address uint64) {
		fuzzed.Do(t, limits, func() { parseWhole(content, address) })
	})
}

func parseWhole(content []byte, address uint64) {
	im, err := image.FromBytes(content)
	if err != nil {
		return
	}
	_ = im.BuildID()
	all := func(uint64) bool { return true }
	if info, err := dwarf.Open(im, all); err == nil && info != nil {
		for _, pc := range []uint64{address, im.ELF().Entry, address % 0x1000} {
			info.Lookup(pc)
		}
		_ = info.Bytes()
	}
	if table, err := gotable.Find(im); err == nil && table != nil {
		table.Lookup(address)
		table.Lookup(im.ELF().Entry)
	}
	mini, _ := im.MiniDebug()
	symtab.Read(im, mini).Find(address)
}
