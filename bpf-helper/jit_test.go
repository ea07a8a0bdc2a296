package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestCodeThatAVirtualMachineMakesIsUnwoundAndNamed records testdata/jit.c, which tells the names of its functions in one of two
// ways, the second one seconds after it began to run.
func TestCodeThatAVirtualMachineMakesIsUnwoundAndNamed(t *testing.T) {
	needKernel(t)
	if runtime.GOARCH != "amd64" {
		t.Skip("skipped: the program makes machine code for amd64")
	}
	folder := readableFolder(t)
	binary := compileFile(t, folder, "testdata/jit.c", "-O1")
	c := connect(t, startHelper(t, "--user", "64242").socket)
	c.warm()
	inner := "little::inner(int) [tier 2]"
	for _, how := range []string{"map", "dump", "none", "link", "another's"} {
		t.Run(how, func(t *testing.T) {
			program := runJIT(t, folder, binary, how)
			time.Sleep(warmUp)
			r := c.recordEnough(int32(program.Process.Pid), 199, 6*time.Second)
			stacks := map[string]int{}
			for i := range r.samples.Stack {
				stack := r.stack(i)
				if spin := slices.Index(stack, "spin"); spin >= 0 {
					stacks[strings.Join(stack[spin:min(len(stack), spin+4)], ";")]++
				}
			}
			want := map[string]string{
				"map": "spin;" + inner + ";outer;main", "dump": "spin;" + inner + ";outer;main", "none": "spin;[broken]",
				"link": "spin;;;main", "another's": "spin;;;main",
			}[how]
			total := 0
			for _, n := range stacks {
				total += n
			}
			t.Logf("%d samples in %v; loss %+v", len(r.samples.Stack), stacks, r.last.Loss)
			// The first stacks come before anybody has looked at the process.
			if total < enough || stacks[want]*100 < total*85 {
				t.Errorf("%d of %d stacks are %s", stacks[want], total, want)
			}
		})
	}
}

// runJIT runs the program with its names where they are wanted, or in places that are not to be read.
func runJIT(t *testing.T, folder, binary, how string) *exec.Cmd {
	t.Helper()
	option := how
	if how == "link" || how == "another's" {
		option = "map"
	}
	program := run1(t, folder, binary, option)
	path := fmt.Sprintf("/tmp/perf-%d.map", program.Process.Pid)
	t.Cleanup(func() { _ = os.Remove(path) })
	for range 100 {
		if _, err := os.Stat(path); err == nil || option != "map" {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	switch how {
	case "link":
		elsewhere := filepath.Join(folder, "elsewhere")
		if err := os.Rename(path, elsewhere); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(elsewhere, path); err != nil {
			t.Fatal(err)
		}
	case "another's":
		if err := os.Chown(path, otherUID, otherUID); err != nil {
			t.Fatal(err)
		}
	}
	return program
}
