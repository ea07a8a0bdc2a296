package capture

import _ "embed" // the gate's compiled programs

//go:embed gate_amd64.o
var gateObject []byte
