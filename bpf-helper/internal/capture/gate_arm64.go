package capture

import _ "embed" // the gate's compiled programs

//go:embed gate_arm64.o
var gateObject []byte
