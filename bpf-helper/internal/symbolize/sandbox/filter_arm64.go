package sandbox

var allowedHere []uint32
