package wire

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestClientMessagesOfTheFixturesAreAccepted(t *testing.T) {
	for _, name := range []string{"client-hello", "start-workspace", "start-process", "start-user", "stop", "renew", "rate-request", "processes-request"} {
		text, err := os.ReadFile(filepath.Join(fixtures, name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeClient(text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNonsenseIsRefusedWithASentence(t *testing.T) {
	long := strings.Repeat("x", 5000)
	for text, want := range map[string]string{
		``:                                 "not a JSON object",
		`[]`:                               "not a JSON object",
		`{}`:                               "unknown message type",
		`{"type":"exec"}`:                  "unknown message type",
		"{\"type\":\"hello\xff\"}":         "not UTF-8",
		`{"type":"stop","recording":"x"}`:  "shape",
		`{"type":"stop","recording":1.5}`:  "shape",
		`{"type":"stop","recording":1} {}`: "not a JSON object",
		`{"type":"rate","recording":1,"hz":1000}`:                                                                     "hz must be 0 to 999",
		`{"type":"rate","recording":1,"hz":-1}`:                                                                       "hz must be 0 to 999",
		`{"type":"renew","recording":1,"next":"x"}`:                                                                   "shape",
		`{"type":"hello","client":"` + long + `"}`:                                                                    "too long",
		`{"type":"start","hz":0,"events":["cpu"],"target":{"kind":"user"}}`:                                           "hz must be 1 to 999",
		`{"type":"start","hz":1000,"events":["cpu"],"target":{"kind":"user"}}`:                                        "hz must be 1 to 999",
		`{"type":"start","hz":99,"cpuShare":-0.01,"events":["cpu"],"target":{"kind":"user"}}`:                         "a budget must be",
		`{"type":"start","hz":99,"cpuShare":1.01,"events":["cpu"],"target":{"kind":"user"}}`:                          "a budget must be",
		`{"type":"start","hz":99,"cpuShare":1e-9,"events":["cpu"],"target":{"kind":"user"}}`:                          "a budget must be",
		`{"type":"start","hz":99,"cpuShare":"all","events":["cpu"],"target":{"kind":"user"}}`:                         "shape",
		`{"type":"start","hz":99,"events":[],"target":{"kind":"user"}}`:                                               "events must name",
		`{"type":"start","hz":99,"events":["cpu"],"target":{"kind":"all"}}`:                                           "unknown target kind",
		`{"type":"start","hz":99,"events":["cpu"],"target":{"kind":"process","pid":-1}}`:                              "pid must be positive",
		`{"type":"start","hz":99,"events":["cpu"],"target":{"kind":"process","pid":4294967296}}`:                      "shape",
		`{"type":"start","hz":99,"events":["cpu"],"target":{"kind":"workspace","folders":[]}}`:                        "1 to 100 folders",
		`{"type":"start","hz":99,"events":["cpu"],"target":{"kind":"workspace","folders":["here"]}}`:                  "absolute path",
		`{"type":"start","hz":99,"events":["cpu"],"target":{"kind":"workspace","folders":["/` + long + `"]}}`:         "absolute path",
		`{"type":"start","hz":99,"events":["cpu"],"target":{"kind":"workspace","folders":["/` + "\\u0000" + `etc"]}}`: "absolute path",
	} {
		_, err := DecodeClient([]byte(text))
		if err == nil {
			t.Errorf("%.60q was accepted", text)
		} else if !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %q does not say %q", text, err, want)
		}
	}
}
