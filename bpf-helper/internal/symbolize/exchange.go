package symbolize

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"flameline.dev/helper/internal/symbolize/sandbox"
)

// exchange sends the question and reads the answer.
func (c *Client) exchange(ctx context.Context, process *sandbox.Process, module Module, addrs []Address) ([]Result, error) {
	socket := process.Socket
	if err := socket.SetDeadline(time.Now().Add(c.options.Timeout)); err != nil {
		return nil, fmt.Errorf("set a deadline: %w", err)
	}
	// A caller that gives up wakes the waiting read.
	woken := make(chan struct{})
	stopWatching := context.AfterFunc(ctx, func() {
		defer close(woken)
		_ = socket.SetDeadline(time.Unix(1, 0))
	})
	defer func() {
		if !stopWatching() {
			<-woken // or it could hit the next question's deadline
		}
	}()

	c.nextID++
	splits := module.Splits[:min(len(module.Splits), MaxSplits)]
	var names []splitName
	for _, s := range splits {
		names = append(names, splitName{s.Name, s.File != nil})
	}
	q := question{id: c.nextID, splits: names, hasDebug: module.Debug != nil, jit: module.JIT, finds: module.Allocators, key: module.Key, addrs: addrs}
	if err := sendQuestion(socket, q.encode(), module); err != nil {
		return nil, fmt.Errorf("send a question: %w", err)
	}
	var head [4]byte
	if _, err := io.ReadFull(socket, head[:]); err != nil {
		return nil, fmt.Errorf("read an answer: %w", err)
	}
	size := binary.LittleEndian.Uint32(head[:])
	if size > maxAnswerBytes {
		return nil, fmt.Errorf("%w: %d bytes", ErrHostile, size)
	}
	// Grown as bytes arrive, so that a length alone costs nothing.
	data, err := io.ReadAll(io.LimitReader(socket, int64(size)))
	if err != nil {
		return nil, fmt.Errorf("read an answer: %w", err)
	}
	if len(data) < int(size) {
		return nil, fmt.Errorf("read an answer: %w", io.ErrUnexpectedEOF)
	}
	results, wanted, err := decodeAnswer(data, q.id, len(addrs))
	if module.Want != nil {
		*module.Want = append(*module.Want, wanted...)
	}
	return results, err
}

// sendQuestion writes the frame; the descriptors go with its first byte.
func sendQuestion(socket *os.File, frame []byte, module Module) error {
	fds := []int{int(module.File.Fd())}
	if module.Debug != nil {
		fds = append(fds, int(module.Debug.Fd()))
	}
	for _, s := range module.Splits[:min(len(module.Splits), MaxSplits)] {
		if s.File != nil {
			fds = append(fds, int(s.File.Fd()))
		}
	}
	connection, err := socket.SyscallConn()
	if err != nil {
		return err
	}
	var sent int
	var failed error
	err = connection.Write(func(fd uintptr) bool {
		sent, failed = unix.SendmsgN(int(fd), frame, unix.UnixRights(fds...), nil, unix.MSG_NOSIGNAL)
		return !errors.Is(failed, unix.EAGAIN)
	})
	runtime.KeepAlive(module)
	if err == nil {
		err = failed
	}
	if err != nil || sent == len(frame) {
		return err
	}
	_, err = socket.Write(frame[sent:])
	return err
}
