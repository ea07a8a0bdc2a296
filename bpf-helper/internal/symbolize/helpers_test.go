package symbolize

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// compile runs a compiler and gives the path of what it made; the test is skipped where the compiler isn't installed.
func compile(t testing.TB, command ...string) string {
	t.Helper()
	if _, err := exec.LookPath(command[0]); err != nil {
		t.Skipf("%s is not installed", command[0])
	}
	out := filepath.Join(t.TempDir(), "program")
	first := 1
	if command[0] == "go" {
		first = 2 // "go build" wants its flags before the files
	}
	cmd := exec.Command(command[0], slices.Concat(command[1:first], []string{"-o", out}, command[first:])...)
	cmd.Dir = "testdata/programs"
	// Tests of the helper run with a vendor folder; these programs have nothing to do with it.
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GO111MODULE=off", "CGO_ENABLED=1")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, text)
	}
	return out
}

func run(t testing.TB, command ...string) string {
	t.Helper()
	out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
	}
	return string(out)
}

// ask symbolizes addresses of one file.
func ask(t testing.TB, s Symbolizer, path string, addrs ...Address) []Result {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	results, err := s.Symbolize(context.Background(), Module{Key: path, File: file}, addrs)
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != len(addrs) {
		t.Fatalf("%d results for %d addresses", len(results), len(addrs))
	}
	return results
}

func number(t testing.TB, text string, base int) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(text, base, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
