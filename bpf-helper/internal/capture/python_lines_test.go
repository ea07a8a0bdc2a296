package capture

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"go.opentelemetry.io/ebpf-profiler/interpreter/python"
)

// tables compiles a program whose functions clean up after `with` and `finally`, and prints each code object's line
// table beside what Python itself says of every instruction; null where an instruction has no line.
const tables = `
import base64, contextlib, json, sys
SOURCE = '''
def plain(a, b):
    return (a +
            b)
def cleans(n):
    with open(n) as first:
        a = first.read()
    with open(a), open(n):
        for each in range(3):
            try:
                print(each)
            except ValueError as problem:
                raise KeyError from problem
            finally:
                print(n)
''' + "        a = 1\n" * 90 + "\n" * 300 + '''
    return [x for x in
            range(n)
            if x]
async def waits(n):
    async with n as m:
        await m
    return m
'''
def codes(code):
    yield code
    for each in code.co_consts:
        if hasattr(each, "co_code"):
            yield from codes(each)
rows = []
for code in codes(compile(SOURCE, "source.py", "exec")):
    lines = [None] * (len(code.co_code) // 2)
    for start, end, line in code.co_lines():
        for at in range(start // 2, end // 2):
            lines[at] = line
    rows.append({"name": code.co_name, "first": code.co_firstlineno, "table": base64.b64encode(code.co_linetable).decode(), "lines": lines})
json.dump({"minor": sys.version_info[1], "codes": rows}, sys.stdout)
`

func TestPythonsLinesAreThoseThatPythonTells(t *testing.T) {
	versions := 0
	for _, name := range pythons() {
		out, err := exec.Command(name, "-c", tables).Output()
		if err != nil {
			continue // older than 3.10: other tables, which the engine reads itself
		}
		var told struct {
			Minor int
			Codes []struct {
				Name  string
				First uint32
				Table []byte
				Lines []*uint32
			}
		}
		if err := json.Unmarshal(out, &told); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		versions++
		find := python.LineInLocationTable
		if told.Minor == 10 {
			find = python.LineInLineTable
		}
		for _, code := range told.Codes {
			for at, want := range code.Lines {
				got := code.First + find(code.Table, uint32(at))
				// A module's first instruction is on a line 0 that no text has.
				if want != nil && got != max(*want, 1) || want == nil && got != code.First {
					t.Errorf("3.%d: instruction %d of %s is on line %d, Python says %v", told.Minor, at, code.Name, got, text(want))
				}
			}
		}
	}
	if versions == 0 {
		t.Skip("skipped: no Python 3.10 or later is installed")
	}
}

func TestDamagedLineTablesEndQuietly(t *testing.T) {
	for _, table := range [][]byte{nil, {0}, {0x80}, {0xf0, 0x7f, 0x7f}, {0xf0, 0x40}, {0xff}} {
		_ = python.LineInLocationTable(table, 1000)
		_ = python.LineInLineTable(table, 1000)
	}
}

func text(line *uint32) string {
	if line == nil {
		return "none"
	}
	return strconv.Itoa(int(*line))
}

// pythons are the interpreters here: on the path, and those of pyenv.
func pythons() []string {
	found := []string{}
	for _, name := range []string{"python3", "python3.10", "python3.11", "python3.12", "python3.13", "python3.14"} {
		if path, err := exec.LookPath(name); err == nil {
			found = append(found, path)
		}
	}
	if out, err := exec.Command("pyenv", "root").Output(); err == nil && len(out) > 1 {
		more, _ := filepath.Glob(filepath.Join(string(out[:len(out)-1]), "versions/*/bin/python3"))
		found = append(found, more...)
	}
	return found
}
