package control

import (
	"bytes"
	"log/slog"
	"strings"
)

// Bounds of what a child without rights may put into our log, over its whole life.
const (
	maxChildLine  = 300 // bytes
	maxChildLines = 20
)

// childLog takes what a child writes to its standard error: it is as hostile as its answers, so it gets into our log
// as short lines of printable text, and only so many of them. It never fails and never waits, as the child's end does.
type childLog struct {
	log     *slog.Logger
	line    []byte
	lines   int
	dropped int
}

func (c *childLog) Write(text []byte) (int, error) {
	size := len(text)
	for len(text) > 0 {
		part, rest, ended := bytes.Cut(text, []byte{'\n'})
		room := max(0, maxChildLine-len(c.line))
		c.line = append(c.line, part[:min(len(part), room)]...)
		c.dropped += max(0, len(part)-room)
		if ended {
			c.flush()
		}
		text = rest
	}
	return size, nil
}

func (c *childLog) flush() {
	line := printable(c.line)
	c.line = c.line[:0]
	if c.lines++; c.lines > maxChildLines {
		c.dropped += len(line)
		return
	}
	c.log.Warn("the symbolizer says", "text", line, "dropped", c.dropped)
}

// printable puts a question mark in the place of everything that a terminal could take for a command.
func printable(text []byte) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, string(text))
}
