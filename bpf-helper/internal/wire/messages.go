// Package wire holds the messages between the recorder and the helper. It is the twin of protocol/helper.ts, where every
// field is described; test/fixtures/wire has one sample of each message, which the tests of both sides read.
package wire

import "encoding/json"

// ProtocolVersion is raised by one with every change that an older peer could not read.
const ProtocolVersion = 1

// MaxFrameBytes is the largest frame that either side sends or accepts.
const MaxFrameBytes = 1 << 20

// HelperVersion is set by the build.
var HelperVersion = "0.0.0"

// The kinds of Target.
const (
	TargetWorkspace = "workspace"
	TargetProcess   = "process"
	TargetUser      = "user"
)

// Target says which processes a recording is about. Only the fields of its kind are set.
type Target struct {
	Kind            string   `json:"kind"`
	Folders         []string `json:"folders"`
	ExcludePIDs     []int32  `json:"excludePids"`
	ExcludeTrees    []int32  `json:"excludeTrees"`
	ExcludePrograms []string `json:"excludePrograms"`
	PID             int32    `json:"pid"`
	Children        bool     `json:"children"`
}

// MarshalJSON writes the fields of the target's kind only.
func (t Target) MarshalJSON() ([]byte, error) {
	switch t.Kind {
	case TargetWorkspace:
		return json.Marshal(struct {
			Kind            string   `json:"kind"`
			Folders         []string `json:"folders"`
			ExcludePIDs     []int32  `json:"excludePids"`
			ExcludeTrees    []int32  `json:"excludeTrees"`
			ExcludePrograms []string `json:"excludePrograms"`
		}{t.Kind, t.Folders, t.ExcludePIDs, t.ExcludeTrees, t.ExcludePrograms})
	case TargetProcess:
		return json.Marshal(struct {
			Kind     string `json:"kind"`
			PID      int32  `json:"pid"`
			Children bool   `json:"children"`
		}{t.Kind, t.PID, t.Children})
	default:
		return json.Marshal(struct {
			Kind string `json:"kind"`
		}{t.Kind})
	}
}

// ClientHello is the first message of a client.
type ClientHello struct {
	Type     string `json:"type"`
	Protocol int    `json:"protocol"`
	Client   string `json:"client"`
}

// StartRequest asks for a recording, whose number the client chooses.
type StartRequest struct {
	Type      string      `json:"type"`
	Recording int64       `json:"recording"`
	Target    Target      `json:"target"`
	Events    []EventName `json:"events"`
	Hz        int         `json:"hz"`
	// AllocationSeconds is how long allocations are followed, with their events; 0 is the default.
	AllocationSeconds int `json:"allocationSeconds,omitempty"`
	// CPUShare is the recording's budget, a share of the machine's processor time; 0 for none.
	CPUShare float64 `json:"cpuShare,omitempty"`
}

// StopRequest ends a recording.
type StopRequest struct {
	Type      string `json:"type"`
	Recording int64  `json:"recording"`
}

// RenewRequest ends a recording and begins the next at the same moment, with the same target, events and rate.
type RenewRequest struct {
	Type      string `json:"type"`
	Recording int64  `json:"recording"`
	Next      int64  `json:"next"`
}

// RateRequest changes the rate of a recording that runs; 0 pauses it.
type RateRequest struct {
	Type      string `json:"type"`
	Recording int64  `json:"recording"`
	Hz        int    `json:"hz"`
}

// AllocationsRequest follows allocations in a recording that runs, for some seconds; 0 is the default.
type AllocationsRequest struct {
	Type      string `json:"type"`
	Recording int64  `json:"recording"`
	Seconds   int    `json:"seconds"`
}

// ProcessesRequest asks for the processes that the peer may record.
type ProcessesRequest struct {
	Type    string `json:"type"`
	Request int64  `json:"request"`
}

// DebugFile says how a client gets on with the debug file of a build id that a batch named.
type DebugFile struct {
	Type    string `json:"type"`
	BuildID string `json:"buildId"`
	State   string `json:"state"`
	Path    string `json:"path"`
}

// The states of DebugFile.
const (
	DebugFileComing = "coming"
	DebugFileHere   = "here"
	DebugFileNone   = "none"
)

// HelperHello answers a ClientHello.
type HelperHello struct {
	Type       string      `json:"type"`
	Protocol   int         `json:"protocol"`
	Helper     string      `json:"helper"`
	PID        int         `json:"pid"`
	PeerUID    uint32      `json:"peerUid"`
	Kernel     string      `json:"kernel"`
	Processors int         `json:"processors"`
	Events     []EventName `json:"events"`
}

