package symbolize

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"golang.org/x/sys/unix"

	"flameline.dev/helper/internal/symbolize/sandbox"
)

const (
	// socketFD is the child's end of the socket pair.
	socketFD = 3
	// heapBytes makes the collector work harder as the heap nears it; RLIMIT_DATA is the hard end.
	heapBytes = 256 << 20
	// idleSeconds is how long no question must come before the pages of mapped files are given back.
	idleSeconds = 1
	// freeAfter is how many such times before the heap's free memory is, for which it is collected: with a few new addresses every other
	// second that was nine tenths of all our time. forgetAfter is how many before everything that was parsed is.
	freeAfter   = 5
	forgetAfter = 15
)

// Main is the subcommand `symbolize`: started by Start, it gives up all rights, then answers questions until its client
// hangs up. The result is the process's exit code.
func Main() int {
	if err := serveQuestions(); err != nil {
		fmt.Fprintln(os.Stderr, "flameline-helper symbolize:", err)
		return 1
	}
	return 0
}

func serveQuestions() error {
	if kind, err := unix.GetsockoptInt(socketFD, unix.SOL_SOCKET, unix.SO_TYPE); err != nil || kind != unix.SOCK_STREAM {
		return errors.New("this subcommand is started by the helper itself, with a socket; run `flameline-helper serve`")
	}
	if err := unix.SetsockoptTimeval(socketFD, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: idleSeconds}); err != nil {
		return fmt.Errorf("set the socket's timeout: %w", err)
	}
	runtime.GOMAXPROCS(2)
	debug.SetGCPercent(50)
	debug.SetMemoryLimit(heapBytes)
	if err := sandbox.Enter(); err != nil {
		return err
	}
	return answerAll(socketFD, NewLocal())
}

// answerAll reads questions from the socket until it is closed.
func answerAll(socket int, local *Local) error {
	var frame []byte
	idleTimes := forgetAfter + 1
	idle := func() {
		idleTimes++
		switch idleTimes {
		case 1:
			local.Forget()
		case freeAfter:
			debug.FreeOSMemory()
		case forgetAfter:
			_ = local.Close()
			debug.FreeOSMemory()
		}
	}
	for {
		descriptors, data, err := receive(socket, frame[:0], idle)
		if err != nil || data == nil {
			closeAll(descriptors)
			return err
		}
		frame = data
		q, err := decodeQuestion(data)
		want := 1
		if q.hasDebug {
			want++
		}
		for _, s := range q.splits {
			if s.here {
				want++
			}
		}
		if err != nil || len(descriptors) != want {
			closeAll(descriptors)
			return errBadQuestion
		}
		files, rest := opened{file: descriptors[0], debug: -1, jit: q.jit, allocators: q.finds}, descriptors[1:]
		if q.hasDebug {
			files.debug, rest = rest[0], rest[1:]
		}
		for _, s := range q.splits {
			fd := -1
			if s.here {
				fd, rest = rest[0], rest[1:]
			}
			files.splits = append(files.splits, openedSplit{s.name, fd})
		}
		results, wanted, failure := local.symbolize(context.Background(), q.key, files, q.addrs)
		closeAll(descriptors)
		if err := sendAll(socket, encodeAnswer(q.id, results, wanted, failure)); err != nil {
			return err
		}
		idleTimes = 0
	}
}

// receive reads one frame and the descriptors that came with it; no frame and no error at the end of the stream.
// idle is called when nothing has come for a while.
func receive(socket int, buffer []byte, idle func()) (descriptors []int, frame []byte, err error) {
	var head [4]byte
	control := make([]byte, unix.CmsgSpace((2+MaxSplits)*4))
	got := 0
	for got < len(head) {
		n, controlBytes, flags, _, err := unix.Recvmsg(socket, head[got:], control, unix.MSG_CMSG_CLOEXEC)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if errors.Is(err, unix.EAGAIN) {
			idle()
			continue
		}
		if err != nil {
			return descriptors, nil, fmt.Errorf("receive a question: %w", err)
		}
		descriptors = append(descriptors, rights(control[:controlBytes])...)
		if n == 0 {
			return descriptors, nil, nil
		}
		if flags&unix.MSG_CTRUNC != 0 {
			return descriptors, nil, errBadQuestion
		}
		got += n
	}
	size := binary.LittleEndian.Uint32(head[:])
	if size > maxQuestionBytes {
		return descriptors, nil, errBadQuestion
	}
	frame = append(buffer, make([]byte, size)...)
	for rest := frame; len(rest) > 0; {
		n, err := unix.Read(socket, rest)
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.EAGAIN) {
			continue
		}
		if err != nil || n <= 0 {
			return descriptors, nil, fmt.Errorf("receive a question: cut short: %w", err)
		}
		rest = rest[n:]
	}
	return descriptors, frame, nil
}

func rights(control []byte) []int {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return nil
	}
	var descriptors []int
	for i := range messages {
		if fds, err := unix.ParseUnixRights(&messages[i]); err == nil {
			descriptors = append(descriptors, fds...)
		}
	}
	return descriptors
}

func closeAll(descriptors []int) {
	for _, fd := range descriptors {
		_ = unix.Close(fd)
	}
}

func sendAll(socket int, data []byte) error {
	for len(data) > 0 {
		n, err := unix.Write(socket, data)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("send an answer: %w", err)
		}
		data = data[n:]
	}
	return nil
}
