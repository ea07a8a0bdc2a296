package symbolize

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"flameline.dev/helper/internal/symbolize/sandbox"
)

// Options of Start.
type Options struct {
	// UID and GID are the peer's; root's symbolizer runs as nobody (65534).
	UID, GID int
	// Timeout is how long one question of up to 1,024 addresses may take; 0 is 20 seconds.
	Timeout time.Duration
	// Stderr receives what the child says when it fails; nil is nowhere. It is as hostile as the answers.
	Stderr io.Writer
	// Args are the child's arguments; nil is "symbolize".
	Args []string
}

const (
	defaultTimeout = 20 * time.Second
	// maxUnresolvable bounds the list of files that a parser died on.
	maxUnresolvable = 4096
)

// Failures counts what went wrong with symbolizers, for the log and the loss account.
type Failures struct {
	Crashed  int // ended by itself in the middle of a question
	TimedOut int
	Hostile  int // sent an answer that breaks the rules
	Restarts int
	// Unresolvable is the number of files that aren't asked about any more, each for one of the above.
	Unresolvable int
}

// Client is a Symbolizer in a process of its own without rights. It starts it again where it dies.
type Client struct {
	options Options

	// asking is held for a whole question: the process answers one at a time.
	asking sync.Mutex
	nextID uint32

	// state guards what follows, shortly, so that Cost and Close never wait for an answer.
	state        sync.Mutex
	process      *sandbox.Process
	closed       bool
	unresolvable map[string]error
	failures     Failures
	endedCPUNs   int64
	memory       recentMemory
}

var _ Symbolizer = (*Client)(nil)

// ErrUnresolvable says that the parser died on this file before.
var ErrUnresolvable = errors.New("the symbolizer failed on this file")

// Start starts the symbolizer. When ctx ends, so does the process.
func Start(ctx context.Context, options Options) (*Client, error) {
	if options.Timeout == 0 {
		options.Timeout = defaultTimeout
	}
	if options.Args == nil {
		options.Args = []string{"symbolize"}
	}
	c := &Client{options: options, unresolvable: map[string]error{}}
	if err := c.start(); err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = c.Close() })
	return c, nil
}

// running is the process, started where there is none.
func (c *Client) running() (*sandbox.Process, error) {
	c.state.Lock()
	defer c.state.Unlock()
	if c.closed {
		return nil, os.ErrClosed
	}
	if c.process != nil {
		select {
		case <-c.process.Ended(): // by somebody else, as when memory is short: no file's fault
			c.stop()
		default:
		}
	}
	if c.process == nil {
		if err := c.start(); err != nil {
			return nil, err
		}
		c.failures.Restarts++
	}
	return c.process, nil
}

func (c *Client) start() error {
	p, err := sandbox.Launch(c.options.UID, c.options.GID, c.options.Stderr, c.options.Args...)
	if err != nil {
		return err
	}
	c.process = p
	return nil
}

// stop ends the process, so that the next question starts another. state is held.
func (c *Client) stop() {
	if c.process == nil {
		return
	}
	c.process.Kill()
	c.endedCPUNs += c.process.CPUNs()
	c.process = nil
}

// Symbolize implements Symbolizer. A file on which the process dies, hangs or turns hostile is not tried again.
func (c *Client) Symbolize(ctx context.Context, module Module, addrs []Address) ([]Result, error) {
	c.asking.Lock()
	defer c.asking.Unlock()
	results := make([]Result, 0, len(addrs))
	for len(results) < len(addrs) {
		part := addrs[len(results):]
		part = part[:min(len(part), chunk)]
		answer, err := c.ask(ctx, module, part)
		if answer == nil {
			for len(results) < len(addrs) {
				results = append(results, Result{Language: "native"})
			}
			return results, err
		}
		results = append(results, answer...)
		if err != nil && len(results) == len(addrs) {
			return results, err
		}
	}
	return results, nil
}

// ask puts one question. No results mean that nothing more can be asked about this file now.
func (c *Client) ask(ctx context.Context, module Module, addrs []Address) ([]Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(module.Key) == 0 || len(module.Key) > MaxKeyBytes || module.File == nil {
		return nil, errors.New("a module needs a file and a key of 1 to 256 bytes")
	}
	if err := c.blamed(module.Key); err != nil {
		return nil, err
	}
	process, err := c.running()
	if err != nil {
		return nil, err
	}
	results, err := c.exchange(ctx, process, module, addrs)
	var said refused
	if err == nil || errors.As(err, &said) {
		c.retire(process)
		return results, err
	}
	return nil, c.blame(ctx, module.Key, err)
}

func (c *Client) blamed(key string) error {
	c.state.Lock()
	defer c.state.Unlock()
	return c.unresolvable[key]
}

// blame ends the process after a question that failed, and remembers the file where that is its doing.
func (c *Client) blame(ctx context.Context, key string, err error) error {
	c.state.Lock()
	defer c.state.Unlock()
	if c.closed {
		return os.ErrClosed
	}
	died := c.process
	c.stop()
	if ctx.Err() != nil {
		return ctx.Err() // given up by the caller
	}
	switch {
	case errors.Is(err, ErrHostile):
		c.failures.Hostile++
	case errors.Is(err, os.ErrDeadlineExceeded):
		c.failures.TimedOut++
	default:
		c.failures.Crashed++
		err = fmt.Errorf("the symbolizer ended (%s): %w", died.Why(), err)
	}
	err = fmt.Errorf("%w: %w", ErrUnresolvable, err)
	if len(c.unresolvable) < maxUnresolvable {
		c.unresolvable[key] = err
	}
	return err
}

// retire replaces a process that has used half of what it may, in between questions.
func (c *Client) retire(process *sandbox.Process) {
	if cpuOf(process.PID()) < int64(sandbox.RetireAfterSeconds)*int64(time.Second) {
		return
	}
	c.state.Lock()
	defer c.state.Unlock()
	c.stop()
}

// Failures is what went wrong so far.
func (c *Client) Failures() Failures {
	c.state.Lock()
	defer c.state.Unlock()
	f := c.failures
	f.Unresolvable = len(c.unresolvable)
	return f
}

// Cost implements Symbolizer: all processes' CPU time, and the memory of the one that runs.
func (c *Client) Cost() (cpuNs, residentBytes int64) {
	c.state.Lock()
	defer c.state.Unlock()
	if c.process == nil {
		return c.endedCPUNs, 0
	}
	return c.endedCPUNs + cpuOf(c.process.PID()), c.memory.of(c.process.PID())
}

// Close implements Symbolizer and ends the process, also in the middle of a question.
func (c *Client) Close() error {
	c.state.Lock()
	defer c.state.Unlock()
	c.closed = true
	c.stop()
	return nil
}
