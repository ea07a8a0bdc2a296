/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The gate stands in front of the engine's unwinder. At every tick of a processor's clock it looks whether the
 * running process is in the set `wanted`; if not, nothing else happens. If so, it writes a record of the tick, so
 * that every sample is counted even when the stack can't be unwound yet, and goes on into the unwinder.
 *
 *     perf event ──► gate ── not wanted: done
 *                     └──► ring `ticks` ──► tail call: the engine's native_tracer_entry ──► ring of traces
 *
 * Children inherit the set here, in the kernel, so that no sample of a new process is missed; `lifecycle` tells user
 * space of forks and exits of wanted processes and of every exec.
 */
#include "kernel.h"
#include "mappings.h"

#define COMM_BYTES 16
#define FILENAME_BYTES 256
#define ARGUMENT_BYTES 1024
#define MIXED_UID 0xffffffff

/* Each set bit is a recording that wants the process. */
struct wanted_value {
  u64 recordings;
  /* When and how often the process's new mappings were announced since its start or its last exec. */
  u64 announced_at;
  u64 announcements;
  /* What of the process's memory was told to the unwinder, and how often since it has this memory. */
  u64 memory;
  u64 executable_pages; /* and one, 0 where it has to be told again */
  u64 tellings;
  u64 untaken; /* user space has not been told yet to take them over */
  /* How often a leaf's mapping was looked up since the process's code was so many pages. */
  u32 looked_pages;
  u32 looks;
  u64 growth_debt; /* see memory.h */
  u64 growth_memory; /* the memory and executable pages that user space was last asked to look at when it grew, and how often */
  u64 growth_pages;
  u64 growth_askings;
  /* Where the code without a file begins that user space was last asked to look at, and how often since the program began. */
  u64 made_code;
  u64 made_memory;
  u64 made_askings;
};

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 16384);
  __type(key, u32);
  __type(value, struct wanted_value);
} wanted SEC(".maps");

/* The recordings whose processes' children are wanted too. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, u64);
} inheriting SEC(".maps");

/* The recordings that want each event. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 16);
  __type(key, u32);
  __type(value, u64);
} listening SEC(".maps");

INLINE u64 events_of(u32 event)
{
  u64 *recordings = bpf_map_lookup_elem(&listening, &event);
  return recordings ? *recordings : 0;
}

/* The engine's first program, ours that tells mappings, and the engine's last. */
enum stage { UNWIND, TELL, END, STAGES };
struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, STAGES);
  __type(key, u32);
  __type(value, u32);
} stages SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 1 << 20);
} ticks SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 1 << 20);
} lifecycle SEC(".maps");

enum counter {
  TICKS_LOST, LIFECYCLE_LOST, WANTED_FULL, UNWINDER_MISSED, WAITS_LOST, THREADS_FULL, UNTOLD_BUDGET, UNTOLD_LOCKED, UNTOLD_ROOM,
  CALLS_UNCOUNTED, MOVES_LOST, COUNTERS
};
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, COUNTERS);
  __type(key, u32);
  __type(value, u64);
} counters SEC(".maps");

INLINE void count(u32 counter)
{
  u64 *value = bpf_map_lookup_elem(&counters, &counter);
  if (value) {
    ++*value;
  }
}