// The phases of Progress.
const (
	PhaseLoading   = "loading"
	PhaseAttaching = "attaching"
)

// Progress is sent while a recording is being prepared.
type Progress struct {
	Type      string `json:"type"`
	Recording int64  `json:"recording"`
	Phase     string `json:"phase"`
}

// Started is sent when a recording's sampling is on.
type Started struct {
	Type        string      `json:"type"`
	Recording   int64       `json:"recording"`
	StartUnixNs string      `json:"startUnixNs"`
	Hz          int         `json:"hz"`
	Events      []EventName `json:"events"`
}

// Rate answers a RateRequest.
type Rate struct {
	Type      string `json:"type"`
	Recording int64  `json:"recording"`
	TimeNs    int64  `json:"timeNs"`
	Hz        int    `json:"hz"`
}

// Allocations says that allocations are followed, or no longer.
type Allocations struct {
	Type      string  `json:"type"`
	Recording int64   `json:"recording"`
	TimeNs    int64   `json:"timeNs"`
	State     string  `json:"state"`
	Reason    string  `json:"reason,omitempty"`
	Seconds   int     `json:"seconds"`
	Processes int     `json:"processes"`
	Calls     int64   `json:"calls"`
	CostNs    int64   `json:"costNs"`
	Share     float64 `json:"share"`
	Lost      int64   `json:"lost"`
}

// The states of Allocations, and the reasons of its end.
const (
	BoxOpen    = "open"
	BoxClosed  = "closed"
	BoxTime    = "time"
	BoxCost    = "cost"
	BoxStopped = "stopped"
)

// ProcessRow is a process that has samples, or an ancestor of one.
type ProcessRow struct {
	PID              int32    `json:"pid"`
	ParentPID        int32    `json:"parentPid"`
	Name             string   `json:"name"`
	Executable       string   `json:"executable"`
	CommandLine      []string `json:"commandLine"`
	WorkingDirectory string   `json:"workingDirectory"`
	Root             string   `json:"root"`
	UID              uint32   `json:"uid"`
	StartNs          int64    `json:"startNs"`
}

// ThreadRow is a thread of a process, by the process's row.
type ThreadRow struct {
	Process int    `json:"process"`
	TID     int32  `json:"tid"`
	Name    string `json:"name"`
	// Labels are pairs of key and value; the same thread has a row for each task that it worked on.
	Labels [][2]string `json:"labels,omitempty"`
}

// FrameColumns are frames, one per index.
type FrameColumns struct {
	Language []Language `json:"language"`
	Function []int      `json:"function"`
	File     []int      `json:"file"`
	Line     []int      `json:"line"`
	Column   []int      `json:"column"`
	Module   []int      `json:"module"`
	Address  []string   `json:"address"`
}

// StackColumns are stacks as a tree, root first.
type StackColumns struct {
	Parent []int `json:"parent"`
	Frame  []int `json:"frame"`
}

// SampleColumns are samples, one per index.
type SampleColumns struct {
	Stack  []int       `json:"stack"`
	Thread []int       `json:"thread"`
	TimeNs []int64     `json:"timeNs"`
	Event  []EventName `json:"event"`
	Value  []int64     `json:"value"`
}

// CountColumns are what was counted of processes since the batch before.
type CountColumns struct {
	Process []int       `json:"process"`
	Kind    []CountName `json:"kind"`
	Subject []int       `json:"subject"`
	Calls   []int64     `json:"calls"`
	Bytes   []int64     `json:"bytes"`
}

// FramePosition is one source position of a frame.
type FramePosition struct {
	Function     int `json:"function"`
	File         int `json:"file"`
	Line         int `json:"line"`
	FunctionLine int `json:"functionLine"`
}

// FrameUpdate is what a late symbol says about a frame, innermost position first.
type FrameUpdate struct {
	Frame     int             `json:"frame"`
	Language  Language        `json:"language"`
	Positions []FramePosition `json:"positions"`
}

// MemoryColumns are the memory of processes at moments.
type MemoryColumns struct {
	Process   []int   `json:"process"`
	TimeNs    []int64 `json:"timeNs"`
	Resident  []int64 `json:"resident"`
	Anonymous []int64 `json:"anonymous"`
}

