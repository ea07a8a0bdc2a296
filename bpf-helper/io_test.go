package main

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"flameline.dev/helper/internal/wire"
)

var transferEvents = []wire.EventName{wire.EventRead, wire.EventWrite, wire.EventSend, wire.EventReceive}

// transfers are bytes by what a stack has: its functions, or its lines as "function:12".
type transfers map[string]float64

func sumTransfers(r *recorded, partsOf func(sample int) []string) transfers {
	sums := transfers{}
	for i := range r.samples.Stack {
		seen := map[string]bool{}
		for _, part := range partsOf(i) {
			if !seen[part] {
				sums[part] += float64(r.samples.Value[i])
			}
			seen[part] = true
		}
	}
	return sums
}

// TestBytesAreThoseOfTheProgram compares what was recorded of each line and file of a program with its own account.
func TestBytesAreThoseOfTheProgram(t *testing.T) {
	needKernel(t)
	folder := t.TempDir()
	program := exec.Command(compileFile(t, folder, "testdata/transfer.c", "-g", "-O1", "-pthread"), "3000", folder)
	r, said := recordEvents(t, program, transferEvents)
	found := sumTransfers(r, func(i int) []string { return append(r.lines(i), fmt.Sprint(r.samples.Event[i], " ", r.stack(i)[0])) })
	files := transfers{}
	for line := range strings.Lines(said) {
		var function string
		var number, descriptor int
		var bytes float64
		if n, err := fmt.Sscan(line, &function, &number, &descriptor, &bytes); n != 4 {
			t.Fatalf("the program said %q: %v", line, err)
		}
		if file := map[string]string{
			"writing_records": "io_write [" + folder + "/records.log]", "writing_blocks": "io_write [" + folder + "/blocks.bin]",
			"writing_gathered": "io_write [" + folder + "/gathered.bin]", "reading_small": "io_read [" + folder + "/blocks.bin]",
			"reading_large": "io_read [" + folder + "/blocks.bin]", "piping": "io_write [pipe]", "emptying": "io_read [pipe]",
		}[function]; file != "" {
			files[file] += bytes
		}
		if function == "copying" {
			if copied := counted(r, wire.CountCopy, "["+folder+"/gathered.bin]").bytes; copied != int64(bytes) {
				t.Errorf("sendfile passed %.0f bytes on and %d were counted", bytes, copied)
			}
			bytes = 0 // of no line
		}
		name := fmt.Sprintf("%s:%d", function, number)
		t.Logf("%-24s said %12.0f, found %12.0f", name, bytes, found[name])
		if math.Abs(found[name]-bytes) > 0.05*bytes {
			t.Errorf("%s transferred %.0f bytes and %.0f were found", name, bytes, found[name])
		}
	}
	for file, bytes := range files {
		if math.Abs(found[file]-bytes) > 0.001*bytes {
			t.Errorf("%s has %.0f bytes and %.0f were found", file, bytes, found[file])
		}
	}
	for _, c := range []struct {
		kind  wire.CountName
		about string
		calls int64
	}{{wire.CountOpen, "/records.log]", 1}, {wire.CountOpen, "/blocks.bin]", 3}, {wire.CountConnect, "[127.0.0.1:", 2}, {wire.CountConnect, "[udp 127.0.0.1:", 1}, {wire.CountAccept, "[127.0.0.1:", 2}} {
		if calls := counted(r, c.kind, c.about).calls; calls != c.calls {
			t.Errorf("%d calls of %s %s were counted, not %d", calls, c.kind, c.about, c.calls)
		}
	}
	t.Logf("%d samples, loss %+v, cost %+v", len(r.samples.Stack), r.last.Loss, r.last.Cost)
}

// counted sums the counts of a kind whose file or peer has a text in its name.
func counted(r *recorded, kind wire.CountName, about string) (sum count) {
	for _, c := range r.counts {
		if c.kind == kind && strings.Contains(c.subject, about) {
			sum.calls += c.calls
			sum.bytes += c.bytes
		}
	}
	return sum
}

