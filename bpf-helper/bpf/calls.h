/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Calls: what threads of wanted processes read, write, send and receive.
 *
 *     raw tracepoint sys_exit ── not wanted, or nothing transferred: done
 *          └──► `places` (bytes and calls, exact) ──► is one of its bytes drawn? ──► `ticks` ──► tail call: the unwinder for
 *               raw tracepoints ──► ring of traces
 *
 * It is loaded only for recordings that ask for it: while it is attached, every system call of the machine takes the longer way.
 *
 * A place is a process, a file or peer, an event, where in the program the call is, and about how many bytes it transferred. Of the
 * calls at a place each is taken as long as there are few, else every `stride`th: each call adds 1/stride to the place's phase, which
 * begins at random, and one that makes it pass a whole number is taken and stands for `stride` calls. So each call's chance is just what it
 * stands for, also where the stride changes, as that depends on calls that were made and never on which were taken. User space then brings
 * sums in line with the place's exact count. Strides are prime and change seldom, so that calls which come in a regular pattern, as the
 * lines of a loop do, are taken equally often: a pattern is met evenly but for one call at each change.
 */
#include "subjects.h"

#define BYTE_EVENTS 4 /* READ, WRITE, SEND, RECEIVE */
#define COMPAT_SEGMENT 0x23
/* About so many stacks are taken in an eighth of a second, at a place and on a processor, between half and just over twice as many. */
#define STACKS_OF_CALLS_AT_PLACE 32
#define STACKS_OF_CALLS 96
#define LONGEST_STRIDE 14
#define WINDOWS_TO_HALVE 4 /* what a place or processor without calls is remembered to have had */
#define WHOLE_PHASE (1ULL << 32)

enum call { NO_CALL, READS, WRITES, SENDS, RECEIVES, SENDS_MESSAGE, RECEIVES_MESSAGE, SENDS_MESSAGES, RECEIVES_MESSAGES, COPIES, RINGS, OPENS, CONNECTS, ACCEPTS };

INLINE enum call call_of(u32 number)
{
#if defined(__TARGET_ARCH_x86)
  switch (number) {
  case 0: case 17: case 19: case 295: case 327: return READS;   /* read, pread64, readv, preadv, preadv2 */
  case 1: case 18: case 20: case 296: case 328: return WRITES;  /* write, pwrite64, writev, pwritev, pwritev2 */
  case 44: return SENDS;                                        /* sendto */
  case 45: return RECEIVES;                                     /* recvfrom */
  case 46: return SENDS_MESSAGE;                                /* sendmsg */
  case 47: return RECEIVES_MESSAGE;                             /* recvmsg */
  case 307: return SENDS_MESSAGES;                              /* sendmmsg */
  case 299: return RECEIVES_MESSAGES;                           /* recvmmsg */
  case 40: case 275: case 276: case 278: case 326: return COPIES; /* sendfile, splice, tee, vmsplice, copy_file_range */
  case 426: return RINGS;                                       /* io_uring_enter */
  case 2: case 85: case 257: case 437: return OPENS;            /* open, creat, openat, openat2 */
  case 42: return CONNECTS;
  case 43: case 288: return ACCEPTS;                            /* accept, accept4 */
  }
#elif defined(__TARGET_ARCH_arm64)
  switch (number) {
  case 63: case 65: case 67: case 69: case 286: return READS;
  case 64: case 66: case 68: case 70: case 287: return WRITES;
  case 206: return SENDS;
  case 207: return RECEIVES;
  case 211: return SENDS_MESSAGE;
  case 212: return RECEIVES_MESSAGE;
  case 269: return SENDS_MESSAGES;
  case 243: return RECEIVES_MESSAGES;
  case 71: case 75: case 76: case 77: case 285: return COPIES;
  case 426: return RINGS;
  case 56: case 437: return OPENS;
  case 203: return CONNECTS;
  case 202: case 242: return ACCEPTS;
  }
#endif
  return NO_CALL;
}

/* The registers of a system call that is over: its number, its arguments, and where the program is. */
#if defined(__TARGET_ARCH_x86)
struct call_registers { struct pt_regs is; };
#define CALL_NUMBER(registers) ((u32)(registers)->is.orig_ax)
#define ARGUMENT_1(registers) ((registers)->is.di)
#define ARGUMENT_2(registers) ((registers)->is.si)
#define ARGUMENT_4(registers) ((registers)->is.r10)
#define ARGUMENT_5(registers) ((registers)->is.r8)
#define IS_COMPAT(registers) ((registers)->is.cs == COMPAT_SEGMENT)
#elif defined(__TARGET_ARCH_arm64)
struct call_registers { struct pt_regs is; u64 orig_x0; s32 number; u32 padding; };
#define CALL_NUMBER(registers) ((u32)(registers)->number)
#define ARGUMENT_1(registers) ((registers)->orig_x0)
#define ARGUMENT_2(registers) ((registers)->is.regs[1])
#define ARGUMENT_4(registers) ((registers)->is.regs[3])
#define ARGUMENT_5(registers) ((registers)->is.regs[4])
#define IS_COMPAT(registers) (((registers)->is.pstate & 0x10) != 0)
#endif

