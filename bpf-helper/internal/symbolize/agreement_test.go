package symbolize

import (
	"bufio"
	"bytes"
	"context"
	"debug/elf"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// chain is a peer's or our answer in one line: "inner file:line <- outer file:line".
type chain []string

// randomAddresses draws addresses inside the functions of a file's symbol table, the same ones in every run.
func randomAddresses(t *testing.T, path string, count int) []Address {
	t.Helper()
	file, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	symbols, err := file.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	var functions []elf.Symbol
	for _, s := range symbols {
		if elf.ST_TYPE(s.Info) == elf.STT_FUNC && s.Size > 0 {
			functions = append(functions, s)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	addrs := make([]Address, count)
	for i := range addrs {
		s := functions[random.IntN(len(functions))]
		addrs[i].Addr = s.Value + random.Uint64N(s.Size)
	}
	return addrs
}

// peer asks addr2line or llvm-symbolizer for the places of the same addresses, innermost first.
func peer(t *testing.T, command []string, addrs []Address) []chain {
	t.Helper()
	var input bytes.Buffer
	for _, a := range addrs {
		fmt.Fprintf(&input, "%#x\n0x0\n", a.Addr) // address 0 has no answer and so parts the answers
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin = &input
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("%s: %v", command[0], err)
	}
	var chains []chain
	var current chain
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if name := lines.Text(); strings.HasPrefix(name, "0x") {
			if n, _ := strconv.ParseUint(name[2:], 16, 64); n == 0 {
				chains = append(chains, current)
				lines.Scan()
				lines.Scan()
			}
			current = nil
			continue
		}
		lines.Scan()
		current = append(current, placeOf(lines.Text()))
	}
	return chains
}

// placeOf cuts "/dir/file.c:12 (discriminator 3)" to "file.c:12".
func placeOf(text string) string {
	text, _, _ = strings.Cut(text, " ")
	text = filepath.Base(text)
	if strings.HasPrefix(text, "?") || strings.HasSuffix(text, ":?") || strings.HasSuffix(text, ":0") {
		return "?"
	}
	return text
}

func ourChains(t *testing.T, path string, addrs []Address) []chain {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	local := NewLocal()
	defer local.Close()
	results, err := local.Symbolize(context.Background(), Module{Key: path, File: file}, addrs)
	if err != nil {
		t.Fatal(err)
	}
	var chains []chain
	for _, r := range results {
		var c chain
		for _, p := range r.Positions {
			c = append(c, placeOf(fmt.Sprintf("%s:%d", p.File, p.Line)))
		}
		chains = append(chains, c)
	}
	return chains
}

func TestAgreementAdHoc(t *testing.T) {
	list := os.Getenv("SYM_FILES")
	for _, path := range strings.Fields(list) {
		addrs := randomAddresses(t, path, 2000)
		ours := ourChains(t, path, addrs)
		for _, command := range [][]string{{"llvm-symbolizer", "--output-style=GNU", "-a", "-f", "-i", "-e", path}} {
			theirs := peer(t, command, addrs)
			if len(theirs) != len(addrs) {
				t.Fatalf("%d answers to %d addresses", len(theirs), len(addrs))
			}
			same, leaf, shown := 0, 0, 0
			for i := range addrs {
				if len(theirs[i]) > 0 && len(ours[i]) > 0 && theirs[i][0] == ours[i][0] {
					leaf++
				}
				if strings.Join(theirs[i], " <- ") == strings.Join(ours[i], " <- ") {
					same++
				} else if shown++; shown <= 6 {
					t.Logf("%#x\n  ours   %s\n  theirs %s", addrs[i].Addr, strings.Join(ours[i], " <- "), strings.Join(theirs[i], " <- "))
				}
			}
			t.Logf("%s %s: whole chain %.2f %%, innermost line %.2f %%", filepath.Base(path), command[0], 100*float64(same)/float64(len(addrs)), 100*float64(leaf)/float64(len(addrs)))
		}
	}
}
