package capture

import (
	"unsafe"

	"go.opentelemetry.io/ebpf-profiler/host"
	"go.opentelemetry.io/ebpf-profiler/libpf"
	"go.opentelemetry.io/ebpf-profiler/lpm"
	"go.opentelemetry.io/ebpf-profiler/metrics"
	sdtypes "go.opentelemetry.io/ebpf-profiler/nativeunwind/stackdeltatypes"
	"go.opentelemetry.io/ebpf-profiler/processmanager/ebpfapi"
	"go.opentelemetry.io/ebpf-profiler/util"
)

// noKernel takes what the engine would tell its programs.
type noKernel struct{}

var _ ebpfapi.EbpfHandler = noKernel{}

func (noKernel) UpdateInterpreterOffsets(uint16, host.FileID, []util.Range) error { return nil }
func (noKernel) UpdateProcData(libpf.InterpreterType, libpf.PID, unsafe.Pointer) error {
	return nil
}
func (noKernel) DeleteProcData(libpf.InterpreterType, libpf.PID) error { return nil }
func (noKernel) UpdatePidInterpreterMapping(libpf.PID, lpm.Prefix, uint8, host.FileID, uint64) error {
	return nil
}
func (noKernel) DeletePidInterpreterMapping(libpf.PID, lpm.Prefix) error          { return nil }
func (noKernel) RemoveReportedPID(libpf.PID)                                      {}
func (noKernel) UpdateUnwindInfo(uint16, sdtypes.UnwindInfo) error                { return nil }
func (noKernel) DeleteExeIDToStackDeltas(host.FileID, uint16) error               { return nil }
func (noKernel) DeleteStackDeltaPage(host.FileID, uint64) error                   { return nil }
func (noKernel) CollectMetrics() []metrics.Metric                                 { return nil }
func (noKernel) SupportsLPMTrieBatchOperations() bool                             { return true }
func (noKernel) DeletePidPageMappingInfo(libpf.PID, []lpm.Prefix) (uint64, error) { return 0, nil }
func (noKernel) UpdateExeIDToStackDeltas(host.FileID, []ebpfapi.StackDeltaEBPF) (uint16, error) {
	return 1, nil
}
func (noKernel) UpdateStackDeltaPages(host.FileID, []uint16, uint16, uint64) error { return nil }
func (noKernel) UpdatePidPageMappingInfo(libpf.PID, lpm.Prefix, uint64, uint64) error {
	return nil
}
