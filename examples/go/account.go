package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Account adds up the CPU time of each part of the program. It is for one goroutine, locked to its thread.
type Account struct {
	parts   []*part
	printed time.Time
}

type part struct {
	Name     string  `json:"name"`
	File     string  `json:"file"`
	Function string  `json:"function"`
	Line     int     `json:"line"`
	Share    float64 `json:"share"`
	duration time.Duration
}

func clock(id int32) time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(id, &now); err != nil {
		panic(err)
	}
	return time.Duration(now.Nano())
}

// Measure calls work and adds the CPU time of this thread to the part. The part's line is the caller's.
func (a *Account) Measure(name, function string, work func()) {
	start := clock(unix.CLOCK_THREAD_CPUTIME_ID)
	work()
	spent := clock(unix.CLOCK_THREAD_CPUTIME_ID) - start
	for _, p := range a.parts {
		if p.Name == name {
			p.duration += spent
			return
		}
	}
	_, file, line, _ := runtime.Caller(1)
	file = file[strings.LastIndex(file, "/")+1:]
	a.parts = append(a.parts, &part{Name: name, File: file, Function: function, Line: line, duration: spent})
}

// Print writes one JSON line, at most once a second unless forced.
func (a *Account) Print(force bool) {
	if !force && time.Since(a.printed) < time.Second {
		return
	}
	a.printed = time.Now()
	var total time.Duration
	for _, p := range a.parts {
		total += p.duration
	}
	for _, p := range a.parts {
		p.Share = float64(p.duration) / float64(max(total, 1))
	}
	text, err := json.Marshal(struct {
		CPUSeconds      float64 `json:"cpuSeconds"`
		MeasuredSeconds float64 `json:"measuredSeconds"`
		Parts           []*part `json:"parts"`
	}{clock(unix.CLOCK_PROCESS_CPUTIME_ID).Seconds(), total.Seconds(), a.parts})
	if err != nil {
		panic(err)
	}
	fmt.Println(string(text))
}
