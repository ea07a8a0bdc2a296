package capture

import (
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
)

// onlineProcessors reads the numbers of the processors that are on.
func onlineProcessors() ([]int, error) {
	text, err := os.ReadFile("/sys/devices/system/cpu/online")
	if err != nil {
		return nil, fmt.Errorf("find the processors: %w", err)
	}
	return parseProcessors(strings.TrimSpace(string(text)))
}

// parseProcessors reads a list such as "0-3,6".
func parseProcessors(list string) ([]int, error) {
	var processors []int
	for _, part := range strings.Split(list, ",") {
		first, last, isRange := strings.Cut(part, "-")
		low, err := strconv.Atoi(first)
		if err != nil {
			return nil, fmt.Errorf("read the list of processors %q: %w", list, err)
		}
		high := low
		if isRange {
			if high, err = strconv.Atoi(last); err != nil || high < low || high > 1<<16 {
				return nil, fmt.Errorf("read the list of processors %q", list)
			}
		}
		for cpu := low; cpu <= high; cpu++ {
			processors = append(processors, cpu)
		}
	}
	return processors, nil
}

// Processors is the number of processors that are on; 0 where that can't be read.
func Processors() int {
	processors, err := onlineProcessors()
	if err != nil {
		return 0
	}
	return len(processors)
}

// Try loads and attaches everything once, and takes it away again.
func Try(log *slog.Logger) error {
	engine, err := Load(ignore{}, log)
	if err != nil {
		return err
	}
	defer engine.Close()
	return engine.Listen(1, Wants{CPU: 1, Wait: 1, Memory: 1})
}

type ignore struct{}

func (ignore) Samples([]Sample)    {}
func (ignore) Lifecycle(Lifecycle) {}
func (ignore) Calls([]CallTotal)   {}
func (ignore) Waits([]WaitCount)   {}
