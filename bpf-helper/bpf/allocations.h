/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Allocations: bytes that wanted processes ask of their allocator, and which of them they give back, as long as a box is open.
 *
 *     malloc & co. ── is one of its bytes drawn? ── no: done
 *          │           └──► `ticks` ──► tail call: the unwinder for probes ──► ring of traces
 *     return ── of a drawn one: its address goes into `blocks_held`; HELD
 *     free ── is the address in `blocks_held`? ── FREED
 *
 * Probes cost a trap at each call, whatever the program then does, so nothing but calls of the allocator is probed, of wanted
 * processes only, and user space takes the probes away after some seconds, or when they cost too much.
 *
 * Bytes are drawn as a Poisson process does: the way to the next drawn byte has an exponential distribution, which has no
 * memory, so one way on each processor does for all processes, and it may be stretched at any time.
 */
#ifndef FLAMELINE_ALLOCATIONS_H
#define FLAMELINE_ALLOCATIONS_H
#include "kernel.h"

#define LEAST_MEAN (1 << 15)          /* bytes between two drawn ones, on average */
#define MOST_MEAN (1 << 26)
#define STACKS_OF_ALLOCATIONS 200     /* in an eighth of a second on a processor: 1,600 a second; beyond, the mean is doubled */
#define LONGEST_CALL_NS 1000000000ULL /* a call that seems under way for longer was left by another way than its return */
#define LONGEST_UNWINDING_NS 20000000ULL

/* Of entries: the kernel steps over the probed instruction, which takes a second trap, or emulates it. It is the probe's cookie. */
enum allocations_counter { STEPPED, EMULATED, RETURNS, CALLS, BLOCKS_UNTOLD, ALLOCATIONS_COUNTERS };
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, ALLOCATIONS_COUNTERS);
  __type(key, u32);
  __type(value, u64);
} allocations_counters SEC(".maps");

INLINE void count_allocation(u32 counter)
{
  u64 *value = bpf_map_lookup_elem(&allocations_counters, &counter);
  if (value) {
    ++*value;
  }
}

INLINE void count_entry(struct pt_regs *ctx)
{
  count_allocation(CALLS);
  count_allocation(bpf_get_attach_cookie(ctx) == EMULATED ? EMULATED : STEPPED);
}

/* How far this processor is on the way to the next drawn byte. */
struct way {
  s64 left;
  u64 mean; /* 0 before the first */
  u32 window;
  u32 stacks;
};
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, struct way);
} ways SEC(".maps");

/* A thread's call of the allocator that is under way: one that was drawn, or that may call another of those that are probed. */
struct allocating {
  u64 began;
  u64 stack;        /* the stack pointer at its beginning */
  u64 id;           /* of the stack that was taken; 0 for none */
  u64 result;       /* where posix_memalign puts the address; 0 where it is returned */
  u64 size;
  u64 was;          /* of realloc: the block that was taken out of `blocks_held`, and its id */
  u64 was_id;
  u32 processor;
  u32 padding;
};
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 8192);
  __type(key, u32);
  __type(value, struct allocating);
} allocating SEC(".maps");

struct block_key { u64 address; u32 pid; u32 padding; };
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 65536);
  __type(key, struct block_key);
  __type(value, u64);
} blocks_held SEC(".maps");

enum block_kind { HELD = 1, FREED = 2, FAILED = 3, UNFOLLOWED = 4 };
struct block_record { u64 ktime, id; u32 kind, padding; };
struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 1 << 20);
} blocks SEC(".maps");

/* Since when a stack is being taken on each processor: a probe's program may be interrupted by another thread, which has to leave the
 * unwinder alone. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1024);
  __type(key, u32);
  __type(value, u64);
} unwinding SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, u32);
} allocation_stages SEC(".maps");

INLINE void tell_block(u64 id, u32 kind)
{
  struct block_record record = {.ktime = bpf_ktime_get_ns(), .id = id, .kind = kind};
  if (bpf_ringbuf_output(&blocks, &record, sizeof(record), BPF_RB_NO_WAKEUP)) {
    count_allocation(BLOCKS_UNTOLD);
  }
}

#define FRACTION_BITS 16
#define LN_2 45426 /* times 2^FRACTION_BITS */

/* A draw from the exponential distribution with that mean, by inversion: -ln(u) * mean for u evenly in (0, 1]. The binary logarithm's
 * digits come by squaring: Knuth, The Art of Computer Programming, volume 1, 1.2.2, exercise 25 and before. */