enum tick_flags {
  IN_USER_MODE_FLAG = 1,
  TOLD_FLAG = 2,      /* the unwinder was told of mappings, which user space has to take over */
  NO_PROGRAM_FLAG = 4, /* between two programs, in an exec, or at its end: there is no stack but the kernel's */
  /* Of memory: the page stands for others by the choice of pages, or for a huge page; nothing but the process's own memory is there. */
  TAKEN_FLAG = 8,
  OPENS_FLAG = 16,
  ANONYMOUS_FLAG = 32
};
struct tick {
  u64 ktime;
  u64 start_boottime;
  u64 recordings;
  u64 instruction;
  /* The leaf's mapping; zeros where the kernel can't be asked, in the kernel, and for code without a file. */
  u64 inode;
  u64 mapping_start;
  u64 mapping_page;
  u32 device;
  u32 processor;
  u32 pid;
  u32 tid;
  u32 uid;
  u32 flags;
  /* Of a wait: when the thread was switched out, and the mark of the place it waits at; else 0. */
  u64 began;
  u64 mark;
  /* What the sample stands for in the event's unit, and what it is about; 0 where the event has neither. Of memory: by what factor
   * pages were thinned, and the address. Of an allocation: its size, how far apart drawn bytes were, and in `preempted` what
   * was called. */
  u64 amount;
  u64 subject;
  u32 event;
  u32 preempted;
  char comm[COMM_BYTES];
};
/* The tick of this processor whose process's mappings are being told. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, struct tick);
} pending SEC(".maps");

/* What a record of `ticks` is of. */
enum event { CPU = 0, WAIT = 1, MEMORY = 2, READ = 3, WRITE = 4, SEND = 5, RECEIVE = 6, ALLOCATE = 7 };

enum lifecycle_kind { FORKED = 1, EXECUTED = 2, EXITED = 3, MAPPING = 4, UNKNOWN_MAPPING = 5 };
struct lifecycle_event {
  u32 kind;
  u32 pid;
  u32 parent;
  u32 uid;
  u64 ktime;
  u64 start_boottime;
  u64 recordings;
};
struct exec_event {
  struct lifecycle_event event;
  u32 filename_length;
  u32 argument_length;
  char filename[FILENAME_BYTES];
  char arguments[ARGUMENT_BYTES];
};

/* The uid that owns a task for our purposes: real, effective and saved uid agree, as ptrace asks; else no one's. */
INLINE u32 owner(struct task_struct *task)
{
  const struct cred *cred = 0;
  kuid_t uid = {}, euid = {}, suid = {};
  READ(cred, task, cred);
  if (!cred || READ(uid, cred, uid) || READ(euid, cred, euid) || READ(suid, cred, suid)) {
    return MIXED_UID;
  }
  return uid.val == euid.val && uid.val == suid.val ? uid.val : MIXED_UID;
}

INLINE u64 started(struct task_struct *task)
{
  struct task_struct *leader = 0;
  u64 start = 0;
  READ(leader, task, group_leader);
  READ(start, leader, start_boottime);
  return start;
}

struct leaf_mapping {
  u64 inode, start, page;
  u64 made; /* where code without a file begins: a virtual machine makes it as it runs */
  u32 device;
};

static long note_mapping(struct task_struct *task, struct vm_area_struct *area, struct leaf_mapping *leaf)
{
  unsigned long start = 0, page = 0, inode_number = 0, flags = 0;
  struct file *file = 0;
  struct inode *inode = 0;
  struct super_block *super = 0;
  READ(file, area, vm_file);
  READ(start, area, vm_start);
  if (!file) {
    struct mm_struct *mm = 0;
    void *vdso = 0;
    READ(flags, area, vm_flags);
    READ(mm, task, mm);
    if (mm) {
      READ(vdso, mm, context.vdso);
    }
    leaf->made = flags & VM_EXEC && (u64)vdso != start ? start : 0;
    return 0;
  }
  READ(page, area, vm_pgoff);
  READ(inode, file, f_inode);
  READ(inode_number, inode, i_ino);
  READ(super, inode, i_sb);
  READ(leaf->device, super, s_dev);
  leaf->start = start;
  leaf->page = page;
  leaf->inode = inode_number;
  return 0;
}

/* What a stack is taken for, other than CPU time: of a thread that is about to be switched out see waits.h, else memory.h. */
struct asked {
  u64 began;
  u64 mark;
  u64 amount;
  u64 subject;
  u32 event;
  u32 flags;
  u32 tid;
  u32 preempted;
};

