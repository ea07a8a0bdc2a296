package symbolize

import (
	"context"
	"debug/elf"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func find(t *testing.T, path string) (map[string]uint64, error) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	local := NewLocal()
	defer local.Close()
	return AllocatorsIn(context.Background(), local, Module{Key: path, File: file})
}

func compileText(t *testing.T, text string, options ...string) string {
	t.Helper()
	folder := t.TempDir()
	source, binary := filepath.Join(folder, "a.c"), filepath.Join(folder, "a")
	if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("cc", append(options, "-fno-builtin", "-o", binary, source)...).CombinedOutput(); err != nil {
		t.Skipf("skipped: no C compiler: %v %s", err, out)
	}
	return binary
}

const ownAllocator = `
void *malloc(unsigned long n) { static char all[4096]; return n ? all : 0; }
void free(void *p) { (void)p; }
`

func TestAllocatorsAreFoundWhereAFileDefinesThem(t *testing.T) {
	library := compileText(t, ownAllocator, "-shared", "-fPIC")
	found, err := find(t, library)
	if err != nil || len(found) != 2 || found["malloc"] == 0 || found["free"] == 0 {
		t.Fatalf("found %v: %v", found, err)
	}
	im, _ := elf.Open(library)
	defer im.Close()
	symbols, _ := im.DynamicSymbols()
	for _, s := range symbols {
		if at, wanted := found[s.Name]; wanted && s.Section != elf.SHN_UNDEF {
			for _, p := range im.Progs {
				if p.Type == elf.PT_LOAD && p.Flags&elf.PF_X != 0 && s.Value-p.Vaddr+p.Off != at {
					t.Errorf("%s is at %#x of the file, not %#x", s.Name, s.Value-p.Vaddr+p.Off, at)
				}
			}
		}
	}
	if found, err := find(t, compileText(t, "int main() { return malloc(1) != 0; }", "-Wno-implicit-function-declaration", "-Wno-int-conversion")); err != nil || found != nil {
		t.Errorf("a program that only uses malloc has %v (%v)", found, err)
	}
}

// TestALyingSymbolTableGivesNoPlaceOutsideOfCode moves malloc into data, behind the file, and to the end of all addresses.
func TestALyingSymbolTableGivesNoPlaceOutsideOfCode(t *testing.T) {
	library := compileText(t, ownAllocator, "-shared", "-fPIC", "-s")
	im, err := elf.Open(library)
	if err != nil {
		t.Fatal(err)
	}
	defer im.Close()
	content, _ := os.ReadFile(library)
	table := im.SectionByType(elf.SHT_DYNSYM)
	data := im.Section(".data")
	if data == nil {
		data = im.Section(".bss")
	}
	for _, value := range []uint64{data.Addr, 1 << 40, ^uint64(0), ^uint64(0) - 4096} {
		changed := append([]byte(nil), content...)
		for at := table.Offset + 24; at < table.Offset+table.Size; at += 24 {
			binary.LittleEndian.PutUint64(changed[at+8:], value)
		}
		path := filepath.Join(t.TempDir(), "lies.so")
		if err := os.WriteFile(path, changed, 0o600); err != nil {
			t.Fatal(err)
		}
		if found, _ := find(t, path); found != nil {
			t.Errorf("malloc at %#x was found at %v", value, found)
		}
	}
	for cut := 0; cut < len(content); cut += 97 { // a damaged file is survived
		path := filepath.Join(t.TempDir(), "cut.so")
		if err := os.WriteFile(path, content[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		_, _ = find(t, path)
	}
}
