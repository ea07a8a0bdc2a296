package jit

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"
)

func read(t *testing.T, data []byte) *Table {
	t.Helper()
	table, err := Read(data)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func name(table *Table, address uint64) string {
	for _, p := range table.Lookup(address) {
		return fmt.Sprintf("%s %s:%d from %d", p.Function, p.File, p.Line, p.FunctionLine)
	}
	return ""
}

func TestAPerfMapNamesWhatLiesInItsFunctions(t *testing.T) {
	table := read(t, []byte("1000 20 first(int) <x>\n0x2000 0x10 second\nnonsense\n1000 8 newer\n3000 0 empty\nffffffffffffffff 10 over\n4000 10 cut"))
	for address, want := range map[uint64]string{
		0xfff: "", 0x1000: "newer :0 from 0", 0x1008: "first(int) <x> :0 from 0", 0x101f: "first(int) <x> :0 from 0", 0x1020: "",
		0x200f: "second :0 from 0", 0x2010: "", 0x3000: "", 0x4000: "",
	} {
		if got := name(table, address); got != want {
			t.Errorf("%#x is %q, want %q", address, got, want)
		}
	}
}

// dump writes a jitdump file.
type dump struct{ bytes.Buffer }

func (d *dump) put(values ...any) {
	for _, value := range values {
		if text, ok := value.(string); ok {
			d.WriteString(text + "\x00")
			continue
		}
		_ = binary.Write(d, binary.LittleEndian, value)
	}
}

func (d *dump) record(id uint32, values ...any) {
	var content dump
	content.put(values...)
	d.put(id, uint32(recordBytes+content.Len()), uint64(0))
	d.Write(content.Bytes())
}

func aDump() *dump {
	d := &dump{}
	d.put(uint32(dumpMagic), uint32(1), uint32(headerBytes), uint32(62), uint32(0), uint32(7), uint64(0), uint64(0))
	d.record(recordLines, uint64(0x1000), uint64(3),
		uint64(0x1000), uint32(10), uint32(0), "/src/a.vm", uint64(0x1008), uint32(12), uint32(0), "\xff", uint64(0x1010), uint32(3), uint32(0), "/src/b.vm")
	d.record(recordLoad, uint32(7), uint32(7), uint64(0x1000), uint64(0x1000), uint64(0x20), uint64(1), "first", [0x20]byte{})
	d.record(99, uint64(5))
	d.record(recordLoad, uint32(7), uint32(7), uint64(0x2000), uint64(0x2000), uint64(0x10), uint64(2), "second", [0x10]byte{})
	d.record(recordMove, uint32(7), uint32(7), uint64(0x5000), uint64(0x1000), uint64(0x5000), uint64(0x20), uint64(1))
	return d
}

func TestAJitdumpFileNamesFunctionsAndLinesAlsoWhereTheyMoveTo(t *testing.T) {
	table := read(t, aDump().Bytes())
	for address, want := range map[uint64]string{
		0x1000: "first /src/a.vm:10 from 10", 0x100f: "first /src/a.vm:12 from 10", 0x101f: "first /src/b.vm:3 from 10",
		0x2001: "second :0 from 0", 0x5009: "first /src/a.vm:12 from 10", 0x5020: "", 0xfff: "",
	} {
		if got := name(table, address); got != want {
			t.Errorf("%#x is %q, want %q", address, got, want)
		}
	}
}

func TestAFileThatIsStillWrittenIsReadAsFarAsItGoes(t *testing.T) {
	whole := aDump().Bytes()
	for length := range whole {
		table, err := Read(whole[:length])
		if err != nil {
			if length >= headerBytes {
				t.Fatalf("%d bytes: %v", length, err)
			}
			continue
		}
		if got := name(table, 0x1000); got != "" && got != "first /src/a.vm:10 from 10" {
			t.Fatalf("%d bytes: %q", length, got)
		}
	}
	if _, err := Read([]byte("\x7fELF\x00\x00 something else")); !errors.Is(err, ErrNeither) {
		t.Errorf("an ELF file: %v", err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(aDump().Bytes())
	f.Add([]byte("1000 20 first\n2000 10 second\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := Read(data)
		if err != nil {
			return
		}
		for _, address := range []uint64{0, 0x1000, 0x2001, ^uint64(0)} {
			table.Lookup(address)
		}
		if int64(len(table.functions)) > int64(len(data)) {
			t.Errorf("%d functions of %d bytes", len(table.functions), len(data))
		}
	})
}
