package wire

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"flameline.dev/helper/internal/fuzzed"
)

// What a client says is refused in a sentence or lies within the limits of client.go, and says the same when it is sent on.
func FuzzDecodeClient(f *testing.F) {
	fixtures, err := filepath.Glob("../../../test/fixtures/wire/*.json")
	if err != nil || len(fixtures) == 0 {
		f.Fatalf("no fixtures: %v", err)
	}
	for _, name := range fixtures {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	limits := fuzzed.Limits{Time: 2 * time.Second, Bytes: 64 << 20}
	f.Fuzz(func(t *testing.T, text []byte) {
		fuzzed.Do(t, limits, func() {
			message, err := DecodeClient(text)
			if err != nil {
				if len(err.Error()) > 1000 {
					t.Errorf("a refusal of %d bytes", len(err.Error()))
				}
				return
			}
			again, err := json.Marshal(message)
			if err != nil {
				t.Fatalf("%#v can't be encoded: %v", message, err)
			}
			if _, err := DecodeClient(again); err != nil {
				t.Errorf("%s is refused as %s: %v", text, again, err)
			}
			if start, isStart := message.(StartRequest); isStart {
				held := len(start.Events) <= maxEvents && len(start.Target.Folders) <= maxFolders && start.Hz >= MinHz && start.Hz <= MaxHz
				for _, folder := range start.Target.Folders {
					held = held && filepath.IsAbs(folder) && len(folder) <= maxFolderBytes
				}
				if !held && start.Target.Kind == TargetWorkspace {
					t.Errorf("accepted: %#v", start)
				}
			}
		})
	})
}
