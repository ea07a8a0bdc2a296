package control

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

func TestWhatAChildSaysIsShortPrintableAndLittle(t *testing.T) {
	var log bytes.Buffer
	child := &childLog{log: slog.New(slog.NewTextHandler(&log, nil))}
	write := func(text string) {
		t.Helper()
		if n, err := child.Write([]byte(text)); n != len(text) || err != nil {
			t.Fatalf("wrote %d of %d bytes: %v", n, len(text), err)
		}
	}
	write("cut in ")
	write("two\nwith \x1b[2J an escape and \xff\u202e a trick\n")
	write(strings.Repeat("long ", 1_000_000))
	write("\n")
	write(strings.Repeat("again\n", 100_000))
	text := log.String()
	for _, wanted := range []string{`text="cut in two"`, `with ?[2J an escape and ?? a trick`} {
		if !strings.Contains(text, wanted) {
			t.Errorf("%q is not in the log:\n%.2000s", wanted, text)
		}
	}
	if len(text) > maxChildLines*(maxChildLine+200) {
		t.Errorf("a child could write %d bytes into the log", len(text))
	}
	if cap(child.line) > 4*maxChildLine {
		t.Errorf("a child without line ends takes %d bytes", cap(child.line))
	}
}
