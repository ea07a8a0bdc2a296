/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bytes of whole processes, counted whatever a recording asks for: the kernel keeps each thread's sums of read and write, and sockets
 * have a tracepoint (from Linux 6.3 on), which costs nothing where nobody sends. Sockets that are read and written like files are in
 * both, and told apart by the system call that is under way.
 */
struct process_bytes {
  u64 sent, received, sent_by_write, received_by_read;
  u64 read, written; /* of threads that have ended */
  u64 major_faults;  /* of an exit: of the whole life */
};
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 16384);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, u32);
  __type(value, struct process_bytes);
} process_bytes SEC(".maps");

#if defined(__TARGET_ARCH_x86)
#define SENDFILE 40
#elif defined(__TARGET_ARCH_arm64)
#define SENDFILE 71
#endif

INLINE struct process_bytes *bytes_of(u32 pid)
{
  struct process_bytes *bytes = bpf_map_lookup_elem(&process_bytes, &pid);
  if (bytes) {
    return bytes;
  }
  struct process_bytes none = {};
  bpf_map_update_elem(&process_bytes, &pid, &none, BPF_NOEXIST);
  return bpf_map_lookup_elem(&process_bytes, &pid);
}

INLINE void add_bytes(s32 result, s32 flags, u32 is_in)
{
  u32 pid = bpf_get_current_pid_tgid() >> 32;
  struct wanted_value *value = bpf_map_lookup_elem(&wanted, &pid);
  if (!value || !value->recordings || result <= 0 || (is_in && flags & (PEEK_FLAG | ERROR_QUEUE_FLAG))) {
    return;
  }
  struct process_bytes *bytes = bytes_of(pid);
  if (!bytes) {
    return;
  }
  struct call_registers registers = {};
  bpf_probe_read_kernel(&registers, sizeof(registers), bpf_task_pt_regs(bpf_get_current_task_btf()));
  u32 number = CALL_NUMBER(&registers);
  enum call call = call_of(number);
  __sync_fetch_and_add(is_in ? &bytes->received : &bytes->sent, (u64)result);
  if (is_in && call == READS) {
    __sync_fetch_and_add(&bytes->received_by_read, (u64)result);
  } else if (!is_in && (call == WRITES || number == SENDFILE)) {
    __sync_fetch_and_add(&bytes->sent_by_write, (u64)result);
  }
}

SEC("tp_btf/sock_send_length")
int sent(u64 *ctx)
{
  add_bytes((s32)ctx[1], (s32)ctx[2], 0);
  return 0;
}

SEC("tp_btf/sock_recv_length")
int received(u64 *ctx)
{
  add_bytes((s32)ctx[1], (s32)ctx[2], 1);
  return 0;
}

struct exit_event {
  struct lifecycle_event event;
  struct process_bytes bytes;
};

/* Keeps what a thread of a wanted process has read and written in its life. The kernel's own sum of a process has its children, too. */
INLINE void bytes_of_thread(struct task_struct *task, u32 pid)
{
  struct process_bytes *bytes = bytes_of(pid);
  u64 read = 0, written = 0;
  if (bytes) {
    READ(read, task, ioac.rchar);
    READ(written, task, ioac.wchar);
    __sync_fetch_and_add(&bytes->read, read);
    __sync_fetch_and_add(&bytes->written, written);
  }
}

INLINE void bytes_at_end(struct exit_event *event, struct task_struct *task, struct signal_struct *signal)
{
  u32 pid = event->event.pid;
  struct process_bytes *bytes = bpf_map_lookup_elem(&process_bytes, &pid);
  if (bytes) {
    event->bytes = *bytes;
    bpf_map_delete_elem(&process_bytes, &pid);
  }
  /* Those of threads that are just ending beside this one are in neither. */
  unsigned long ended = 0, last = 0;
  READ(ended, signal, maj_flt);
  READ(last, task, maj_flt);
  event->bytes.major_faults = ended + last;
}