/* What is counted of a process and a file or peer. The first four are bytes and calls, as the events of the same order. */
enum counted { READ_BYTES, WRITTEN_BYTES, SENT_BYTES, RECEIVED_BYTES, COPIED_BYTES, RING_CALLS, OPENED, CONNECTED, ACCEPTED, LOOKED_UP, RING_OPERATIONS };

/* How often stacks are taken, and of how many it would be each in an eighth of a second. */
struct pace {
  u32 level;  /* of the stride */
  u32 window; /* which eighth of a second */
  u32 seen;   /* in it */
  u32 peak;   /* of the last ones; falls within a second, so that a short pause or another processor changes nothing */
  u32 part;   /* of one that is seen, in parts of 2^32 */
};

struct place_key {
  u64 subject;
  u32 pid;
  u16 counted;
  u16 mark;
};
struct call_place {
  u64 bytes, calls, recordings, start_boottime;
  u32 uid;
  u32 phase; /* how far it is to the next that is taken, in parts of 2^32 */
  u32 level; /* of the stride in use: the sum of the place's own and the processor's, or one more */
  struct pace pace;
};
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 16384);
  __type(key, struct place_key);
  __type(value, struct call_place);
} places SEC(".maps");

struct calling {
  struct tick tick;
  struct call_registers registers;
  struct call_place new_place;
  struct pace pace; /* its level is added to those of places; what it has seen is what would be taken without it */
};
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, struct calling);
} calling SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, u32);
} call_stages SEC(".maps");

/* Primes near the powers of two, but none of which loops often have a multiple. */
INLINE u32 stride_of(u32 level)
{
  switch (level) {
  case 0: return 1;
  case 1: return 7;
  case 2: return 7;
  case 3: return 11;
  case 4: return 17;
  case 5: return 37;
  case 6: return 67;
  case 7: return 131;
  case 8: return 257;
  case 9: return 521;
  case 10: return 1031;
  case 11: return 2053;
  case 12: return 4099;
  case 13: return 8209;
  default: return 16411;
  }
}

/* The logarithm of a number, rounded down. */
INLINE u32 log2_of(u64 number)
{
  u32 logarithm = 0;
  for (u32 bits = 32; bits >= 1; bits >>= 1) {
    if (number >> bits) {
      number >>= bits;
      logarithm += bits;
    }
  }
  return logarithm;
}

/* Takes in `parts` of 2^32 of a call, and sets the level that lets about `stacks` through: at once where there come too many, and with
 * room for a factor of four and a bit before it changes. */
INLINE void keep_pace(struct pace *pace, u32 window, u64 parts, u32 stacks)
{
  if (pace->window != window) {
    u32 away = (window - pace->window) / WINDOWS_TO_HALVE;
    u32 peak = (pace->peak - pace->peak / 4) >> (away < 31 ? away : 31);
    peak = pace->seen > peak ? pace->seen : peak;
    u32 taken = peak >> pace->level;
    if (taken > 2 * stacks + stacks / 4 || taken < stacks / 2) {
      u32 level = log2_of(peak / stacks);
      pace->level = level < LONGEST_STRIDE ? level : LONGEST_STRIDE;
    }
    pace->peak = peak;
    pace->window = window;
    pace->seen = 0;
  }
  u64 part = pace->part + parts;
  pace->part = part;
  pace->seen += part >> 32;
  if (pace->seen >> pace->level > 3 * stacks && pace->level < LONGEST_STRIDE) {
    pace->level++;
  }
}

/* How many calls the stack of this one stands for; 0: it is not taken. */
INLINE u64 stands_for(struct call_place *place, struct calling *here, u64 now)
{
  u32 window = now >> 27, is_first = !place->pace.window, is_new = !place->pace.peak;
  keep_pace(&place->pace, window, WHOLE_PHASE, STACKS_OF_CALLS_AT_PLACE);
  /* A new place is still on the way to its level: it asks the processor for no more than it will ask for then. */
  u32 is_settled = !is_new || place->pace.seen <= 2 * STACKS_OF_CALLS_AT_PLACE;
  keep_pace(&here->pace, window, is_settled ? WHOLE_PHASE >> place->pace.level : 0, STACKS_OF_CALLS);
  /* Processors ask for levels of their own: a thread that moves to and fro changes nothing as long as they are neighbours. */
  u32 level = place->pace.level + here->pace.level;
  if (level > place->level || level + 1 < place->level) {
    place->level = level;
  }
  u32 stride = stride_of(place->level);
  u64 phase = place->phase + (WHOLE_PHASE + stride / 2) / stride;
  place->phase = phase;
  return phase >> 32 ? stride : is_first; /* bytes of a place without any stack would be of no line */
}

