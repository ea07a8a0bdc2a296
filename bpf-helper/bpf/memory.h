/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Growth: pages that the kernel gives to wanted processes. The event of minor faults comes once a page is there.
 *
 *     a page is there ── is it one of those that are taken? ── no, of 63 in 64: done
 *                          └── tick and stack, as for CPU time, with the page's address
 *
 * Of each 64 pages that lie together one is taken, always the same: where memory grows in one piece, as it does by tens
 * of megabytes, a line's share is exact but for its ends; and a page that is given back and comes again is seen again.
 * Where stacks get dense, one page of 256, 1024 or 4096 is taken, each a part of the larger choice, and stands for as
 * many; of the others only the address is told, so that a page which is known to have come before is known to have gone.
 * User space looks which of the pages are still there.
 *
 * A huge page comes by one fault. So the first fault in a stretch that may be a huge page is taken for itself, as
 * `OPENS_FLAG`, and user space looks whether the whole stretch is there.
 */
#ifndef FLAMELINE_MEMORY_H
#define FLAMELINE_MEMORY_H
#include "kernel.h"

#define FIRST_BITS 6   /* one page in 2^6 is taken */
#define BITS_A_STEP 2  /* a quarter of those at each step of thinning */
#define MOST_STEPS_OF_THINNING 3

#define VM_WRITE 2
#define VM_SHARED 8
#define VM_HUGEPAGE 0x20000000
#define VM_NOHUGEPAGE 0x40000000

struct memory_settings {
  u64 between_ns; /* a stack in so much time in the long run, of each process and on each processor */
  u64 burst_ns;   /* so much of that may be taken ahead before stacks are thinned, and again before each further step */
  u32 page_bits;  /* the logarithm of a page's size */
  u32 huge_bits;  /* of a huge page's; 0 where there are none */
  u32 huge_always; /* also where no program asked for them */
  u32 padding;
};
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, struct memory_settings);
} memory_settings SEC(".maps");

/* Of this processor. */
struct growth_here {
  u64 debt;   /* up to when it has spent its stacks */
  u64 latest; /* the stretch of its latest fault, as in `stretches`: mostly the next one's too */
};
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, struct growth_here);
} growth_here SEC(".maps");

/* Stretches of a huge page's size in which there was a fault lately, by a hash of process, stretch and time. */
#define STRETCHES 8192
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, STRETCHES);
  __type(key, u32);
  __type(value, u64);
} stretches SEC(".maps");
/* A stretch opens anew after 2^2 jiffies, 4 to 40 ms: what was there may have been given back. */
#define WINDOW_BITS 2

/* mremap has moved memory without a fault; or a page came, or what may be a huge page opened, whose stack was not taken only as stacks
 * are thinned: the length is PAGE_CAME or STRETCH_OPENED. */
#define PAGE_CAME 0
#define STRETCH_OPENED 1
struct memory_move {
  u64 ktime;
  u64 start_boottime;
  u64 from;
  u64 to;
  u64 length;
  u32 pid;
  u32 padding;
};
struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 1 << 18);
} moves SEC(".maps");

INLINE void tell_move(struct memory_move *move)
{
  if (bpf_ringbuf_output(&moves, move, sizeof(*move), BPF_RB_NO_WAKEUP)) {
    count(MOVES_LOST);
  }
}

INLINE u64 scatter(u64 value)
{
  value *= 0x9e3779b97f4a7c15ull;
  return value ^ (value >> 32);
}

/* Whether one of several is left after some steps of thinning: of each four neighbours one a step. */
INLINE int is_left(u64 number, u32 steps)
{
  for (u32 i = 0; i < MOST_STEPS_OF_THINNING; i++) {
    if (i < steps && ((number ^ scatter(number >> BITS_A_STEP)) & ((1 << BITS_A_STEP) - 1))) {
      return 0;
    }
    number >>= BITS_A_STEP;
  }
  return 1;
}

INLINE int is_taken(u64 page)
{
  return !((page ^ scatter(page >> FIRST_BITS)) & ((1 << FIRST_BITS) - 1));
}

