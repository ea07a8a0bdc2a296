package capture

import (
	"fmt"
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
