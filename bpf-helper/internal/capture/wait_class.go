package capture

import (
	"strings"

	"flameline.dev/helper/internal/wire"
)

// WaitClass is what a thread waits for.
type WaitClass string

// The classes. Each is the leaf of its waits' stacks, in brackets, so that every view and file format has it.
const (
	WaitDisk     WaitClass = "disk"
	WaitNetwork  WaitClass = "network"
	WaitLock     WaitClass = "lock"
	WaitSleep    WaitClass = "sleep"
	WaitPipe     WaitClass = "pipe"
	WaitChild    WaitClass = "child"
	WaitRunQueue WaitClass = "run queue" // it could run, but something else did
	WaitPageIn   WaitClass = "page-in"
	WaitEvents   WaitClass = "events" // epoll, poll, select: for whichever of several comes first
	WaitUnknown  WaitClass = "unknown wait"
)

// waitRules name kernel functions that tell what is waited for, by a prefix. The innermost frame that any rule knows decides,
// so what waits on behalf of something else (a page fault for the disk) stands in `outer`.
var waitRules = []struct {
	class    WaitClass
	prefixes []string
}{
	{WaitSleep, []string{"do_nanosleep", "hrtimer_nanosleep", "common_nsleep", "msleep", "do_sigtimedwait", "__do_sys_pause", "ksys_pause", "sys_pause", "sigsuspend"}},
	{WaitLock, []string{
		"futex_wait", "__futex_wait", "futex_do_wait", "futex_lock_pi", "do_futex", "__mutex_lock", "mutex_lock", "rwsem_down", "down_read", "down_write",
		"__down_read", "__down_write", "rt_mutex", "__rt_mutex", "flock_lock", "locks_lock_inode_wait", "fcntl_setlk", "do_semtimedop", "__do_semtimedop",
		"do_msgrcv", "do_msgsnd", "wq_sleep", "do_mq_timedreceive", "do_mq_timedsend",
	}},
	{WaitChild, []string{"do_wait", "kernel_wait4", "kernel_waitid", "wait_for_vfork_done", "__do_sys_wait4"}},
	{WaitPipe, []string{"pipe_", "anon_pipe_", "fifo_open", "wait_for_partner", "eventfd_", "n_tty_", "tty_", "signalfd_", "timerfd_", "inotify_", "fanotify_"}},
	{WaitNetwork, []string{
		"sk_wait_data", "sk_stream_wait", "tcp_", "udp_", "inet_", "inet6_", "unix_stream", "unix_dgram", "unix_wait", "unix_accept", "sock_recvmsg", "sock_sendmsg", "__skb_wait_for_more_packets",
		"skb_wait_for_more_packets", "__skb_recv", "vsock_", "netlink_", "packet_recvmsg", "raw_recvmsg", "do_accept", "__sys_connect", "sctp_", "mptcp_", "lock_sock",
	}},
	{WaitEvents, []string{"ep_poll", "do_epoll_wait", "do_poll", "do_sys_poll", "do_select", "core_sys_select", "io_cqring_wait", "__io_cqring_wait", "read_events", "poll_schedule_timeout"}},
	{WaitDisk, []string{
		"io_schedule", "folio_wait", "__folio_lock", "wait_on_page", "__lock_page", "wait_on_buffer", "__wait_on_buffer", "submit_bio_wait", "blk_", "bio_", "blkdev_", "rq_qos_wait", "wbt_wait", "balance_dirty_pages",
		"ext4_", "xfs_", "btrfs_", "jbd2_", "f2fs_", "fuse_", "__fuse", "request_wait_answer", "nfs_", "nfs4_", "rpc_", "p9_client", "v9fs_", "ovl_", "vfs_fsync", "do_fsync", "sync_", "iomap_", "filemap_", "dio_",
		"__wait_rcu_gp_sync_io", "writeback_", "wb_wait",
	}},
}

// faults begin the handling of a page fault: waiting for the disk below one is waiting for a page.
var faults = []string{"handle_mm_fault", "do_user_addr_fault", "exc_page_fault", "asm_exc_page_fault", "do_page_fault", "do_mem_abort"}

// classify tells what a thread waits for from its stack, leaf first.
func classify(frames []*Frame, preempted bool) WaitClass {
	if preempted {
		return WaitRunQueue
	}
	class := WaitUnknown
	for _, frame := range frames {
		if frame.Language != wire.Kernel {
			break
		}
		if class == WaitUnknown {
			class = classOf(frame.Function)
		}
		if (class == WaitDisk || class == WaitUnknown) && hasPrefix(frame.Function, faults) {
			return WaitPageIn
		}
	}
	return class
}

func classOf(function string) WaitClass {
	for _, rule := range waitRules {
		if hasPrefix(function, rule.prefixes) {
			return rule.class
		}
	}
	return WaitUnknown
}

func hasPrefix(text string, prefixes []string) bool {
	for _, prefix := range prefixes {
		if strings.HasPrefix(text, prefix) {
			return true
		}
	}
	return false
}
