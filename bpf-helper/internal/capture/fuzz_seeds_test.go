package capture

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.opentelemetry.io/ebpf-profiler/host"
	"go.opentelemetry.io/ebpf-profiler/interpreter"
	"go.opentelemetry.io/ebpf-profiler/libpf/pfelf"
	"golang.org/x/sys/unix"
)

// inMemory is a file with this content.
func inMemory(t testing.TB, content []byte) *os.File {
	t.Helper()
	fd, err := unix.MemfdCreate("fuzzed", unix.MFD_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(fd), fmt.Sprintf("/proc/self/fd/%d", fd))
	if _, err := file.Write(content); err != nil {
		t.Fatal(err)
	}
	return file
}

// smallProgram is compiled anew with these flags; nil without a compiler.
func smallProgram(t testing.TB, flags ...string) []byte {
	t.Helper()
	folder := t.TempDir()
	source, out := filepath.Join(folder, "s.c"), filepath.Join(folder, "s")
	if err := os.WriteFile(source, []byte("int g(int);int f(int a){int b[40];b[0]=g(a);return g(b[0])+1;}\nint _start(void){return f(2);}\nint g(int a){return a*3;}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if exec.Command("gcc", append([]string{"-O1", "-nostdlib", "-Wl,-z,max-page-size=16", source, "-o", out}, flags...)...).Run() != nil {
		return nil
	}
	content, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// goTable is a small program with a small Go table of functions: the first forty of a real one.
func goTable(f *testing.F) []byte {
	f.Helper()
	folder := f.TempDir()
	source, out := filepath.Join(folder, "main.go"), filepath.Join(folder, "small")
	if err := os.WriteFile(source, []byte("package main\nfunc main() {}\n"), 0o644); err != nil {
		f.Fatal(err)
	}
	build := exec.Command("go", "build", "-ldflags", "-s -w", "-o", out, source)
	build.Env = append(os.Environ(), "GOFLAGS=", "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		f.Logf("no seed of Go: %s", said)
		return nil
	}
	whole, err := elf.Open(out)
	if err != nil {
		f.Fatal(err)
	}
	defer whole.Close()
	table, err := whole.Section(".gopclntab").Data()
	if err != nil {
		f.Fatal(err)
	}
	const header, functions, text = 72, 40, 0x1000
	word := binary.LittleEndian
	small := append([]byte{}, table[:header]...)
	word.PutUint64(small[8:], functions)
	word.PutUint64(small[24:], text)
	// Names, compilation units, files, values by counter, functions: so many bytes of each, which overlap nothing.
	for i, keep := range []uint64{2048, 512, 512, 16 << 10, 24 << 10} {
		from := word.Uint64(table[32+8*i:])
		word.PutUint64(small[32+8*i:], uint64(len(small)))
		small = append(small, table[from:min(from+keep, uint64(len(table)))]...)
	}
	plain := smallProgram(f)
	if plain == nil {
		return nil
	}
	for name, content := range map[string][]byte{"plain": plain, "table": small} {
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o755); err != nil {
			f.Fatal(err)
		}
	}
	join := exec.Command("objcopy", "--add-section", ".gopclntab=table", "plain", "joined")
	join.Dir = folder
	if join.Run() != nil {
		return nil
	}
	content, err := os.ReadFile(filepath.Join(folder, "joined"))
	if err != nil {
		f.Fatal(err)
	}
	return content
}

// interpreters are the machine's own, as the engine knows them by their files.
func interpreters(f *testing.F) (found []interpreter.Data) {
	f.Helper()
	executables := newExecutables(f)
	var files []string
	for _, pattern := range []string{
		"/usr/bin/python3.[0-9]*[0-9]", "/usr/lib/jvm/*/lib/server/libjvm.so", "/usr/bin/node", "/usr/bin/perl", "/usr/lib/x86_64-linux-gnu/libperl.so.5.*",
		"/usr/bin/php8*", "/usr/lib/x86_64-linux-gnu/libruby-*.so.*", "/usr/lib/erlang/erts-*/bin/beam.smp", "/root/.pyenv/versions/*/lib/libpython3.*.so.1.0",
	} {
		matches, _ := filepath.Glob(pattern)
		files = append(files, matches...)
	}
	for i, name := range files {
		if resolved, err := filepath.EvalSymlinks(name); err != nil || resolved != name {
			continue
		}
		reference := pfelf.NewReference(name, pfelf.SystemOpener)
		info, err := executables.AddOrIncRef(host.FileID(1<<32+i), reference)
		reference.Close()
		if err == nil && info.Data != nil {
			f.Logf("%d: %s", len(found), name)
			found = append(found, info.Data)
		}
	}
	return found
}
