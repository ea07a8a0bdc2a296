package wire

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const fixtures = "../../../test/fixtures/wire"

// samples names the type of each fixture; the TypeScript twin of this test reads the same files.
var samples = map[string]any{
	"client-hello": &ClientHello{}, "start-workspace": &StartRequest{}, "start-process": &StartRequest{},
	"start-user": &StartRequest{}, "stop": &StopRequest{}, "renew": &RenewRequest{}, "rate-request": &RateRequest{}, "rate": &Rate{},
	"allocations-request": &AllocationsRequest{}, "allocations": &Allocations{},
	"debug-file": &DebugFile{}, "processes-request": &ProcessesRequest{},
	"helper-hello": &HelperHello{}, "progress": &Progress{}, "started": &Started{}, "batch": &Batch{}, "stopped": &Stopped{},
	"process-list": &ProcessList{}, "error": &HelperError{},
}

func TestEveryFixtureSurvivesDecodingAndEncoding(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(fixtures, "*.json"))
	if err != nil || len(files) < len(samples) {
		t.Fatalf("found %d fixtures, want %d (%v)", len(files), len(samples), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			message, known := samples[name]
			if !known {
				t.Fatalf("no type is named for %s", file)
			}
			decoder := json.NewDecoder(bytes.NewReader(text))
			decoder.DisallowUnknownFields()
			if err := decoder.Decode(message); err != nil {
				t.Fatal(err)
			}
			encoded, err := json.Marshal(message)
			if err != nil {
				t.Fatal(err)
			}
			if want, got := loose(t, text), loose(t, encoded); !reflect.DeepEqual(want, got) {
				t.Errorf("encoded again:\n got %v\nwant %v", got, want)
			}
		})
	}
}

func loose(t *testing.T, text []byte) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // 64-bit numbers must not pass through floats
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatal(err)
	}
	return value
}