INLINE u64 draw(u64 mean)
{
  u64 u = (u64)bpf_get_prandom_u32() + 1, logarithm = 0;
  for (u32 i = 0; i < 32 && u < 1ull << 32; i++) {
    u <<= 1;
    logarithm++; /* u was below 1 / 2^i */
  }
  u64 mantissa = u >> 1, digits = 0; /* in [1, 2), with 31 bits behind the point */
  for (u32 i = 0; i < FRACTION_BITS; i++) {
    mantissa = mantissa * mantissa >> 31;
    digits <<= 1;
    if (mantissa >> 32) {
      mantissa >>= 1;
      digits |= 1;
    }
  }
  u64 doublings = (logarithm << FRACTION_BITS) - digits;
  return (mean * (doublings * LN_2 >> FRACTION_BITS) >> FRACTION_BITS) + 1;
}

/* Whether one of so many bytes is drawn; then `mean` is how far apart they were. */
INLINE int is_drawn(struct way *way, u64 size, u64 now, u64 *mean)
{
  if (!way->mean) {
    way->mean = LEAST_MEAN;
    way->left = draw(LEAST_MEAN);
  }
  u32 window = now >> 27;
  if (way->window != window) {
    if (way->stacks < STACKS_OF_ALLOCATIONS * 7 / 16 && way->mean > LEAST_MEAN) { /* with half the mean there are still fewer than the most */
      way->mean >>= 1;
      way->left >>= 1;
    }
    way->window = window;
    way->stacks = 0;
  }
  way->left -= size;
  if (way->left > 0) {
    return 0;
  }
  *mean = way->mean;
  if (++way->stacks % STACKS_OF_ALLOCATIONS == 0 && way->mean < MOST_MEAN) {
    way->mean <<= 1;
  }
  way->left = draw(way->mean);
  return 1;
}

/* Whether another call of this thread is under way, which calls this one to do its work. */
INLINE int is_within(struct allocating *outer, u64 stack, u64 now)
{
  return outer && stack <= outer->stack && now - outer->began < LONGEST_CALL_NS;
}

INLINE int is_free_to_unwind(u32 processor, u64 now)
{
  u64 *since = bpf_map_lookup_elem(&unwinding, &processor);
  if (!since || (*since && now - *since < LONGEST_UNWINDING_NS)) {
    return 0;
  }
  *since = now;
  return 1;
}

INLINE void has_unwound(u32 processor)
{
  u64 *since = bpf_map_lookup_elem(&unwinding, &processor);
  if (since) {
    *since = 0;
  }
}

/* A process's recordings that want allocations. */
INLINE struct wanted_value *allocating_process(u32 pid)
{
  struct wanted_value *value = bpf_map_lookup_elem(&wanted, &pid);
  return value && value->recordings & events_of(ALLOCATE) ? value : 0;
}

/* Takes a block out of those that are held; its id, or 0. While it is given back it is the program's own, so nobody can have its
 * address yet. */
INLINE u64 take_out(u32 pid, u64 address)
{
  struct block_key key = {.address = address, .pid = pid};
  u64 *held = address ? bpf_map_lookup_elem(&blocks_held, &key) : 0;
  if (!held) {
    return 0;
  }
  u64 id = *held;
  bpf_map_delete_elem(&blocks_held, &key);
  return id;
}

INLINE long put_in(u32 pid, u64 address, u64 id)
{
  struct block_key key = {.address = address, .pid = pid};
  long failed = bpf_map_update_elem(&blocks_held, &key, &id, BPF_ANY);
  if (failed) {
    count_allocation(BLOCKS_UNTOLD);
  }
  return failed;
}

/* What was called: all but malloc may call another one that is probed. */
enum allocator { MALLOC, CALLOC, REALLOC, ALIGNED_ALLOC, POSIX_MEMALIGN };

