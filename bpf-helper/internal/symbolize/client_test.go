package symbolize

import (
	"context"
	"encoding/binary"
	"errors"
	"os"
	"reflect"
	"syscall"
	"testing"
	"time"
)

// misbehave is a symbolizer taken over by the file that it reads.
func misbehave(how string) int {
	for {
		descriptors, frame, err := receive(socketFD, nil, func() {})
		if err != nil || frame == nil {
			return 0
		}
		closeAll(descriptors)
		q, _ := decodeQuestion(frame)
		good := func(r Result) []byte {
			results := make([]Result, len(q.addrs))
			for i := range results {
				results[i] = r
			}
			return encodeAnswer(q.id, results, nil, nil)
		}
		fine := Result{Language: "c", Resolved: true, Positions: []Position{{Function: "f", File: "/f.c", Line: 1}}}
		if q.key == "good" {
			_ = sendAll(socketFD, good(fine))
			continue
		}
		switch how {
		case "crash":
			return 1
		case "hang":
			time.Sleep(time.Hour)
		case "huge":
			_ = sendAll(socketFD, binary.LittleEndian.AppendUint32(nil, 1<<31))
		case "wrong id":
			_ = sendAll(socketFD, encodeAnswer(q.id+1, nil, nil, nil))
		case "too few":
			_ = sendAll(socketFD, encodeAnswer(q.id, nil, nil, nil))
		case "escape sequence":
			fine.Positions[0].Function = "\x1b]0;owned\a"
			_ = sendAll(socketFD, good(fine))
		case "no UTF-8":
			fine.Positions[0].File = "/\xff"
			_ = sendAll(socketFD, good(fine))
		case "huge line":
			fine.Positions[0].Line = 1 << 30
			_ = sendAll(socketFD, good(fine))
		case "half":
			_ = sendAll(socketFD, good(fine)[:20])
			return 0
		}
	}
}

func TestABadSymbolizerCostsOneFileOnly(t *testing.T) {
	uid, gid := unprivileged(t)
	self, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer self.Close()
	for how, want := range map[string]Failures{
		"crash":           {Crashed: 1},
		"half":            {Crashed: 1},
		"hang":            {TimedOut: 1},
		"huge":            {Hostile: 1},
		"wrong id":        {Hostile: 1},
		"too few":         {Hostile: 1},
		"escape sequence": {Hostile: 1},
		"no UTF-8":        {Hostile: 1},
		"huge line":       {Hostile: 1},
	} {
		t.Run(how, func(t *testing.T) {
			client := startClient(t, Options{UID: uid, GID: gid, Timeout: 2 * time.Second, Args: []string{"child", how}})
			addrs := []Address{{Addr: 1}, {Addr: 2}}
			for range 2 { // the second time it isn't asked any more
				results, err := client.Symbolize(context.Background(), Module{Key: "bad", File: self}, addrs)
				if !errors.Is(err, ErrUnresolvable) || len(results) != 2 || results[0].Resolved {
					t.Fatalf("%+v, %v", results, err)
				}
			}
			results, err := client.Symbolize(context.Background(), Module{Key: "good", File: self}, addrs)
			if err != nil || len(results) != 2 || results[1].Positions[0].Function != "f" {
				t.Fatalf("after a restart: %+v, %v", results, err)
			}
			want.Restarts, want.Unresolvable = 1, 1
			if got := client.Failures(); got != want {
				t.Errorf("counted %+v, want %+v", got, want)
			}
		})
	}
}

func TestAnEndBetweenQuestionsBlamesNoFile(t *testing.T) {
	uid, gid := unprivileged(t)
	self, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer self.Close()
	client := startClient(t, Options{UID: uid, GID: gid, Args: []string{"child", "crash"}})
	for round := range 3 {
		results, err := client.Symbolize(context.Background(), Module{Key: "good", File: self}, []Address{{Addr: 1}})
		if err != nil || !results[0].Resolved {
			t.Fatalf("after %d ends: %+v, %v", round, results, err)
		}
		_ = syscall.Kill(client.process.PID(), syscall.SIGKILL)
		<-client.process.Ended()
	}
	if got := client.Failures(); got.Crashed != 0 || got.Unresolvable != 0 || got.Restarts != 2 {
		t.Errorf("counted %+v", got)
	}
}

func TestACancelledQuestionBlamesNoFile(t *testing.T) {
	uid, gid := unprivileged(t)
	client := startClient(t, Options{UID: uid, GID: gid, Args: []string{"child", "hang"}})
	self, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer self.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	_, err = client.Symbolize(ctx, Module{Key: "bad", File: self}, []Address{{Addr: 1}})
	if !errors.Is(err, context.DeadlineExceeded) || client.Failures().Unresolvable != 0 {
		t.Errorf("%v, %+v", err, client.Failures())
	}
}

func TestTheSandboxedAnswersEqualTheLocalOnes(t *testing.T) {
	uid, gid := unprivileged(t)
	path := compile(t, "g++", "-O2", "-g", "shapes.cpp")
	addrs := randomAddresses(t, path, 3000)
	local := NewLocal()
	defer local.Close()
	client := startClient(t, Options{UID: uid, GID: gid, Stderr: os.Stderr})
	want, got := ask(t, local, path, addrs...), ask(t, client, path, addrs...)
	if !reflect.DeepEqual(got, want) {
		t.Error("the answers differ")
	}
	if cpu, resident := client.Cost(); resident == 0 || cpu < 0 {
		t.Errorf("cost %d ns, %d bytes", cpu, resident)
	}
	if f := client.Failures(); f != (Failures{}) {
		t.Errorf("%+v", f)
	}
}

func TestAFileThatIsNoELFFileIsSaidSo(t *testing.T) {
	uid, gid := unprivileged(t)
	client := startClient(t, Options{UID: uid, GID: gid})
	file, err := os.Open("helpers_test.go")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	results, err := client.Symbolize(context.Background(), Module{Key: "text", File: file}, []Address{{Addr: 1}})
	if err == nil || err.Error() != "not an ELF file" || len(results) != 1 || results[0].Resolved {
		t.Errorf("%+v, %v", results, err)
	}
	if f := client.Failures(); f != (Failures{}) {
		t.Errorf("%+v", f)
	}
}

func FuzzDecodeAnswer(f *testing.F) {
	f.Add(encodeAnswer(1, []Result{{Language: "rust", Resolved: true, Positions: []Position{{Function: "a::b", Line: 3}}}}, []string{"/a/b.dwo"}, nil)[4:])
	f.Add(encodeAnswer(1, []Result{{}}, nil, errors.New("no"))[4:])
	f.Fuzz(func(t *testing.T, data []byte) {
		results, _, err := decodeAnswer(data, 1, 1)
		if err == nil && len(results) != 1 {
			t.Error("a result is missing")
		}
		for _, r := range results {
			for _, p := range r.Positions {
				if !isClean(p.Function) || !isClean(p.File) || p.Line < 0 {
					t.Errorf("%#v", p)
				}
			}
		}
	})
}

func FuzzDecodeQuestion(f *testing.F) {
	f.Add(question{id: 7, key: "k", addrs: []Address{{Addr: 1, Return: true}}}.encode()[4:])
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = decodeQuestion(data) })
}
