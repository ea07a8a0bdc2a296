package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The arrows between the helper's packages: main → control → {capture, target, recording, symbolize} → wire;
// mapped lies below control and capture, service
// (what is installed) below main, rights below control and service, seccomp below rights and symbolize. A package that is
// not a key may import nothing of ours; what lies below a package is its own.
var arrows = map[string][]string{
	"main":      {"capture", "control", "service", "symbolize", "wire"},
	"control":   {"capture", "mapped", "recording", "rights", "symbolize", "target", "wire"},
	"recording": {"capture", "target", "wire"},
	"capture":   {"mapped", "wire"},
	"target":    {"wire"},
	"service":   {"rights"},
	"rights":    {"seccomp"},
	"symbolize": {"seccomp"},
}

func TestPackagesImportOnlyAlongTheArrows(t *testing.T) {
	const ours = "flameline.dev/helper/internal/"
	seen := 0
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && slices.Contains([]string{"vendor", "engine-patches", "tools", "bpf"}, path) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		from := "main"
		if rest, inside := strings.CutPrefix(filepath.ToSlash(path), "internal/"); inside {
			from, _, _ = strings.Cut(rest, "/")
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			rest, isOurs := strings.CutPrefix(name, ours)
			if !isOurs {
				continue
			}
			seen++
			to, _, _ := strings.Cut(rest, "/")
			if to != from && !slices.Contains(arrows[from], to) {
				t.Errorf("%s imports %s: %s may import only %v", path, name, from, arrows[from])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen == 0 {
		t.Fatal("no import of ours was found: the test looks in the wrong place")
	}
}

// What the engine would send its own findings with has no business in a process of root's, and weighs a third of it.
func TestTheEnginesOwnExportersAreLeftOut(t *testing.T) {
	list, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := strings.Fields(string(list))
	if !slices.Contains(packages, "go.opentelemetry.io/ebpf-profiler/tracer") {
		t.Fatal("the engine is not in the list: the test asks for the wrong program")
	}
	for _, name := range packages {
		for _, banned := range []string{"google.golang.org/grpc", "google.golang.org/protobuf", "go.opentelemetry.io/collector", "html/template"} {
			if name == banned || strings.HasPrefix(name, banned+"/") {
				t.Errorf("the helper is linked with %s", name)
			}
		}
	}
}