INLINE int allocate(struct pt_regs *ctx, enum allocator allocator, u64 size, u64 result, u64 was)
{
  u64 id = bpf_get_current_pid_tgid(), now = bpf_ktime_get_ns(), mean = 0;
  u32 pid = id >> 32, tid = id, zero = 0, processor = bpf_get_smp_processor_id();
  count_entry(ctx);
  struct wanted_value *value = allocating_process(pid);
  struct way *way = bpf_map_lookup_elem(&ways, &zero);
  if (!value || !way) {
    return 0;
  }
  if (is_within(bpf_map_lookup_elem(&allocating, &tid), STACK(ctx), now)) {
    return 0;
  }
  struct allocating call = {.began = now, .stack = STACK(ctx), .result = result, .size = size, .was = was, .processor = processor};
  call.was_id = take_out(pid, was);
  int drawn = size && is_drawn(way, size, now, &mean);
  if (drawn && !is_free_to_unwind(processor, now)) {
    count(TICKS_LOST);
    drawn = 0;
  }
  if (drawn) {
    call.id = now << 10 | (processor & 1023);
  }
  if (!drawn && allocator == MALLOC) {
    return 0;
  }
  if (bpf_map_update_elem(&allocating, &tid, &call, BPF_ANY)) {
    count_allocation(BLOCKS_UNTOLD);
    if (call.was_id) {
      tell_block(call.was_id, FREED);
    }
    drawn = 0;
  }
  if (!drawn) {
    return 0;
  }
  struct task_struct *task = (struct task_struct *)bpf_get_current_task();
  struct tick tick = {
    .ktime = now, .start_boottime = started(task), .recordings = value->recordings & events_of(ALLOCATE), .event = ALLOCATE,
    .amount = size, .subject = mean, .mark = call.id, .processor = processor, .pid = pid, .tid = tid, .uid = owner(task),
    .instruction = INSTRUCTION(ctx), .preempted = allocator, .flags = IN_USER_MODE_FLAG,
  };
  ask_to_look(task, value, pid);
  if (value->untaken) {
    value->untaken = 0;
    tick.flags |= TOLD_FLAG;
  }
  bpf_get_current_comm(tick.comm, sizeof(tick.comm));
  if (bpf_ringbuf_output(&ticks, &tick, sizeof(tick), BPF_RB_NO_WAKEUP)) {
    count(TICKS_LOST);
  }
  bpf_tail_call(ctx, &allocation_stages, 0);
  count(UNWINDER_MISSED);
  return 0;
}

SEC("uprobe/allocates_size")
int allocates_size(struct pt_regs *ctx) { return allocate(ctx, MALLOC, FIRST_ARGUMENT(ctx), 0, 0); }

/* calloc: so many of a size. */
SEC("uprobe/allocates_many")
int allocates_many(struct pt_regs *ctx)
{
  u64 number = FIRST_ARGUMENT(ctx), size = SECOND_ARGUMENT(ctx);
  return allocate(ctx, CALLOC, number >> 32 || size >> 32 ? 0 : number * size, 0, 0);
}

/* realloc: another size for a block. */
SEC("uprobe/allocates_anew")
int allocates_anew(struct pt_regs *ctx) { return allocate(ctx, REALLOC, SECOND_ARGUMENT(ctx), 0, FIRST_ARGUMENT(ctx)); }

/* aligned_alloc and memalign: an alignment and a size. */
SEC("uprobe/allocates_aligned")
int allocates_aligned(struct pt_regs *ctx) { return allocate(ctx, ALIGNED_ALLOC, SECOND_ARGUMENT(ctx), 0, 0); }

/* posix_memalign: where to put the address, an alignment, and a size. */
SEC("uprobe/allocates_into")
int allocates_into(struct pt_regs *ctx) { return allocate(ctx, POSIX_MEMALIGN, THIRD_ARGUMENT(ctx), FIRST_ARGUMENT(ctx), 0); }

SEC("uprobe/allocated")
int allocated(struct pt_regs *ctx)
{
  u64 id = bpf_get_current_pid_tgid();
  u32 pid = id >> 32, tid = id;
  count_allocation(RETURNS);
  struct allocating *call = bpf_map_lookup_elem(&allocating, &tid);
  if (!call || STACK(ctx) < call->stack + RETURN_ADDRESS_BYTES) {
    return 0; /* not drawn, or of a call within */
  }
  struct allocating done = *call;
  bpf_map_delete_elem(&allocating, &tid);
  u64 address = RETURNED(ctx);
  if (done.result) {
    u64 failed = (u32)address;
    address = 0;
    if (!failed) {
      bpf_probe_read_user(&address, sizeof(address), (const void *)done.result);
    }
  }
  if (done.was_id && (address || !done.size || put_in(pid, done.was, done.was_id))) {
    tell_block(done.was_id, FREED); /* else realloc has failed, and the block is as it was */
  }
  if (!done.id) {
    return 0;
  }
  has_unwound(done.processor);
  tell_block(done.id, !address ? FAILED : put_in(pid, address, done.id) ? UNFOLLOWED : HELD);
  return 0;
}

SEC("uprobe/frees")
int frees(struct pt_regs *ctx)
{
  u32 pid = bpf_get_current_pid_tgid() >> 32;
  count_entry(ctx);
  u64 id = allocating_process(pid) ? take_out(pid, FIRST_ARGUMENT(ctx)) : 0;
  if (id) {
    tell_block(id, FREED);
  }
  return 0;
}

#endif