// TestBytesOfProcessesAreAlwaysCounted looks at the bytes of processes in a recording of CPU time: of one that was there before, and of
// one that lives for a moment.
func TestBytesOfProcessesAreAlwaysCounted(t *testing.T) {
	needKernel(t)
	folder := t.TempDir()
	transfer := compileFile(t, folder, "testdata/transfer.c", "-g", "-O1", "-pthread")
	script := fmt.Sprintf("head -c 1 > /dev/null; head -c 3000000 /dev/zero > %s/zeros; echo g | %s 300 %s", folder, transfer, folder)
	program := exec.Command("sh", "-c", script)
	r, said := recordProcess(t, program, wire.Target{Kind: wire.TargetProcess, Children: true}, []wire.EventName{wire.EventCPU})
	want := map[wire.CountName]int64{wire.CountWrite: 3_000_000, wire.CountRead: 3_000_000} // of head
	kinds := map[string]wire.CountName{
		"writing_records": wire.CountWrite, "writing_blocks": wire.CountWrite, "writing_gathered": wire.CountWrite, "piping": wire.CountWrite,
		"copying": wire.CountWrite, "reading_small": wire.CountRead, "reading_large": wire.CountRead, "emptying": wire.CountRead,
		"sending": wire.CountSend, "writing_to_socket": wire.CountSend, "datagrams": wire.CountSend, "messages": wire.CountSend,
		"receiving_from_peer": wire.CountReceive,
	}
	for line := range strings.Lines(said) {
		parts := strings.Fields(line)
		if len(parts) != 4 || kinds[parts[0]] == "" {
			continue
		}
		bytes, _ := strconv.ParseInt(parts[3], 10, 64)
		kind := kinds[parts[0]]
		want[kind] += bytes
		switch parts[0] {
		case "copying":
			want[wire.CountRead] += bytes
		case "sending", "writing_to_socket":
			want[wire.CountReceive] += bytes // by the peer, a thread of the same process
		}
	}
	for kind, bytes := range want {
		found := int64(0)
		for _, c := range r.counts {
			if c.kind == kind && c.subject == "" {
				found += c.bytes
			}
		}
		t.Logf("%-8s said %12d, found %12d", kind, bytes, found)
		// The programs themselves are read by the loader, and a peer sends more than what is received, or its account has.
		most := 1.02*float64(bytes) + 1e6
		if kind == wire.CountSend {
			most += float64(want[wire.CountReceive]) + 20e6
		}
		if float64(found) < 0.999*float64(bytes) || float64(found) > most {
			t.Errorf("%d bytes of %s were found, and the programs say %d", found, kind, bytes)
		}
	}
}

// TestBytesByLineInEveryLanguage compares lines of programs in several languages, of which some share a place in the machine code.
func TestBytesByLineInEveryLanguage(t *testing.T) {
	needKernel(t)
	for _, language := range []struct {
		name, function, rounds string
		withoutLines           bool // V8 does not always say which line of a function it has optimized
	}{
		{"python", "work", "400000", false}, {"go", "main.work", "30000", false}, {"node", "work", "30000", true},
		{"java", "Transfer.work", "60000", false},
	} {
		t.Run(language.name, func(t *testing.T) {
			folder := t.TempDir()
			command := transferProgram(t, language.name, folder)
			r, said := recordEvents(t, exec.Command(command[0], append(command[1:], language.rounds, folder)...), transferEvents)
			found, lines, account := sumTransfers(r, r.lines), 0, transfers{}
			if language.withoutLines {
				found = sumTransfers(r, r.stack)
			}
			for line := range strings.Lines(said) {
				number, value, _ := strings.Cut(strings.TrimSpace(line), " ")
				bytes, err := strconv.ParseFloat(value, 64)
				if err != nil {
					t.Fatalf("the program said %q", line)
				}
				lines++
				name := language.function
				if !language.withoutLines {
					name += ":" + number
				}
				account[name] += bytes
			}
			for name, bytes := range account {
				t.Logf("%-12s said %12.0f, found %12.0f, %+.2f %%", name, bytes, found[name], 100*(found[name]/bytes-1))
				if math.Abs(found[name]-bytes) > 0.05*bytes {
					t.Errorf("%s transferred %.0f bytes and %.0f were found", name, bytes, found[name])
				}
			}
			if lines < 3 {
				t.Errorf("the program said %q", said)
			}
			t.Logf("%d samples, loss %+v, BPF %.0f ms", len(r.samples.Stack), r.last.Loss, float64(r.last.Cost.BPFNs)/1e6)
			if t.Failed() && len(r.samples.Stack) > 0 {
				t.Logf("a stack: %.600s", fmt.Sprint(r.lines(len(r.samples.Stack)/2)))
			}
		})
	}
}

// transferProgram gives the command of a program of testdata/transfer.
func transferProgram(t *testing.T, language, folder string) []string {
	t.Helper()
	need := func(name string) string {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Skipf("skipped: there is no %s here", name)
		}
		return path
	}
	switch language {
	case "python":
		need("python3")
		path, err := exec.Command("python3", "-c", "import sys; print(sys.executable)").Output() // not a script in front of it
		if err != nil {
			t.Fatal(err)
		}
		return []string{strings.TrimSpace(string(path)), "testdata/transfer/transfer.py"}
	case "node":
		return []string{need("node"), "testdata/transfer/transfer.js"}
	case "java":
		compile := exec.Command(need("javac"), "-g", "-d", folder, "testdata/transfer/Transfer.java")
		if out, err := compile.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return []string{need("java"), "-cp", folder, "Transfer"}
	default:
		binary := filepath.Join(folder, "transfer")
		build := exec.Command(need("go"), "build", "-o", binary, "testdata/transfer/transfer.go")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return []string{binary}
	}
}