INLINE u64 hash_of_stretch(u32 pid, u64 stretch) { return scatter(stretch ^ ((u64)pid << 40)); }

/* Whether the latest fault on this processor was not in the same stretch, so that it may be the first there. */
INLINE int is_elsewhere(struct growth_here *here, u64 hash)
{
  u64 seen = hash ^ (bpf_jiffies64() >> WINDOW_BITS) << 32;
  if (here->latest == seen) {
    return 0;
  }
  here->latest = seen;
  return 1;
}

/* Whether nothing was seen of a stretch of this process lately. It may say so too often. */
INLINE int opens(u64 seen, u64 hash)
{
  u32 at = hash % STRETCHES;
  u64 *known = bpf_map_lookup_elem(&stretches, &at);
  if (!known || *known == seen) {
    return 0;
  }
  *known = seen;
  return 1;
}

INLINE u32 steps_ahead(u64 debt, u64 now, struct memory_settings *settings)
{
  u64 steps = debt > now ? (debt - now) / (settings->burst_ns | 1) : 0;
  return steps > MOST_STEPS_OF_THINNING ? MOST_STEPS_OF_THINNING : steps;
}

INLINE void spend(u64 *debt, u64 now, u64 ns) { *debt = (*debt > now ? *debt : now) + ns; }

struct area {
  u64 start, end, flags;
  u32 found;
  u32 has_file;
};

static long note_area(struct task_struct *task, struct vm_area_struct *from, struct area *area)
{
  struct file *file = 0;
  READ(area->start, from, vm_start);
  READ(area->end, from, vm_end);
  READ(area->flags, from, vm_flags);
  READ(file, from, vm_file);
  area->has_file = file != 0;
  area->found = 1;
  return 0;
}

/* Before 6.1 each thread remembers the mappings that it had to do with last. */
INLINE void find_remembered(struct task_struct *task, u64 address, struct area *area)
{
  struct task_struct___until_6_0 *old = (void *)task;
  if (!HAS(old, vmacache)) {
    return;
  }
  for (u32 i = 0; i < 4; i++) {
    struct vm_area_struct *remembered = 0;
    struct area one = {};
    READ(remembered, old, vmacache.vmas[i]);
    if (!remembered) {
      continue;
    }
    note_area(task, remembered, &one);
    if (address >= one.start && address < one.end) {
      *area = one;
      return;
    }
  }
}

INLINE int may_be_huge(struct area *area, u64 address, struct memory_settings *settings)
{
  u64 size = 1ull << (settings->huge_bits & 63), start = address & ~(size - 1);
  return area->found && !area->has_file && !(area->flags & VM_NOHUGEPAGE) &&
         (settings->huge_always || area->flags & VM_HUGEPAGE) && area->start <= start && area->end >= start + size;
}

/* Memory of a file that nobody can write, or that others share, is not the process's own. */
INLINE int may_grow(struct area *area)
{
  return !area->found || !area->has_file || ((area->flags & VM_WRITE) && !(area->flags & VM_SHARED));
}

