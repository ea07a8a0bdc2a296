package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits on what a client may say. Generous for ours, small enough that no client can make a root process grow.
const (
	maxClientName  = 200
	maxFolders     = 100
	maxFolderBytes = 4096
	maxExcludePIDs = 10_000
	maxEvents      = 16
	maxBuildID     = 128
	MinHz          = 1
	MaxHz          = 999
	// A box, in which allocations are followed.
	MaxAllocationSeconds     = 60
	DefaultAllocationSeconds = 10
	// MinCPUShare is the least budget: with less nothing could be read in a lifetime.
	MinCPUShare = 0.0005
)

// ClientMessage is one of ClientHello, StartRequest, StopRequest, RenewRequest, RateRequest, AllocationsRequest, ProcessesRequest and DebugFile.
type ClientMessage interface{ clientMessage() }

func (ClientHello) clientMessage()        {}
func (StartRequest) clientMessage()       {}
func (StopRequest) clientMessage()        {}
func (RenewRequest) clientMessage()       {}
func (RateRequest) clientMessage()        {}
func (AllocationsRequest) clientMessage() {}
func (ProcessesRequest) clientMessage()   {}
func (DebugFile) clientMessage()          {}

// DecodeClient reads and checks one message of a client. Every error means that the client does not speak this protocol.
func DecodeClient(data []byte) (ClientMessage, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("the message is not UTF-8")
	}
	var tag struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(data, &tag); err != nil {
		return nil, fmt.Errorf("the message is not a JSON object: %.200s", err.Error())
	}
	switch tag.Type {
	case TypeHello:
		var m ClientHello
		if err := strict(data, &m); err != nil {
			return nil, err
		}
		if len(m.Client) > maxClientName {
			return nil, errors.New("the client's name is too long")
		}
		return m, nil
	case TypeStart:
		var m StartRequest
		if err := strict(data, &m); err != nil {
			return nil, err
		}
		return m, checkStart(m)
	case TypeStop:
		var m StopRequest
		return m, strict(data, &m)
	case TypeRenew:
		var m RenewRequest
		return m, strict(data, &m)
	case TypeRate:
		var m RateRequest
		if err := strict(data, &m); err != nil {
			return nil, err
		}
		if m.Hz < 0 || m.Hz > MaxHz {
			return nil, fmt.Errorf("hz must be 0 to %d", MaxHz)
		}
		return m, nil
	case TypeAllocations:
		var m AllocationsRequest
		if err := strict(data, &m); err != nil {
			return nil, err
		}
		return m, checkSeconds(m.Seconds)
	case TypeProcesses:
		var m ProcessesRequest
		return m, strict(data, &m)
	case TypeDebugFile:
		var m DebugFile
		if err := strict(data, &m); err != nil {
			return nil, err
		}
		return m, checkDebugFile(m)
	default:
		return nil, fmt.Errorf("unknown message type %.40q", tag.Type)
	}
}

func strict(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	if err := decoder.Decode(into); err != nil {
		// The error may repeat what the client said.
		return fmt.Errorf("the message does not have its type's shape: %.200s", err.Error())
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("text follows the message")
	}
	return nil
}

func checkDebugFile(m DebugFile) error {
	if len(m.BuildID) == 0 || len(m.BuildID) > maxBuildID || strings.Trim(m.BuildID, "0123456789abcdef") != "" {
		return fmt.Errorf("a build id has 1 to %d hexadecimal digits", maxBuildID)
	}
	switch m.State {
	case DebugFileComing, DebugFileNone:
		return nil
	case DebugFileHere:
		if len(m.Path) > maxFolderBytes || !path.IsAbs(m.Path) || strings.ContainsRune(m.Path, 0) {
			return fmt.Errorf("a debug file must have an absolute path of at most %d bytes", maxFolderBytes)
		}
		return nil
	default:
		return fmt.Errorf("unknown state %.40q of a debug file", m.State)
	}
}

// checkSeconds checks how long allocations shall be followed; 0 is the default.
func checkSeconds(seconds int) error {
	if seconds < 0 || seconds > MaxAllocationSeconds {
		return fmt.Errorf("allocations can be followed for 1 to %d seconds", MaxAllocationSeconds)
	}
	return nil
}

func checkStart(m StartRequest) error {
	if err := checkSeconds(m.AllocationSeconds); err != nil {
		return err
	}
	if m.CPUShare != 0 && (m.CPUShare < MinCPUShare || m.CPUShare > 1) {
		return fmt.Errorf("a budget must be %g to 1 of the machine", MinCPUShare)
	}
	if m.Hz < MinHz || m.Hz > MaxHz {
		return fmt.Errorf("hz must be %d to %d", MinHz, MaxHz)
	}
	if len(m.Events) == 0 || len(m.Events) > maxEvents {
		return fmt.Errorf("events must name 1 to %d events", maxEvents)
	}
	switch m.Target.Kind {
	case TargetWorkspace:
		if len(m.Target.Folders) == 0 || len(m.Target.Folders) > maxFolders {
			return fmt.Errorf("a workspace has 1 to %d folders", maxFolders)
		}
		if len(m.Target.ExcludePrograms) > maxFolders {
			return fmt.Errorf("at most %d folders of programs can be excluded", maxFolders)
		}
		for _, folder := range slices.Concat(m.Target.Folders, m.Target.ExcludePrograms) {
			if len(folder) > maxFolderBytes || !path.IsAbs(folder) || strings.ContainsRune(folder, 0) {
				return fmt.Errorf("a folder must be an absolute path of at most %d bytes", maxFolderBytes)
			}
		}
		if len(m.Target.ExcludePIDs)+len(m.Target.ExcludeTrees) > maxExcludePIDs {
			return fmt.Errorf("at most %d pids can be excluded", maxExcludePIDs)
		}
	case TargetProcess:
		if m.Target.PID <= 0 {
			return errors.New("pid must be positive")
		}
	case TargetUser:
	default:
		return fmt.Errorf("unknown target kind %.40q", m.Target.Kind)
	}
	return nil
}
