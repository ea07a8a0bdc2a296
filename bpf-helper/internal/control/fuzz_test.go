package control

import (
	"encoding/json"
	"io"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"flameline.dev/helper/internal/fuzzed"
	"flameline.dev/helper/internal/wire"
)

// Whatever a file to be replayed holds, the client gets messages that can be sent, and an end.
func FuzzReplay(f *testing.F) {
	batch, err := os.ReadFile("../../../test/fixtures/wire/batch.json")
	if err != nil {
		f.Fatal(err)
	}
	var compact json.RawMessage
	if err := json.Unmarshal(batch, &compact); err != nil {
		f.Fatal(err)
	}
	line, err := json.Marshal(compact)
	if err != nil {
		f.Fatal(err)
	}
	const started = `{"type":"started","recording":1,"startUnixNs":"1","hz":99,"events":["cpu"]}` + "\n"
	f.Add([]byte(started + string(line) + "\n" + string(line) + "\n"))
	f.Add([]byte(started + `{"type":"batch","timeNs":1e300}` + "\n" + `{"type":"batch","timeNs":-9223372036854775808}` + "\n"))
	f.Add([]byte(started + `{"type":"stopped"}` + "\n" + "null\n[]\n{}\n"))
	f.Add([]byte("null\n"))
	limits := fuzzed.Limits{Time: 2 * time.Second, Bytes: 256 << 20}
	path := filepath.Join(f.TempDir(), "batches.jsonl")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		fuzzed.Do(t, limits, func() {
			from := &replay{file: path, speed: math.Inf(1), log: slog.New(slog.NewTextHandler(io.Discard, nil))}
			var last any
			ended := make(chan string, 1)
			run, err := from.start(wire.StartRequest{Recording: 7, Hz: 99}, peer{}, func(message any) {
				if _, err := json.Marshal(message); err != nil {
					t.Errorf("%v can't be sent: %v", message, err)
				}
				last = message
			}, func(reason string) { ended <- reason })
			if err != nil {
				return
			}
			reason := <-ended
			run.end(reason)
			if _, stopped := last.(wire.Stopped); !stopped {
				t.Errorf("the last message is %v", last)
			}
		})
	})
}