INLINE void set_mapping(struct tick *tick, struct leaf_mapping *leaf)
{
  tick->inode = leaf->inode;
  tick->mapping_start = leaf->start;
  tick->mapping_page = leaf->page;
  tick->device = leaf->device;
}

/* Whether user space has to look at a child before it runs another program: where the unwinder can't be told of its mappings here. */
const volatile u32 forks_are_urgent = 0;

/* Each time that user space wakes has its price, and a build has thousands of processes. So forks and exits wait for the next thing
 * that is urgent, or until the rings are looked at in any case. What is urgent wakes by force: without it the kernel would take
 * what lies unread before it for a sign that user space is awake. */
INLINE void send(struct task_struct *task, u32 kind, u32 pid, u32 parent, u64 recordings, u64 wakes)
{
  struct lifecycle_event event = {
    .kind = kind, .pid = pid, .parent = parent, .uid = owner(task),
    .ktime = bpf_ktime_get_ns(), .start_boottime = started(task), .recordings = recordings,
  };
  if (bpf_ringbuf_output(&lifecycle, &event, sizeof(event), wakes)) {
    count(LIFECYCLE_LOST);
  }
}

INLINE int unwind(struct bpf_perf_event_data *ctx, struct tick *tick, struct wanted_value *value)
{
  if (value->untaken) {
    value->untaken = 0;
    tick->flags |= TOLD_FLAG;
  }
  if (bpf_ringbuf_output(&ticks, tick, sizeof(*tick), BPF_RB_NO_WAKEUP)) {
    count(TICKS_LOST);
  }
  bpf_tail_call(ctx, &stages, UNWIND);
  count(UNWINDER_MISSED);
  return 0;
}

/* How often a process's mappings are told by its own ticks; a runtime that compiles has ever new ones. */
#define MOST_TELLINGS 16

/* Whether the unwinder should be told of a process's mappings at this tick. */
INLINE int is_untold(struct task_struct *task, struct wanted_value *value, u64 now)
{
  struct mm_struct *mm = 0;
  unsigned long pages = 0;
  u32 zero = 0;
  READ(mm, task, mm);
  if (!mm) {
    return 0;
  }
  READ(pages, mm, exec_vm);
  if (value->memory != (u64)mm) {
    value->memory = (u64)mm;
    value->tellings = 0;
    value->executable_pages = 0;
  }
  if (value->executable_pages == pages + 1 || value->tellings >= MOST_TELLINGS) {
    return 0;
  }
  u64 *debt = bpf_map_lookup_elem(&telling_debt, &zero);
  if (!debt || *debt > now + TELLING_BURST_NS) {
    count(UNTOLD_BUDGET);
    return 0;
  }
  value->executable_pages = pages + 1;
  value->tellings++;
  return 1;
}

/* Mappings can't be walked in a fault: user space is asked to look at them, again when they have changed, unless the unwinder has
 * been told of them by a tick or before a mapping. */
INLINE void ask_to_look(struct task_struct *task, struct wanted_value *value, u32 pid)
{
  struct mm_struct *mm = 0;
  unsigned long pages = 0;
  READ(mm, task, mm);
  if (!mm) {
    return;
  }
  READ(pages, mm, exec_vm);
  if (value->memory == (u64)mm && value->executable_pages == pages + 1) {
    return;
  }
  if (value->growth_memory != (u64)mm) {
    value->growth_memory = (u64)mm;
    value->growth_askings = 0;
    value->growth_pages = 0;
  }
  if (value->growth_pages != pages && value->growth_askings < MOST_TELLINGS) {
    value->growth_pages = pages;
    value->growth_askings++;
    send(task, UNKNOWN_MAPPING, pid, 0, value->recordings, BPF_RB_FORCE_WAKEUP);
  }
}