/* Counts a call, and gives its place. */
INLINE struct call_place *add_call(struct calling *here, struct task_struct *task, struct place_key *key, u64 bytes, u64 recordings)
{
  struct call_place *place = bpf_map_lookup_elem(&places, key);
  if (!place) {
    here->new_place.start_boottime = started(task);
    here->new_place.uid = owner(task);
    here->new_place.phase = bpf_get_prandom_u32();
    if (bpf_map_update_elem(&places, key, &here->new_place, BPF_NOEXIST)) {
      key->subject = OTHERS;
      key->mark = 0;
      bpf_map_update_elem(&places, key, &here->new_place, BPF_NOEXIST);
    }
    place = bpf_map_lookup_elem(&places, key);
    if (!place) {
      count(CALLS_UNCOUNTED);
      return 0;
    }
  }
  __sync_fetch_and_add(&place->bytes, bytes);
  __sync_fetch_and_add(&place->calls, 1);
  place->recordings = recordings;
  return place;
}

/* Where in the program a call is. Stacks of threads and of goroutines begin at round addresses: the last bits of the stack pointer
 * tell the callers apart, and not the threads. */
#define STACK_OFFSET 0x7ff

INLINE u16 place_of_call(struct pt_regs *registers, u64 bytes)
{
  u32 class = log2_of(bytes); /* in quarters: sizes of the same are at most a fifth apart */
  u64 quarter = class > 2 ? bytes >> (class - 2) & 3 : 0;
  u64 mark = mix(mix(INSTRUCTION(registers), STACK(registers) & STACK_OFFSET), class << 2 | quarter);
  return mark ^ (mark >> 16) ^ (mark >> 32) ^ (mark >> 48);
}

/* The messages of sendmmsg and recvmmsg: 56 bytes of a message's header, then what was transferred. */
#define MESSAGE_BYTES 64
#define MESSAGE_LENGTH_AT 56
#define MOST_MESSAGES 64

INLINE u64 bytes_of_messages(u64 messages, s64 number)
{
  u64 sum = 0;
  for (int i = 0; i < MOST_MESSAGES && i < number; i++) {
    u32 length = 0;
    bpf_probe_read_user(&length, sizeof(length), (const void *)(messages + i * MESSAGE_BYTES + MESSAGE_LENGTH_AT));
    sum += length;
  }
  return sum;
}

#define IN_PROGRESS (-115)
#define PEEK_FLAG 2
#define ERROR_QUEUE_FLAG 0x2000
#define NAME_SERVICE 53

