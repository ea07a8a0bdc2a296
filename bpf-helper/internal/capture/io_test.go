package capture

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func TestNamesOfFilesAndPeers(t *testing.T) {
	path := func(kind uint32, names string) subjectRecord {
		record := subjectRecord{Kind: kind, Length: uint32(len(names))}
		copy(record.Path[:], names)
		return record
	}
	peer := func(family, port, local, datagram uint32, address ...byte) subjectRecord {
		record := subjectRecord{Kind: subjectInternet, Family: family, Port: port, LocalPort: local, IsDatagram: datagram}
		copy(record.Address[:], address)
		return record
	}
	cut := path(subjectPath, "c\x00b\x00")
	cut.IsCut = 1
	loopback6 := make([]byte, 16)
	loopback6[15] = 1
	mapped4 := append(append(make([]byte, 10), 0xff, 0xff), 10, 0, 0, 5)
	for name, record := range map[string]subjectRecord{
		"[/home/x/a.log]":         path(subjectPath, "a.log\x00x\x00home\x00"),
		"[/]":                     path(subjectPath, ""),
		"[eventfd]":               path(subjectAnonymous, "[eventfd]\x00"),
		"[…/b/c]":                 cut,
		"[/a�b]":                  path(subjectPath, "a\nb\x00"),
		"[/\uFFFD]":               path(subjectPath, "\xff\x00"),
		"[memfd:shared]":          path(subjectAnonymous, "memfd:shared\x00"),
		"[pipe]":                  {Kind: subjectPipe},
		"[terminal /dev/pts/3]":   path(subjectTerminal, "3\x00pts\x00dev\x00"),
		"[10.0.0.5:5432]":         peer(2, 5432, 40000, 0, 10, 0, 0, 5),
		"[10.0.0.9 at port 8080]": peer(2, 51000, 8080, 0, 10, 0, 0, 9),
		"[127.0.0.1:40123]":       peer(2, 40123, 51000, 0, 127, 0, 0, 1),
		"[udp 127.0.0.53:53]":     peer(2, 53, 40000, 1, 127, 0, 0, 53),
		"[udp port 5000]":         peer(2, 0, 5000, 1),
		"[[::1]:80]":              peer(10, 80, 40000, 0, loopback6...),
		"[10.0.0.5:443]":          peer(10, 443, 40000, 0, mapped4...),
		"[unix /run/x.sock]":      path(subjectUnix, "/run/x.sock\x00"),
		"[unix @bus]":             path(subjectUnix, "\x00bus"),
		"[unix socket]":           path(subjectUnix, ""),
		"[other socket]":          {Kind: subjectOtherSocket},
	} {
		if found := nameOf(&record); found != name {
			t.Errorf("%q is called %q", name, found)
		}
	}
}

// TestPlacesAreBroughtInLine draws calls at random and looks whether what comes out is what was counted.
func TestPlacesAreBroughtInLine(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	ledger := newCallLedger()
	key := placeOfCalls{Subject: 7, PID: 1}
	counted, found := callPlaceRecord{StartBoottime: 1}, int64(0)
	for range 100 {
		for range random.IntN(20) {
			bytes := uint64(random.IntN(5000))
			counted.Bytes += bytes
			counted.Calls++
			if random.IntN(3) == 0 {
				ledger.stack(Sample{Event: Read, Value: int64(3 * bytes), called: key, Outcome: Whole})
			}
		}
		ledger.settle(key, counted)
		for _, sample := range ledger.take() {
			found += sample.Value
		}
	}
	if owed := ledger.places[key].owed; uint64(found)+owed != counted.Bytes || owed > 20*5000 {
		t.Errorf("%d bytes were counted, %d found, and %d are owed", counted.Bytes, found, owed)
	}
	again := callPlaceRecord{StartBoottime: 2, Bytes: 10, Calls: 1}
	if bytes, calls, _ := ledger.settle(key, again); bytes != 10 || calls != 1 {
		t.Errorf("another process with the same number added %d bytes in %d calls", bytes, calls)
	}
}

func TestWholeStacksStandForBrokenOnesOfTheirPlace(t *testing.T) {
	ledger := newCallLedger()
	key := placeOfCalls{Subject: 7, PID: 1}
	whole, other := []*Frame{{Function: "whole"}}, []*Frame{{Function: "part"}}
	add := func(outcome Outcome, frames []*Frame) {
		ledger.stack(Sample{Event: Read, Value: 100, called: key, Outcome: outcome, Frames: frames})
	}
	now := callPlaceRecord{StartBoottime: 1}
	told := func() (text string) {
		now.Bytes, now.Calls = now.Bytes+300, now.Calls+3
		ledger.settle(key, now)
		for _, sample := range ledger.take() {
			text += fmt.Sprintf("%s %d ", sample.Frames[0].Function, sample.Value)
		}
		return text
	}
	add(Broken, other)
	add(LeafOnly, other)
	if text := told(); text != "part 150 part 150 " {
		t.Errorf("without a whole stack: %s", text)
	}
	add(Broken, other)
	add(Whole, whole)
	if text := told(); text != "whole 300 " {
		t.Errorf("with one: %s", text)
	}
	add(LeafOnly, other)
	if text := told(); text != "whole 300 " {
		t.Errorf("after one: %s", text)
	}
}

func TestForgottenPlacesMakeRoom(t *testing.T) {
	ledger := newCallLedger()
	left := 0
	for round := range settlingsToLeave + 3 {
		for i := range crowded + 10 {
			now := callPlaceRecord{Bytes: 1, Calls: 1}
			if i < 5 {
				now.Calls += uint64(round) // still in use
			}
			if _, _, leave := ledger.settle(placeOfCalls{Subject: uint64(i), Counted: uint16(Opened)}, now); leave {
				left++
			}
		}
	}
	if left < 10 || ledger.places[placeOfCalls{Subject: 1, Counted: uint16(Opened)}] == nil {
		t.Errorf("%d places were forgotten, and of those in use not all are there", left)
	}
}