/* A virtual machine runs code that it has made where there was none when its process was looked at: user space is asked to look again.
 * Such memory is mapped in a way that changes nothing in what `is_untold` looks at. */
INLINE void ask_for_made_code(struct task_struct *task, struct wanted_value *value, u32 pid, u64 made)
{
  struct mm_struct *mm = 0;
  READ(mm, task, mm);
  if (value->made_memory != (u64)mm) {
    value->made_memory = (u64)mm;
    value->made_askings = 0;
    value->made_code = 0;
  }
  if (made && value->made_code != made && value->made_askings < MOST_TELLINGS) {
    value->made_code = made;
    value->made_askings++;
    send(task, UNKNOWN_MAPPING, pid, 0, value->recordings, BPF_RB_FORCE_WAKEUP);
  }
}

/* A leaf's mapping is wanted only where the unwinder fails, which is while it does not know a process's code yet; to look it up is a
 * tenth of a sample's cost. */
#define MOST_LOOKS 64

INLINE int is_new_code(struct task_struct *task, struct wanted_value *value)
{
  struct mm_struct *mm = 0;
  unsigned long pages = 0;
  READ(mm, task, mm);
  if (mm) {
    READ(pages, mm, exec_vm);
  }
  if (value->looked_pages != (u32)pages) {
    value->looked_pages = pages;
    value->looks = 0;
  }
  return value->looks < MOST_LOOKS && ++value->looks;
}

INLINE int pass(struct bpf_perf_event_data *ctx, int find_mapping, const struct asked *asked)
{
  u64 id = bpf_get_current_pid_tgid();
  u32 pid = id >> 32, zero = 0;
  struct wanted_value *value = bpf_map_lookup_elem(&wanted, &pid);
  if (!value || !value->recordings) {
    return 0;
  }
  struct task_struct *task = (struct task_struct *)bpf_get_current_task();
  u32 event = asked ? asked->event : CPU;
  u64 recordings = value->recordings & events_of(event);
  struct tick *tick = bpf_map_lookup_elem(&pending, &zero);
  if (!tick || !recordings) {
    return 0;
  }
  tick->ktime = bpf_ktime_get_ns();
  tick->start_boottime = started(task);
  tick->recordings = recordings;
  tick->event = event;
  tick->began = asked ? asked->began : 0;
  tick->mark = asked ? asked->mark : 0;
  tick->preempted = asked ? asked->preempted : 0;
  tick->amount = asked ? asked->amount : 0;
  tick->subject = asked ? asked->subject : 0;
  tick->processor = bpf_get_smp_processor_id();
  tick->pid = pid;
  tick->tid = (u32)id;
  tick->uid = owner(task);
  tick->instruction = INSTRUCTION(&ctx->regs);
  tick->flags = (asked ? asked->flags : 0) | (IN_USER_MODE(&ctx->regs) ? IN_USER_MODE_FLAG : 0);
  struct leaf_mapping leaf = {};
  set_mapping(tick, &leaf);
  bpf_get_current_comm(tick->comm, sizeof(tick->comm));
  struct mm_struct *mm = 0;
  READ(mm, task, mm);
  if (!mm) {
    tick->flags |= NO_PROGRAM_FLAG; /* it is ending, and its memory is gone */
  }
  if (event == MEMORY) {
    ask_to_look(task, value, pid);
  }
  if (event == CPU && is_untold(task, value, tick->ktime)) {
    bpf_tail_call(ctx, &stages, TELL); /* does nothing where the kernel can't */
  }
  if (find_mapping && tick->flags & IN_USER_MODE_FLAG && is_new_code(task, value)) {
    bpf_find_vma(bpf_get_current_task_btf(), tick->instruction, note_mapping, &leaf, 0);
    set_mapping(tick, &leaf);
    ask_for_made_code(task, value, pid, leaf.made);
  }
  return unwind(ctx, tick, value);
}

