package wire

// EventName says what a sample counts.
type EventName string

// The events of protocol/events.ts; those that this helper records are in RecordableEvents.
const (
	EventCPU     EventName = "cpu"
	EventOffCPU  EventName = "off_cpu"
	EventMemory  EventName = "memory"
	EventRead    EventName = "io_read"
	EventWrite   EventName = "io_write"
	EventSend    EventName = "net_send"
	EventReceive EventName = "net_recv"
	EventAlloc   EventName = "alloc"
	EventHeap    EventName = "heap"
)

// RecordableEvents are the events that this helper can record.
var RecordableEvents = []EventName{EventCPU, EventOffCPU, EventMemory, EventRead, EventWrite, EventSend, EventReceive, EventAlloc, EventHeap}

// CountName says what is counted of a process beside its samples.
type CountName string

// The counts of protocol/events.ts.
const (
	CountRead    CountName = "read"
	CountWrite   CountName = "write"
	CountSend    CountName = "send"
	CountReceive CountName = "receive"
	CountOpen    CountName = "open"
	CountConnect CountName = "connect"
	CountAccept  CountName = "accept"
	CountLookup  CountName = "lookup"
	CountCopy    CountName = "copy"
	CountRing    CountName = "ring"
	CountMap     CountName = "map"
)

// Language is the language or layer that a frame belongs to.
type Language string

// The languages of protocol/events.ts; Native is machine code whose language is unknown.
const (
	Kernel     Language = "kernel"
	Native     Language = "native"
	C          Language = "c"
	CPP        Language = "cpp"
	Rust       Language = "rust"
	Go         Language = "go"
	Python     Language = "python"
	JavaScript Language = "javascript"
	Java       Language = "java"
	Ruby       Language = "ruby"
	PHP        Language = "php"
	Perl       Language = "perl"
	DotNet     Language = "dotnet"
	BEAM       Language = "beam"
)
