package gotable

import (
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"flameline.dev/helper/internal/symbolize/image"
	"flameline.dev/helper/internal/symbolize/names"
)

func own(t testing.TB) (*image.Image, *Table) {
	t.Helper()
	file, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	im, err := image.Open(int(file.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(im.Close)
	table, err := Find(im)
	if err != nil || table == nil {
		t.Fatalf("no table in our own program: %v", err)
	}
	return im, table
}

func TestEveryFunctionOfThisProgramIsFoundUnderTheNameTheRuntimeGives(t *testing.T) {
	_, table := own(t)
	checked := 0
	for i := 0; i < table.Len(); i += 7 {
		pc := table.entry(i)
		theirs := runtime.FuncForPC(uintptr(pc))
		positions := table.Lookup(pc)
		if theirs == nil || theirs.Entry() != uintptr(pc) || len(positions) == 0 ||
			theirs.Name() == "" || strings.HasPrefix(theirs.Name(), "go:") {
			continue // the linker's own marks, or this test runs position-independent
		}
		physical := positions[len(positions)-1]
		file, line := theirs.FileLine(uintptr(pc))
		if physical.Function != names.Go(theirs.Name()) || len(positions) == 1 && (physical.File != file || physical.Line != line) {
			t.Errorf("%#x: %+v, the runtime says %s %s:%d", pc, physical, theirs.Name(), file, line)
		}
		checked++
	}
	t.Logf("%d of %d functions compared", checked, table.Len())
	if checked < 100 {
		t.Skip("this program is loaded elsewhere than it was linked")
	}
}

// The layout of Go 1.18 and 1.19 is no longer made by the compiler here, so a table of it is written by hand: f calls g,
// which is inlined and calls h, inlined too.
func TestTheTreesOfGo118AreClimbedByTheirParents(t *testing.T) {
	le32 := func(b []byte, values ...uint32) []byte {
		for _, v := range values {
			b = append(b, byte(v), byte(v>>8), byte(v>>16), byte(v>>24))
		}
		return b
	}
	functions := le32(nil, 0, 16, 0x100, 0)[:12]
	functions = append(functions, 0, 0, 0, 0)
	functions = le32(functions,
		0, 1, 0, 0, 0, // entry, name f, args, deferreturn, pcsp
		1, 4, 3, 0, // pcfile, pcln, npcdata, unit
		0x04000000, // funcID, flag, padding, nfuncdata = 4
		0, 0, 7,    // pcdata: the third is the inline tree's index
		^uint32(0), ^uint32(0), ^uint32(0), 0, // funcdata: the fourth is the tree
	)
	table := &Table{
		version: magic118, quantum: 1, ptrSize: 8, count: 1, textStart: 0x1000,
		names: []byte("\x00f\x00g\x00h\x00"),
		units: le32(nil, 0, 4),
		files: []byte("/a\x00\x00/b\x00"),
		// From -1: file 1 ("/b"), line 30, inlined call 1, each for 0x100 bytes.
		values:      []byte{0, 4, 0x80, 2, 62, 0x80, 2, 4, 0x80, 2, 0},
		functions:   functions,
		inlineTrees: le32(nil, 0xffff, 0, 10, 3, 0 /* g, called in /a:10 */, 0, 1, 20, 5, 0 /* h, called in /b:20 by call 0 */),
	}
	var got []string
	for _, p := range table.Lookup(0x1010) {
		got = append(got, p.Function+" "+p.File)
	}
	lines := []int{}
	for _, p := range table.Lookup(0x1010) {
		lines = append(lines, p.Line)
	}
	if want := []string{"h /b", "g /b", "f /a"}; !reflect.DeepEqual(got, want) || !reflect.DeepEqual(lines, []int{30, 20, 10}) {
		t.Errorf("%q %v, want %q [30 20 10]", got, lines, want)
	}
}

func FuzzTable(f *testing.F) {
	im, table := own(f)
	section := tableSection(im)
	content, err := im.Content(section)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append([]byte{}, content[:min(len(content), 1<<16)]...), uint64(16))
	_ = table
	f.Fuzz(func(_ *testing.T, data []byte, pc uint64) {
		t, err := header(data)
		if err != nil {
			return
		}
		t.inlineTrees = data
		t.Lookup(pc)
		if len(t.functions) >= 8 {
			t.Lookup(t.entry(0))
		}
	})
}