INLINE int grown(struct bpf_perf_event_data *ctx, int with_areas)
{
  u32 zero = 0;
  struct memory_settings *settings = bpf_map_lookup_elem(&memory_settings, &zero);
  if (!settings) {
    return 0;
  }
  u64 address = ctx->addr, page = address >> (settings->page_bits & 63);
  u32 pid = bpf_get_current_pid_tgid() >> 32;
  struct growth_here *here = bpf_map_lookup_elem(&growth_here, &zero);
  if (!here) {
    return 0;
  }
  /* Most faults end here: this runs at every fault of the machine. */
  u64 hash = hash_of_stretch(pid, address >> (settings->huge_bits & 63));
  int taken = is_taken(page), first = settings->huge_bits && is_elsewhere(here, hash);
  if (!taken && !first) {
    return 0;
  }
  struct wanted_value *value = bpf_map_lookup_elem(&wanted, &pid);
  if (!value || !(value->recordings & events_of(MEMORY))) {
    return 0;
  }
  first = first && opens(here->latest, hash);
  if (!taken && !first) {
    return 0;
  }
  u64 *debt = &here->debt;
  struct area area = {};
  if (with_areas) {
    bpf_find_vma(bpf_get_current_task_btf(), address, note_area, &area, 0);
  } else {
    find_remembered((struct task_struct *)bpf_get_current_task(), address, &area);
  }
  u64 now = bpf_ktime_get_ns();
  u32 of_process = steps_ahead(value->growth_debt, now, settings), steps = steps_ahead(*debt, now, settings);
  if (of_process > steps) {
    steps = of_process;
  }
  taken = taken && may_grow(&area);
  first = first && may_be_huge(&area, address, settings);
  if (!taken && !first) {
    return 0;
  }
  int stays = taken && is_left(page >> FIRST_BITS, steps);
  int opens_it = first && is_left(address >> (settings->huge_bits & 63), steps ? steps - 1 : 0); /* there are an eighth as many */
  if (first ? !opens_it : !stays) {
    struct memory_move again = {
      .ktime = now, .start_boottime = started((struct task_struct *)bpf_get_current_task()), .from = address,
      .length = first ? STRETCH_OPENED : PAGE_CAME, .pid = pid,
    };
    tell_move(&again);
  }
  if (!stays && !opens_it) {
    return 0;
  }
  spend(debt, now, settings->between_ns);
  spend(&value->growth_debt, now, settings->between_ns);
  struct asked asked = {
    .event = MEMORY, .subject = address, .amount = 1ull << BITS_A_STEP * steps,
    .flags = (stays ? TAKEN_FLAG : 0) | (opens_it ? OPENS_FLAG : 0) | (area.found && !area.has_file ? ANONYMOUS_FLAG : 0),
  };
  return pass(ctx, 0, &asked);
}

SEC("perf_event/gate_of_growth")
int gate_of_growth(struct bpf_perf_event_data *ctx)
{
  return grown(ctx, 0);
}

/* For kernels that have bpf_find_vma (5.17). */
SEC("perf_event/gate_of_growth_with_areas")
int gate_of_growth_with_areas(struct bpf_perf_event_data *ctx)
{
  return grown(ctx, 1);
}

/* The kernel has found room for a new mapping: if it is for mremap, what was elsewhere comes there. */
SEC("tp_btf/vm_unmapped_area")
int moved(u64 *ctx)
{
  u32 pid = bpf_get_current_pid_tgid() >> 32;
  struct wanted_value *value = bpf_map_lookup_elem(&wanted, &pid);
  if (!value || !(value->recordings & events_of(MEMORY))) {
    return 0;
  }
  struct task_struct *task = bpf_get_current_task_btf();
  struct pt_regs *regs = bpf_task_pt_regs(task);
  u32 zero = 0;
  struct memory_settings *settings = bpf_map_lookup_elem(&memory_settings, &zero);
  if (!settings || SYSTEM_CALL(regs) != MREMAP || ctx[0] & 0xfff) {
    return 0; /* another call, or an error */
  }
  u64 to = ctx[0], page = 1ull << (settings->page_bits & 63), huge = 1ull << (settings->huge_bits & 63);
  u64 wanted_length = (THIRD_ARGUMENT(regs) + page - 1) & ~(page - 1);
  unsigned long found_length = 0;
  READ(found_length, (struct vm_unmapped_area_info *)ctx[1], length);
  if (settings->huge_bits && found_length == wanted_length + huge) {
    /* Newer kernels look for a huge page more, and begin at the next one's start in it: __thp_get_unmapped_area. */
    to = (to + huge) & ~(huge - 1);
  }
  struct memory_move move = {
    .ktime = bpf_ktime_get_ns(), .start_boottime = started(task), .from = FIRST_ARGUMENT(regs), .to = to,
    .length = SECOND_ARGUMENT(regs) < THIRD_ARGUMENT(regs) ? SECOND_ARGUMENT(regs) : THIRD_ARGUMENT(regs), .pid = pid,
  };
  tell_move(&move);
  return 0;
}

#endif
