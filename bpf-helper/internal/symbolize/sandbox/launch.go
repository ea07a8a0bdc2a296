package sandbox

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// Nobody is the uid and gid that stands in for root.
const Nobody = 65534

// slackNs is how late the kernel may wake the child.
const slackNs = 4_000_000

// Process is a child without rights that holds one end of a socket.
type Process struct {
	// Socket is our end: a stream that carries descriptors.
	Socket  *os.File
	process *os.Process
	ended   chan struct{}
	state   *os.ProcessState
}

// Launch runs this program again with args as uid and gid, without supplementary groups, capabilities or environment, in
// a process group of its own; Nobody stands in for root and for root's group. The child's end of the socket is its descriptor 3. Where we aren't root, uid must be our own.
func Launch(uid, gid int, stderr io.Writer, args ...string) (*Process, error) {
	if uid == 0 {
		uid = Nobody
	}
	if gid == 0 {
		gid = Nobody
	}
	if err := keepDescriptors(); err != nil {
		return nil, err
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("make a socket pair: %w", err)
	}
	theirs := os.NewFile(uintptr(pair[1]), "symbolizer's end")
	defer theirs.Close()
	// Only our end is watched by the runtime's poller, so that reads can time out.
	if err := unix.SetNonblock(pair[0], true); err != nil {
		_ = unix.Close(pair[0])
		return nil, fmt.Errorf("make the socket non-blocking: %w", err)
	}
	p := &Process{Socket: os.NewFile(uintptr(pair[0]), "symbolizer"), ended: make(chan struct{})}

	started := make(chan error, 1)
	go onOwnThread(func() {
		cmd, err := start("/proc/self/exe", uid, gid, stderr, theirs, args)
		if errors.Is(err, unix.EACCES) {
			// The program's own file may be closed to others (installed with umask 077): run a copy from memory.
			cmd, err = startCopy(uid, gid, stderr, theirs, args)
		}
		if err != nil {
			started <- err
			return
		}
		p.process = cmd.Process
		started <- nil
		// The kernel sends PDEATHSIG when the thread that forked ends, so this thread stays until the child has ended.
		_ = cmd.Wait()
		p.state = cmd.ProcessState
		close(p.ended)
	})
	if err := <-started; err != nil {
		_ = p.Socket.Close()
		return nil, fmt.Errorf("start the symbolizer: %w", err)
	}
	return p, nil
}

// onOwnThread runs work on a thread that ends with it, and never on the process's first, which can't end: what the
// thread gives up (below) must not stick to anything else.
func onOwnThread(work func()) {
	runtime.LockOSThread()
	if unix.Gettid() == unix.Getpid() {
		done := make(chan struct{})
		go func() {
			defer close(done)
			onOwnThread(work)
		}()
		// Holding the first thread until the other has its own; a handful of such waits at most.
		<-done
		runtime.UnlockOSThread()
		return
	}
	work()
}

func start(program string, uid, gid int, stderr io.Writer, socket *os.File, args []string) (*exec.Cmd, error) {
	// The child inherits it: its runtime's watching thread wakes more often than the child works.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, slackNs, 0, 0, 0)
	// These two belong to the thread, are inherited by the child, and can't be taken back.
	if err := dropBoundingSet(); err != nil {
		return nil, err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return nil, fmt.Errorf("set no_new_privs: %w", err)
	}
	cmd := exec.Command(program, args...)
	cmd.Args[0] = "flameline-helper"
	cmd.Env = []string{}
	cmd.Dir = "/"
	cmd.Stderr = stderr
	cmd.ExtraFiles = []*os.File{socket}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid), Groups: []uint32{}}
	} else if uid != os.Geteuid() {
		return nil, fmt.Errorf("only root can start a symbolizer for uid %d", uid)
	}
	return cmd, cmd.Start()
}

func startCopy(uid, gid int, stderr io.Writer, socket *os.File, args []string) (*exec.Cmd, error) {
	self, err := os.Open("/proc/self/exe")
	if err != nil {
		return nil, fmt.Errorf("open our own program: %w", err)
	}
	defer self.Close()
	fd, err := unix.MemfdCreate("flameline-helper", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make a file in memory: %w", err)
	}
	twin := os.NewFile(uintptr(fd), "flameline-helper")
	defer twin.Close()
	if _, err := io.Copy(twin, self); err != nil {
		return nil, fmt.Errorf("copy our own program: %w", err)
	}
	// exec refuses a file that is open for writing, so it is opened once more for reading.
	reopened, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", fd))
	if err != nil {
		return nil, fmt.Errorf("open the copy: %w", err)
	}
	defer reopened.Close()
	_ = twin.Close()
	// The child finds it by the number that it inherits, which must be out of the way of its descriptors 0 to 3.
	const outOfTheWay = 100
	number, err := unix.FcntlInt(reopened.Fd(), unix.F_DUPFD_CLOEXEC, outOfTheWay)
	if err != nil {
		return nil, fmt.Errorf("duplicate the copy's descriptor: %w", err)
	}
	defer unix.Close(number)
	return start(fmt.Sprintf("/proc/self/fd/%d", number), uid, gid, stderr, socket, args)
}

func dropBoundingSet() error {
	if os.Geteuid() != 0 {
		return nil // an ordinary user has none to give up, and may not
	}
	for capability := 0; ; capability++ {
		err := unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(capability), 0, 0, 0)
		switch {
		case errors.Is(err, unix.EINVAL):
			return nil // behind the last that this kernel has
		case errors.Is(err, unix.EPERM):
			return nil // a container without CAP_SETPCAP: nothing can be gained by exec all the same, by no_new_privs
		case err != nil:
			return fmt.Errorf("drop capability %d: %w", capability, err)
		}
	}
}

// PID is the child's.
func (p *Process) PID() int { return p.process.Pid }

// Ended is closed when the child has ended.
func (p *Process) Ended() <-chan struct{} { return p.ended }

// CPUNs is what the child used in all; known once it has ended.
func (p *Process) CPUNs() int64 {
	select {
	case <-p.ended:
		return int64(p.state.UserTime() + p.state.SystemTime())
	default:
		return 0
	}
}

// Why says in words how the child ended.
func (p *Process) Why() string {
	select {
	case <-p.ended:
		return p.state.String()
	default:
		return "still running"
	}
}

// Kill ends the child and waits for it.
func (p *Process) Kill() {
	_ = p.process.Kill() // fails only where it has ended
	<-p.ended
	_ = p.Socket.Close()
}
