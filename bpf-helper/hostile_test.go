package main

import (
	"debug/elf"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Files that break a careless parser: made from a real program by one change each.
var hostileFiles = map[string]func([]byte, *elf.File) []byte{
	"a section that begins before the file": func(content []byte, file *elf.File) []byte {
		for i := range file.Sections {
			at := sectionHeaders(content) + 64*uint64(i)
			binary.LittleEndian.PutUint64(content[at+24:], 1<<63+4096) // sh_offset
			binary.LittleEndian.PutUint64(content[at+32:], 64)         // sh_size
		}
		return content
	},
	"segments that begin before the file": func(content []byte, file *elf.File) []byte {
		for i := range file.Progs {
			at := binary.LittleEndian.Uint64(content[32:]) + 56*uint64(i)
			binary.LittleEndian.PutUint64(content[at+8:], 1<<63+4096)
		}
		return content
	},
	"cut in the middle": func(content []byte, _ *elf.File) []byte { return content[:len(content)/2] },
	"no sections where they should be": func(content []byte, _ *elf.File) []byte {
		binary.LittleEndian.PutUint64(content[40:], 1<<62)
		return content
	},
}

func sectionHeaders(content []byte) uint64 { return binary.LittleEndian.Uint64(content[40:]) }

// mapsAll maps every file beside it as code, and cuts one of them short again and again.
const mapsAll = `
import mmap, os, sys
kept = []
for name in sorted(os.listdir("files")):
    with open("files/" + name, "rb") as f:
        kept.append(mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ | mmap.PROT_EXEC))
whole = open("whole", "rb").read()
f = open("shrinking", "wb+")
f.write(whole); f.flush()
kept.append(mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ | mmap.PROT_EXEC))
os.kill(os.getppid(), 0)
print("mapped", flush=True)
def burn():
    n = 0
    while True:
        for i in range(20000):
            n += i
        f.truncate(64); f.truncate(len(whole)); os.pwrite(f.fileno(), whole, 0)
burn()
`

func TestAHostileProgramDoesNotEndTheHelper(t *testing.T) {
	needKernel(t)
	folder := t.TempDir()
	whole, err := os.ReadFile("/bin/true")
	if err != nil {
		t.Fatal(err)
	}
	write(t, folder, "whole", string(whole))
	if err := os.Mkdir(filepath.Join(folder, "files"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, damage := range hostileFiles {
		file, err := elf.Open("/bin/true")
		if err != nil {
			t.Skip("skipped: /bin/true is no ELF file")
		}
		write(t, folder, filepath.Join("files", name), string(damage(append([]byte(nil), whole...), file)))
		_ = file.Close()
	}
	run1(t, folder, "python3", write(t, folder, "maps.py", mapsAll))
	c := connect(t, startHelper(t, "--user", "64242").socket)
	r := c.record(workspace(folder), 99, 3*time.Second)
	burning := 0
	for i := range r.samples.Stack {
		for _, function := range r.stack(i) {
			if function == "burn" {
				burning++
				break
			}
		}
	}
	if burning == 0 {
		t.Errorf("none of %d samples has the Python function that ran", len(r.samples.Stack))
	}
}