SEC("perf_event/gate")
int gate(struct bpf_perf_event_data *ctx)
{
  return pass(ctx, 0, 0);
}

/* For kernels that have bpf_find_vma (5.17). */
SEC("perf_event/gate_with_mapping")
int gate_with_mapping(struct bpf_perf_event_data *ctx)
{
  return pass(ctx, 1, 0);
}

#include "waits.h"
#include "memory.h"
#include "waker.h"

/* Where the running task is in its own program. */
INLINE u64 instruction_of(struct task_struct *task, struct tick *tick)
{
  if (tick->flags & IN_USER_MODE_FLAG) {
    return tick->instruction;
  }
  const struct pt_regs *regs = (const struct pt_regs *)bpf_task_pt_regs(task);
  u64 instruction = 0;
  bpf_probe_read_kernel(&instruction, sizeof(instruction), &INSTRUCTION(regs));
  return instruction;
}

/* Tells the unwinder what the running process has mapped. It gives what it found, nothing where the mappings can't be walked
 * from here now. `instruction` is where the process is, if that is asked. */
INLINE struct found_value *tell_process(u32 place, u32 pid, struct wanted_value *value, u64 instruction, struct leaf_mapping *leaf)
{
  u64 began = bpf_ktime_get_ns();
  u32 zero = 0;
  struct task_struct *task = bpf_get_current_task_btf();
  struct found_value *now = bpf_map_lookup_elem(&found, &place);
  u64 *debt = bpf_map_lookup_elem(&telling_debt, &zero);
  if (!now || !debt) {
    return 0;
  }
  now->code.count = 0;
  now->looked_at = 0;
  now->is_mapped = 0;
  now->is_unknown = 0;
  now->is_incomplete = 0;
  struct mm_struct *mm = 0;
  void *vdso = 0;
  READ(mm, task, mm);
  READ(vdso, mm, context.vdso);
  struct bpf_iter_task_vma areas;
  struct vm_area_struct *area;
  if (bpf_iter_task_vma_new(&areas, task, 0)) {
    bpf_iter_task_vma_destroy(&areas);
    value->executable_pages = 0; /* again at the next occasion */
    value->tellings--;
    count(UNTOLD_LOCKED);
    return 0;
  }
  while ((area = bpf_iter_task_vma_next(&areas))) {
    if (++now->looked_at > LOOKED_AT) {
      now->is_mapped = 1;
      now->is_incomplete = 1;
      break;
    }
    u64 start = 0, end = 0;
    READ(start, area, vm_start);
    READ(end, area, vm_end);
    if (instruction >= start && instruction < end) {
      now->is_mapped = 1;
      note_mapping(task, area, leaf);
    }
    find_code(area, (u64)vdso, now, began);
  }
  bpf_iter_task_vma_destroy(&areas);
  if (tell(place, pid, &now->code)) {
    value->executable_pages = 0;
    now->is_incomplete = 1;
  }
  if (now->is_incomplete) {
    count(UNTOLD_ROOM);
  }
  value->untaken = 1;
  /* The mark by which the unwinder takes a process for a known one. Without it there is not even the kernel's stack. */
  struct page_key mark = {.prefix_length = PROCESS_BITS + ADDRESS_BITS, .pid = __builtin_bswap32(pid)};
  struct page_value empty = {};
  bpf_map_update_elem(&pid_page_to_mapping_info, &mark, &empty, BPF_NOEXIST);
  if (now->is_unknown) {
    send(task, UNKNOWN_MAPPING, pid, 0, value->recordings, BPF_RB_FORCE_WAKEUP);
  }
  *debt = (*debt > began ? *debt : began) + TELLING_SHARE * (bpf_ktime_get_ns() - began);
  return now;
}

