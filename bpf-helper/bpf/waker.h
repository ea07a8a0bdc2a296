/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who ends a wait: the thread that runs when the kernel wakes another one, noted for waits of which a sample will be made. In an
 * interrupt the running thread has nothing to do with it. Most interrupts come while a program computes: then the kernel was entered
 * without a system call. Of those that come within one, user space drops what interrupts end by nature: sleeps, disks.
 */
enum waker_kind { NOBODY, TASK };

#define KERNEL_THREAD 0x00200000

/* Whether the running thread is in a system call. */
INLINE int in_call(struct task_struct *task)
{
  const struct pt_regs *regs = bpf_task_pt_regs(task);
#if defined(__TARGET_ARCH_x86)
  s64 call = -1;
  bpf_probe_read_kernel(&call, sizeof(call), &regs->orig_ax);
#elif defined(__TARGET_ARCH_arm64)
  s32 call = -1;
  bpf_probe_read_kernel(&call, sizeof(call), (const void *)(regs + 1) + sizeof(u64)); /* past orig_x0 */
#endif
  return call >= 0;
}

SEC("tp_btf/sched_waking")
int waking(u64 *ctx)
{
  struct task_struct *woken = (struct task_struct *)ctx[0];
  u32 tid = woken->pid, zero = 0, flags = 0;
  u16 *mark = mark_of(tid);
  if (!mark || !*mark) {
    return 0;
  }
  struct waiting_thread *thread = thread_of(*mark);
  struct wait_settings *settings = bpf_map_lookup_elem(&wait_settings, &zero);
  if (!thread || !settings || !thread->began) {
    return 0;
  }
  if (!thread->taken && bpf_ktime_get_ns() - thread->left < settings->length) {
    return 0;
  }
  struct task_struct *task = bpf_get_current_task_btf();
  thread->woken = 0;
  READ(flags, task, flags);
  u64 id = bpf_get_current_pid_tgid();
  if (!id || flags & KERNEL_THREAD || !in_call(task)) {
    return 0;
  }
  thread->waker.kind = TASK;
  thread->waker.pid = id >> 32;
  thread->waker.tid = id;
  thread->waker.uid = owner(task);
  thread->waker.start_boottime = started(task);
  bpf_get_current_comm(thread->waker.comm, COMM_BYTES);
  thread->woken = 1;
  return 0;
}