// LossCounts is everything that was not recorded as it should be.
type LossCounts struct {
	Lost             int64 `json:"lost"`
	LeafOnly         int64 `json:"leafOnly"`
	Truncated        int64 `json:"truncated"`
	Broken           int64 `json:"broken"`
	UnresolvedFrames int64 `json:"unresolvedFrames"`
	Waits            int64 `json:"waits,omitempty"`
	WaitStacks       int64 `json:"waitStacks,omitempty"`
	Unlabelled       int64 `json:"unlabelled,omitempty"`
	Unread           int64 `json:"unread,omitempty"`
}

// CostAccount is what profiling costs.
type CostAccount struct {
	BPFNs           int64 `json:"bpfNs"`
	HelperCPUNs     int64 `json:"helperCpuNs"`
	SymbolizerCPUNs int64 `json:"symbolizerCpuNs"`
	ResidentBytes   int64 `json:"residentBytes"`
	MapBytes        int64 `json:"mapBytes"`
}

// Batch carries the rows and samples that are new.
type Batch struct {
	Type      string        `json:"type"`
	Recording int64         `json:"recording"`
	Sequence  int           `json:"sequence"`
	TimeNs    int64         `json:"timeNs"`
	Strings   []string      `json:"strings"`
	Processes []ProcessRow  `json:"processes"`
	Threads   []ThreadRow   `json:"threads"`
	Frames    FrameColumns  `json:"frames"`
	Stacks    StackColumns  `json:"stacks"`
	Samples   SampleColumns `json:"samples"`
	Counts    CountColumns  `json:"counts"`
	Memory    MemoryColumns `json:"memory"`
	Updates   []FrameUpdate `json:"updates"`
	// DebugFiles are build ids of mapped files without debug information.
	DebugFiles []string    `json:"debugFiles,omitempty"`
	Loss       LossCounts  `json:"loss"`
	Cost       CostAccount `json:"cost"`
}

// The reasons of Stopped.
const (
	StopRequested     = "requested"
	StopTargetExited  = "target-exited"
	StopHelperExiting = "helper-exiting"
	StopFailed        = "failed"
)

// Stopped is the last message about a recording.
type Stopped struct {
	Type       string `json:"type"`
	Recording  int64  `json:"recording"`
	Reason     string `json:"reason"`
	DurationNs int64  `json:"durationNs"`
	Batches    int    `json:"batches"`
}

// ProcessListEntry is a process that the peer may record.
type ProcessListEntry struct {
	PID              int32    `json:"pid"`
	ParentPID        int32    `json:"parentPid"`
	Name             string   `json:"name"`
	Executable       string   `json:"executable"`
	CommandLine      []string `json:"commandLine"`
	WorkingDirectory string   `json:"workingDirectory"`
	UID              uint32   `json:"uid"`
	CPUNs            int64    `json:"cpuNs"`
}

// ProcessList answers a ProcessesRequest.
type ProcessList struct {
	Type      string             `json:"type"`
	Request   int64              `json:"request"`
	Processes []ProcessListEntry `json:"processes"`
}

// ErrorCode says why the helper refused.
type ErrorCode string

// The codes of protocol/helper.ts.
const (
	BadMessage        ErrorCode = "bad-message"
	WrongVersion      ErrorCode = "wrong-version"
	BadRequest        ErrorCode = "bad-request"
	NotPermitted      ErrorCode = "not-permitted"
	NoSuchProcess     ErrorCode = "no-such-process"
	TooManyRecordings ErrorCode = "too-many-recordings"
	KernelUnsupported ErrorCode = "kernel-unsupported"
	NoPrivilege       ErrorCode = "no-privilege"
	EngineFailed      ErrorCode = "engine-failed"
)

// HelperError is a refusal. Subject is the recording or request that it is about, or -1.
type HelperError struct {
	Type    string    `json:"type"`
	Subject int64     `json:"subject"`
	Code    ErrorCode `json:"code"`
	Detail  string    `json:"detail"`
}

// The values of the field "type".
const (
	TypeHello       = "hello"
	TypeStart       = "start"
	TypeStop        = "stop"
	TypeRenew       = "renew"
	TypeRate        = "rate"
	TypeProcesses   = "processes"
	TypeAllocations = "allocations"
	TypeDebugFile   = "debug-file"
	TypeProgress    = "progress"
	TypeStarted     = "started"
	TypeBatch       = "batch"
	TypeStopped     = "stopped"
	TypeError       = "error"
)