/* A tick of a process whose mappings have changed. Newer kernels walk mappings only where interrupts are on, thus not here. */
SEC("perf_event/tell_mappings")
int tell_mappings(struct bpf_perf_event_data *ctx)
{
  u32 pid = bpf_get_current_pid_tgid() >> 32, zero = 0;
  struct tick *tick = bpf_map_lookup_elem(&pending, &zero);
  struct wanted_value *value = bpf_map_lookup_elem(&wanted, &pid);
  if (!tick || !value) {
    return 0;
  }
  struct task_struct *task = bpf_get_current_task_btf();
  struct leaf_mapping leaf = {};
  struct found_value *now = tell_process(AT_TICK, pid, value, instruction_of(task, tick), &leaf);
  if (now) {
    tick->flags |= now->is_mapped ? 0 : NO_PROGRAM_FLAG;
  } else {
    bpf_find_vma(task, tick->instruction, note_mapping, &leaf, 0);
  }
  if (tick->flags & IN_USER_MODE_FLAG) {
    set_mapping(tick, &leaf);
    ask_for_made_code(task, value, pid, leaf.made);
  }
  return unwind(ctx, tick, value);
}

/* A young process is about to map more: what it has mapped before is told now. A library's code is told when the next mapping
 * is made, at the latest for the C library's own memory. */
SEC("tp_btf/vm_unmapped_area")
int tell_before_mapping(u64 *ctx)
{
  u32 pid = bpf_get_current_pid_tgid() >> 32;
  struct wanted_value *value = bpf_map_lookup_elem(&wanted, &pid);
  if (value && is_untold((struct task_struct *)bpf_get_current_task(), value, bpf_ktime_get_ns())) {
    struct leaf_mapping leaf = {};
    tell_process(AT_MAPPING, pid, value, 0, &leaf);
  }
  return 0;
}

