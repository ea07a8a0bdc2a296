package capture

import (
	"slices"
	"strings"

	"go.opentelemetry.io/ebpf-profiler/libpf"
)

// Labels are what a program has said about the task that a thread works on: of a goroutine those of Go's runtime/pprof. It is text of the
// program's own, valid UTF-8 and nothing else. There are at most 10 pairs; the unwinder reads 15 bytes of a key and 47 of a value.
type Labels struct {
	Pairs [][2]string // sorted by key; not to be changed
	// Text is the same for equal labels only.
	Text string
}

// maxLabels bounds the labels that are kept; beyond it they are made anew.
const maxLabels = 4096

// labelTable makes each set of labels once.
type labelTable map[string]*Labels

// of gives a trace's labels, nil for none.
func (t *labelTable) of(trace *libpf.EbpfTrace) *Labels {
	if len(trace.CustomLabels) == 0 {
		return nil
	}
	pairs := make([][2]string, 0, len(trace.CustomLabels))
	for key, value := range trace.CustomLabels {
		pairs = append(pairs, [2]string{key.String(), value.String()})
	}
	slices.SortFunc(pairs, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	var text strings.Builder
	for _, pair := range pairs { // neither side holds a zero: they were read up to one
		text.WriteString(pair[0] + "\x00" + pair[1] + "\x00")
	}
	if known := (*t)[text.String()]; known != nil {
		return known
	}
	if *t == nil || len(*t) >= maxLabels {
		*t = labelTable{}
	}
	labels := &Labels{pairs, text.String()}
	(*t)[labels.Text] = labels
	return labels
}