SEC("raw_tracepoint/sys_exit")
int called(u64 *ctx)
{
  s64 result = (s64)ctx[1];
  if (result < 0 && result != IN_PROGRESS) {
    return 0;
  }
  u64 id = bpf_get_current_pid_tgid();
  u32 pid = id >> 32, zero = 0;
  struct wanted_value *value = bpf_map_lookup_elem(&wanted, &pid);
  if (!value || !value->recordings) {
    return 0;
  }
  struct calling *here = bpf_map_lookup_elem(&calling, &zero);
  if (!here || bpf_probe_read_kernel(&here->registers, sizeof(here->registers), (const void *)ctx[0])) {
    return 0;
  }
  struct call_registers *registers = &here->registers;
  enum call call = call_of(CALL_NUMBER(registers));
  if (call == NO_CALL || (result <= 0 && call < OPENS)) {
    return 0;
  }
  u64 recordings = value->recordings & (events_of(READ) | events_of(WRITE) | events_of(SEND) | events_of(RECEIVE));
  if (!recordings) {
    return 0;
  }
  if (IS_COMPAT(registers)) {
    count(CALLS_UNCOUNTED); /* numbers and arguments are others */
    return 0;
  }
  struct task_struct *task = (struct task_struct *)bpf_get_current_task();
  u64 bytes = result, name = 0;
  u32 number = call == OPENS || call == ACCEPTS ? (u32)result : (u32)ARGUMENT_1(registers);
  if (call == SENDS || call == RECEIVES) {
    if (call == RECEIVES && ARGUMENT_4(registers) & (PEEK_FLAG | ERROR_QUEUE_FLAG)) {
      return 0;
    }
    name = ARGUMENT_5(registers);
  } else if (call >= SENDS_MESSAGE && call <= RECEIVES_MESSAGES) {
    bpf_probe_read_user(&name, sizeof(name), (const void *)ARGUMENT_2(registers));
    if (call >= SENDS_MESSAGES) {
      bytes = bytes_of_messages(ARGUMENT_2(registers), result);
    }
  }
  struct subject_room *room = bpf_map_lookup_elem(&subject_rooms, &zero);
  if (!room) {
    return 0;
  }
  find_subject(number, name);
  struct subject *subject = &room->subject;
  u32 is_in = call == READS || call == RECEIVES || call == RECEIVES_MESSAGE || call == RECEIVES_MESSAGES;
  u32 event = subject->is_socket ? (is_in ? RECEIVE : SEND) : is_in ? READ : WRITE, counted = event - READ;
  if (call >= COPIES) {
    counted = COPIED_BYTES + (call - COPIES);
    bytes = call == COPIES ? bytes : 0;
  } else {
    recordings &= events_of(event);
  }
  if (!recordings) {
    return 0;
  }
  struct place_key key = {.subject = subject->key, .pid = pid, .counted = counted};
  if (counted >= BYTE_EVENTS) {
    add_call(here, task, &key, bytes, recordings);
    return 0;
  }
  if (event == SEND && subject->port == NAME_SERVICE && subject->is_datagram) {
    key.counted = LOOKED_UP;
    add_call(here, task, &key, 0, recordings);
    key.counted = counted;
  }
  key.mark = place_of_call(&registers->is, bytes);
  struct call_place *place = add_call(here, task, &key, bytes, recordings);
  u64 now = bpf_ktime_get_ns(), stands = place ? stands_for(place, here, now) : 0;
  if (!stands) {
    return 0;
  }
  struct tick *tick = &here->tick;
  tick->ktime = now;
  tick->start_boottime = started(task);
  tick->recordings = recordings;
  tick->event = event;
  tick->amount = stands * bytes;
  tick->subject = key.subject;
  tick->mark = key.mark;
  tick->processor = bpf_get_smp_processor_id();
  tick->pid = pid;
  tick->tid = (u32)id;
  tick->uid = owner(task);
  tick->instruction = INSTRUCTION(&registers->is);
  tick->flags = IN_USER_MODE_FLAG;
  if (value->untaken) {
    value->untaken = 0;
    tick->flags |= TOLD_FLAG;
  }
  bpf_get_current_comm(tick->comm, sizeof(tick->comm));
  if (bpf_ringbuf_output(&ticks, tick, sizeof(*tick), BPF_RB_NO_WAKEUP)) {
    count(TICKS_LOST);
  }
  bpf_tail_call(ctx, &call_stages, 0);
  count(UNWINDER_MISSED);
  return 0;
}

/* Operations of io_uring whose result is bytes that were read, written, sent, received or passed on. */
#define OF_RING(number) (1ull << (number))
#define BYTES_OF_RING                                                                                                                 \
  (OF_RING(1) | OF_RING(2) | OF_RING(4) | OF_RING(5) | OF_RING(9) | OF_RING(10) | OF_RING(22) | OF_RING(23) | OF_RING(26) |            \
   OF_RING(27) | OF_RING(30) | OF_RING(47) | OF_RING(48))

/* One completes operations on a processor at a time. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, struct calling);
} completing SEC(".maps");

/* An operation of io_uring is over: in the process itself, or in one of the kernel's threads that belong to it. */
SEC("raw_tracepoint/io_uring_complete")
int completed(u64 *ctx)
{
  struct io_kiocb *request = (struct io_kiocb *)ctx[1];
  u32 pid = bpf_get_current_pid_tgid() >> 32, zero = 0;
  struct wanted_value *value = bpf_map_lookup_elem(&wanted, &pid);
  struct calling *here = bpf_map_lookup_elem(&completing, &zero);
  if (!request || !here || !value) {
    return 0;
  }
  u64 recordings = value->recordings & (events_of(READ) | events_of(WRITE) | events_of(SEND) | events_of(RECEIVE));
  if (!recordings) {
    return 0;
  }
  u8 operation = 0;
  s32 result = 0;
  READ(operation, request, opcode);
  READ(result, request, cqe.res);
  struct place_key key = {.pid = pid, .counted = RING_OPERATIONS};
  u64 bytes = result > 0 && operation < 64 && BYTES_OF_RING & OF_RING(operation) ? result : 0;
  add_call(here, (struct task_struct *)bpf_get_current_task(), &key, bytes, recordings);
  return 0;
}