SEC("tp_btf/sched_process_fork")
int forked(u64 *ctx)
{
  struct task_struct *parent = (struct task_struct *)ctx[0];
  struct task_struct *child = (struct task_struct *)ctx[1];
  u32 child_pid = 0, child_tid = 0, parent_pid = 0, zero = 0;
  READ(child_tid, child, pid);
  READ(child_pid, child, tgid);
  READ(parent_pid, parent, tgid);
  if (child_tid != child_pid) {
    struct wanted_value *process = bpf_map_lookup_elem(&wanted, &parent_pid);
    if (process && process->recordings & events_of(WAIT)) {
      set_mark(child_tid, BORN);
    }
    return 0;
  }
  struct wanted_value *value = bpf_map_lookup_elem(&wanted, &parent_pid);
  u64 *inherit = bpf_map_lookup_elem(&inheriting, &zero);
  u64 recordings = value && inherit ? value->recordings & *inherit : 0;
  if (!recordings) {
    /* The pid may have been a wanted process's that user space has not forgotten yet. */
    bpf_map_delete_elem(&wanted, &child_pid);
    return 0;
  }
  struct wanted_value inherited = {.recordings = recordings};
  if (bpf_map_update_elem(&wanted, &child_pid, &inherited, BPF_ANY)) {
    count(WANTED_FULL);
  }
  if (recordings & events_of(WAIT)) {
    set_mark(child_tid, BORN);
  }
  send(child, FORKED, child_pid, parent_pid, recordings, forks_are_urgent ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
  return 0;
}

/* In linux_binprm.interp_flags: of an executable that its user may not read. */
#define MUST_NOT_BE_DUMPED 1

SEC("tp_btf/sched_process_exec")
int executed(u64 *ctx)
{
  struct task_struct *task = (struct task_struct *)ctx[0];
  struct linux_binprm *program = (struct linux_binprm *)ctx[2];
  u32 pid = 0, parent_pid = 0;
  struct task_struct *parent = 0;
  struct mm_struct *mm = 0;
  const char *filename = 0;
  unsigned long start = 0, end = 0;
  u32 flags = 0;
  READ(pid, task, tgid);
  READ(parent, task, real_parent);
  READ(parent_pid, parent, tgid);

  struct wanted_value *value = bpf_map_lookup_elem(&wanted, &pid);
  u64 recordings = 0;
  if (value) {
    recordings = value->recordings;
    value->announced_at = 0;
    value->announcements = 0;
  }
  struct exec_event *exec = bpf_ringbuf_reserve(&lifecycle, sizeof(*exec), 0);
  if (!exec) {
    count(LIFECYCLE_LOST);
    return 0;
  }
  exec->event.kind = EXECUTED;
  exec->event.pid = pid;
  exec->event.parent = parent_pid;
  READ(flags, program, interp_flags);
  exec->event.uid = flags & MUST_NOT_BE_DUMPED ? MIXED_UID : owner(task);
  exec->event.ktime = bpf_ktime_get_ns();
  exec->event.start_boottime = started(task);
  exec->event.recordings = recordings;
  READ(filename, program, filename);
  long length = bpf_probe_read_kernel_str(exec->filename, FILENAME_BYTES, filename);
  exec->filename_length = length > 0 ? length - 1 : 0;

  READ(mm, task, mm);
  READ(start, mm, arg_start);
  READ(end, mm, arg_end);
  u64 size = end - start;
  if (size > ARGUMENT_BYTES) {
    size = ARGUMENT_BYTES;
  }
  exec->argument_length = 0;
  if (size && !bpf_probe_read_user(exec->arguments, size, (const void *)start)) {
    exec->argument_length = size;
  }
  bpf_ringbuf_submit(exec, BPF_RB_FORCE_WAKEUP);
  return 0;
}

#include "calls.h"
#include "allocations.h"
#include "bytes.h"

SEC("tp_btf/sched_process_exit")
int exited(u64 *ctx)
{
  struct task_struct *task = (struct task_struct *)ctx[0];
  struct signal_struct *signal = 0;
  atomic_t live = {};
  u32 pid = 0;
  forget_thread(task);
  READ(signal, task, signal);
  READ(live, signal, live);
  READ(pid, task, tgid);
  struct wanted_value *value = bpf_map_lookup_elem(&wanted, &pid);
  if (value && value->recordings) {
    bytes_of_thread(task, pid);
  }
  if (live.counter > 0) {
    return 0; /* other threads of the process still run */
  }
  if (value) {
    /* The entry stays until user space has read this: the rest of the exit is still the process's time. */
    struct exit_event event = {.event = {
      .kind = EXITED, .pid = pid, .uid = owner(task), .ktime = bpf_ktime_get_ns(), .start_boottime = started(task),
      .recordings = value->recordings,
    }};
    bytes_at_end(&event, task, signal);
    if (bpf_ringbuf_output(&lifecycle, &event, sizeof(event), BPF_RB_NO_WAKEUP)) {
      count(LIFECYCLE_LOST);
    }
  }
  return 0;
}

/* A young process maps its libraries: its stacks can be unwound only once the engine knows them. The engine asks by
 * itself when it meets unknown code, which costs the sample; a process of a few milliseconds has no other. */
#define ANNOUNCEMENTS 6
#define BETWEEN_ANNOUNCEMENTS_NS 500000

SEC("tp_btf/vm_unmapped_area")
int mapping(u64 *ctx)
{
  u32 pid = bpf_get_current_pid_tgid() >> 32;
  struct wanted_value *value = bpf_map_lookup_elem(&wanted, &pid);
  if (!value || value->announcements >= ANNOUNCEMENTS) {
    return 0;
  }
  u64 now = bpf_ktime_get_ns();
  if (now - value->announced_at < BETWEEN_ANNOUNCEMENTS_NS) {
    return 0;
  }
  value->announced_at = now;
  value->announcements++;
  send((struct task_struct *)bpf_get_current_task(), MAPPING, pid, 0, value->recordings, BPF_RB_FORCE_WAKEUP);
  return 0;
}

char _license[] SEC("license") = "GPL";
