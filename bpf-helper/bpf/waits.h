/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Waits: what threads of wanted processes do while they are off the processor.
 *
 *     sched_switch ── the thread that goes: shall its stack be taken? ──► `asked` ──► context-switch event, an instant
 *          │                                                              later: tick and stack, as for CPU time
 *          └───────── the thread that comes: how long did it wait? ─────► ring `waits`
 *
 * A stack exists only when the thread goes, the wait's length is known only when it comes back. So a stack is taken by
 * chance, and a wait whose stack was taken stands for 1/chance waits, which is unbiased whatever the chance was, as long
 * as it was settled beforehand (Horvitz and Thompson, 1952). The variance is least where the chance is proportional to the
 * root mean square of the waits at the same place (Neyman's allocation); a place is the user's program counter and
 * stack pointer, a thread remembers a few. Waits of `length` or longer are told in any case, and each counts once.
 */
#define PLACES 16
#define CERTAIN (1 << 24)
#define NEAR_BY_BITS 6
#define SECOND 1000000000ull

/* Two are in one line of the processor's cache. */
struct place {
  u64 square;   /* mean of the square of its waits, ns² */
  u64 taken_at; /* when its last stack was taken */
  u64 short_ns; /* its waits shorter than `length` that are over, since it is remembered */
  u16 count;    /* waits seen, up to SEEN_AT_MOST */
  u16 window;   /* the eighth of a second in which stacks were last taken here, and how many */
  u16 stacks;
  u16 unused;
};
/* So many stacks are taken at a place in an eighth of a second before its chances are cut. */
#define STACKS_OF_PLACE 4

#define SEEN_AT_MOST 512

/* Who ended a wait: see waker.h. */
struct waker {
  u64 start_boottime;
  u32 kind;
  u32 pid;
  u32 tid;
  u32 uid;
  char comm[COMM_BYTES];
};

/* What each switch needs is in the first line of the cache: after a pause of the processor every line is a wait for memory. */
struct waiting_thread {
  u32 tid;   /* 0: no thread has this slot */
  u32 woken; /* whether `waker` ended the wait, or may have */
  u64 began; /* when it was switched out; 0 while it runs */
  u64 left;  /* the same, or when its stack had been taken: that is no waiting of its own */
  u64 mark;
  u32 chance; /* see wait.chance */
  u8 taken;
  u8 at;      /* the index of its place */
  u16 window; /* the eighth of a second in which it last came to a place that it did not remember, and how often */
  u64 strange;
  u64 short_ns; /* all waits shorter than `length` that are over */
  u64 waits;    /* how many are over */
  u64 marks[PLACES];
  struct place places[PLACES];
  struct waker waker;
} __attribute__((aligned(64)));

/* Slots, and those that no thread has, which user space fills. A hash table's look-up would be a third of what a switch costs. */
#define MOST_THREADS 4096
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, MOST_THREADS);
  __uint(map_flags, BPF_F_MMAPABLE);
  __type(key, u32);
  __type(value, struct waiting_thread);
} threads SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_STACK);
  __uint(max_entries, MOST_THREADS);
  __uint(value_size, sizeof(u32));
} free_slots SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, struct waiting_thread);
} new_thread SEC(".maps");

/* For each thread id there can be, so that a switch between other threads costs two look-ups in an array. */
#define MARKS_IN_ROW 64
struct marks_row { u16 of[MARKS_IN_ROW]; };
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __uint(map_flags, BPF_F_MMAPABLE);
  __type(key, u32);
  __type(value, struct marks_row);
} marks SEC(".maps");
/* FOUND may have been waiting for long when it was marked; BORN not. From FIRST_SLOT on: it has been switched out since, and has a slot. */
enum mark { NOT_WANTED, FOUND, BORN, FIRST_SLOT };

struct wait_settings {
  u64 scale;  /* a stack for each so much waiting, squared, in units of 2^20 ns² */
  u64 length; /* ns; waits so long are all told */
  u64 stacks; /* taken at most in an eighth of a second on a processor before chances are cut */
};
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, struct wait_settings);
} wait_settings SEC(".maps");

struct switching {
  struct asked asked;
  u32 unwinding; /* the thread whose stack is being taken */
  u64 window;
  u64 stacks;
};
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, struct switching);
} switching SEC(".maps");

/* A wait that is over and was long, or had its stack taken. */
struct wait {
  u64 began; /* 0: before the thread was marked */
  u64 left;
  u64 ended;
  u64 mark;
  u64 recordings;
  u64 start_boottime;
  u32 pid;
  u32 tid;
  u32 uid;
  u32 chance; /* the square of the chance that its stack was taken, times CERTAIN */
  u32 taken;
  u32 forgotten; /* not a wait: a place is forgotten that had so many ns of short waits */
  u64 waits;     /* not a wait: a thread is forgotten that had so many */
  struct waker waker;
  char comm[COMM_BYTES];
};
struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 1 << 20);
} waits SEC(".maps");

INLINE u16 *mark_of(u32 tid)
{
  u32 row = tid / MARKS_IN_ROW;
  struct marks_row *marked = bpf_map_lookup_elem(&marks, &row);
  return marked ? &marked->of[tid % MARKS_IN_ROW] : 0;
}

INLINE void set_mark(u32 tid, u16 value)
{
  u16 *mark = mark_of(tid);
  if (mark) {
    *mark = value;
  }
}

/* The state of a thread with that mark; 0 without a slot. */
INLINE struct waiting_thread *thread_of(u16 mark)
{
  u32 slot = mark - FIRST_SLOT;
  return mark < FIRST_SLOT ? 0 : bpf_map_lookup_elem(&threads, &slot);
}

INLINE int runnable(struct task_struct *task)
{
  if (HAS(task, __state)) {
    return task->__state == 0;
  }
  return ((struct task_struct___old *)task)->state == 0;
}

/* Where a thread that goes by itself waits. One that is preempted may be anywhere: near by is the same place. */
INLINE u64 place_mark(struct task_struct *task, int preempted, int with_registers)
{
  u64 where = preempted;
  if (with_registers) {
    struct pt_regs *registers = bpf_task_pt_regs(task);
    where = preempted ? INSTRUCTION(registers) >> NEAR_BY_BITS : INSTRUCTION(registers) ^ (STACK(registers) << 17);
  }
  u64 mark = where * 0x9e3779b97f4a7c15ull;
  return (mark ^ (mark >> 29)) << 1 | 1;
}

INLINE u16 window_of(u64 now) { return now >> 27; } /* about an eighth of a second */

/* Shorter times at a place that is forgotten are in the thread's total only. */
#define WORTH_TELLING 100000

INLINE void tell_forgotten(u32 tid, u64 mark, u64 short_ns)
{
  if (short_ns < WORTH_TELLING) {
    return;
  }
  struct wait wait = {.tid = tid, .mark = mark, .forgotten = short_ns > 0xffffffff ? 0xffffffff : short_ns};
  if (bpf_ringbuf_output(&waits, &wait, sizeof(wait), BPF_RB_NO_WAKEUP)) {
    count(WAITS_LOST);
  }
}

/* Fewer waits of a thread that is gone are counted by those that were told. */
#define WORTH_COUNTING 16

INLINE void forget_thread(struct task_struct *task)
{
  u32 tid = task->pid;
  u16 *mark = mark_of(tid);
  if (!mark || !*mark) {
    return;
  }
  u32 slot = *mark - FIRST_SLOT;
  struct waiting_thread *thread = thread_of(*mark);
  *mark = NOT_WANTED;
  if (!thread) {
    return;
  }
  for (u32 i = 0; i < PLACES; i++) {
    tell_forgotten(tid, thread->marks[i], thread->places[i].short_ns);
  }
  if (thread->waits >= WORTH_COUNTING) {
    struct wait wait = {.tid = tid, .waits = thread->waits};
    if (bpf_ringbuf_output(&waits, &wait, sizeof(wait), BPF_RB_NO_WAKEUP)) {
      count(WAITS_LOST);
    }
  }
  thread->tid = 0;
  bpf_map_push_elem(&free_slots, &slot, BPF_ANY);
}

/* Gives a thread a slot, with nothing in it. User space takes slots back whose threads' marks are not theirs: first the mark. */
INLINE struct waiting_thread *take_slot(u32 tid, u16 *mark)
{
  u32 zero = 0, slot = 0;
  void *empty = bpf_map_lookup_elem(&new_thread, &zero);
  if (!empty || bpf_map_pop_elem(&free_slots, &slot)) {
    count(THREADS_FULL);
    return 0;
  }
  bpf_map_update_elem(&threads, &slot, empty, BPF_ANY);
  struct waiting_thread *thread = bpf_map_lookup_elem(&threads, &slot);
  if (thread) {
    *mark = slot + FIRST_SLOT;
    thread->tid = tid;
  }
  return thread;
}

/* The place's index; a place that is not remembered takes the one where a stack was taken the longest ago. */
INLINE u32 find_place(struct waiting_thread *thread, u32 tid, u64 mark, u64 now)
{
  u32 oldest = 0;
  u64 oldest_taken = ~0ull;
  for (u32 i = 0; i < PLACES; i++) {
    if (thread->marks[i] == mark) {
      return i;
    }
  }
  for (u32 i = 0; i < PLACES; i++) {
    if (thread->places[i].taken_at < oldest_taken) {
      oldest_taken = thread->places[i].taken_at;
      oldest = i;
    }
  }
  struct place *place = &thread->places[oldest % PLACES];
  tell_forgotten(tid, thread->marks[oldest % PLACES], place->short_ns);
  place->square = 0;
  place->short_ns = 0;
  place->count = 0;
  place->stacks = 0;
  thread->marks[oldest % PLACES] = mark;
  if (thread->window != window_of(now)) {
    thread->window = window_of(now);
    thread->strange = 0;
  }
  thread->strange++;
  return oldest;
}

INLINE u32 chance_at(
  struct waiting_thread *thread, struct place *place, struct wait_settings *settings, u64 now, struct switching *here)
{
  u16 window = window_of(now);
  if (here->window != window) {
    here->window = window;
    here->stacks = 0;
  }
  if (place->window != window) {
    place->window = window;
    place->stacks = 0;
  }
  u64 chance = CERTAIN, excess = place->stacks / STACKS_OF_PLACE;
  if (here->stacks >= settings->stacks) {
    excess += here->stacks / (settings->stacks | 1);
  }
  if (!place->count) {
    excess += thread->strange / STACKS_OF_PLACE;
  } else if (now - place->taken_at < SECOND) {
    chance = ((place->square >> 20) << 24) / (settings->scale | 1) + 16;
    if (chance > CERTAIN) {
      chance = CERTAIN;
    }
  }
  chance >>= 2 * (excess > 11 ? 11 : excess);
  return chance ? chance : 1;
}

INLINE void goes(struct task_struct *task, u32 tid, u64 now, u16 *marked, int with_registers)
{
  u32 zero = 0;
  struct switching *here = bpf_map_lookup_elem(&switching, &zero);
  struct wait_settings *settings = bpf_map_lookup_elem(&wait_settings, &zero);
  struct waiting_thread *thread = thread_of(*marked);
  if (!here || !settings) {
    return;
  }
  if (!thread && !(thread = take_slot(tid, marked))) {
    return;
  }
  int preempted = runnable(task);
  u64 mark = place_mark(task, preempted, with_registers);
  u32 at = find_place(thread, tid, mark, now) % PLACES;
  struct place *place = &thread->places[at];
  u32 chance = chance_at(thread, place, settings, now, here);
  u64 draw = bpf_get_prandom_u32();
  thread->chance = chance;
  thread->taken = (draw * draw) >> 40 < chance;
  thread->mark = mark;
  thread->at = at;
  thread->began = now;
  thread->left = now;
  thread->woken = 0;
  if (thread->taken) {
    place->taken_at = now;
    here->stacks++;
    place->stacks++;
    here->asked.event = WAIT;
    here->asked.tid = tid;
    here->asked.began = now;
    here->asked.mark = mark;
    here->asked.preempted = preempted;
  }
}

INLINE void learn(struct place *place, u64 waited)
{
  if (waited > SECOND) {
    waited = SECOND;
  }
  u64 square = waited * waited;
  u32 count = place->count + 1;
  if (count > SEEN_AT_MOST) {
    count = SEEN_AT_MOST;
  }
  place->count = count;
  if (square > place->square) {
    place->square += (square - place->square) / count;
  } else {
    place->square -= (place->square - square) / count;
  }
}

INLINE void tell_wait(struct task_struct *task, u32 tid, u64 began, u64 ended, struct waiting_thread *thread)
{
  u32 pid = task->tgid;
  struct wanted_value *value = bpf_map_lookup_elem(&wanted, &pid);
  if (!value) {
    return;
  }
  struct wait wait = {
    .began = began, .left = began, .ended = ended, .recordings = value->recordings & events_of(WAIT),
    .start_boottime = started(task), .pid = pid, .tid = tid, .uid = owner(task),
  };
  if (thread) {
    wait.left = thread->left;
    wait.mark = thread->mark;
    wait.chance = thread->chance;
    wait.taken = thread->taken;
    if (thread->woken) {
      wait.waker = thread->waker;
    }
  }
  bpf_probe_read_kernel(wait.comm, COMM_BYTES, task->comm);
  if (wait.recordings && bpf_ringbuf_output(&waits, &wait, sizeof(wait), BPF_RB_NO_WAKEUP)) {
    count(WAITS_LOST);
  }
}

INLINE void comes(struct task_struct *task, u32 tid, u64 now, u16 *mark)
{
  u32 zero = 0;
  struct wait_settings *settings = bpf_map_lookup_elem(&wait_settings, &zero);
  struct waiting_thread *thread = thread_of(*mark);
  if (!thread) {
    if (*mark == FOUND) {
      *mark = BORN;
      tell_wait(task, tid, 0, now, 0);
    }
    return;
  }
  if (!thread->began || !settings) {
    return;
  }
  u64 began = thread->began;
  u64 waited = now - thread->left;
  struct place *place = &thread->places[thread->at % PLACES];
  int is_short = waited < settings->length;
  learn(place, waited);
  thread->waits++;
  place->short_ns += is_short ? waited : 0;
  thread->began = 0;
  if (is_short) {
    thread->short_ns += waited;
    if (!thread->taken) {
      return;
    }
  }
  tell_wait(task, tid, began, now, thread);
}

INLINE int switched_between(struct task_struct *from, struct task_struct *to, int with_registers)
{
  u32 goer = from->pid, comer = to->pid;
  u16 *goer_mark = mark_of(goer), *comer_mark = mark_of(comer);
  if (!goer_mark || !comer_mark) {
    return 0;
  }
  u16 goer_wanted = *goer_mark, comer_wanted = *comer_mark;
  if (!goer_wanted && !comer_wanted) {
    return 0;
  }
  u64 now = bpf_ktime_get_ns();
  if (goer_wanted) {
    goes(from, goer, now, goer_mark, with_registers);
  }
  if (comer_wanted) {
    comes(to, comer, now, comer_mark);
  }
  return 0;
}

SEC("tp_btf/sched_switch")
int switched(u64 *ctx)
{
  return switched_between((struct task_struct *)ctx[1], (struct task_struct *)ctx[2], 1);
}

/* For kernels without bpf_task_pt_regs (before 5.15). */
SEC("tp_btf/sched_switch")
int switched_anywhere(u64 *ctx)
{
  return switched_between((struct task_struct *)ctx[1], (struct task_struct *)ctx[2], 0);
}

/* Called for every switch, after `switched` and before the thread has gone. */
SEC("perf_event/gate_of_waits")
int gate_of_waits(struct bpf_perf_event_data *ctx)
{
  u32 zero = 0;
  struct switching *here = bpf_map_lookup_elem(&switching, &zero);
  if (!here || !here->asked.tid) {
    return 0;
  }
  struct asked asked = here->asked;
  here->asked.tid = 0;
  here->unwinding = asked.tid;
  if (asked.tid != (u32)bpf_get_current_pid_tgid()) {
    return 0;
  }
  return pass(ctx, 0, &asked);
}

/* Stands before the engine's last program. */
SEC("perf_event/unwound")
int unwound(struct bpf_perf_event_data *ctx)
{
  u32 zero = 0;
  struct switching *here = bpf_map_lookup_elem(&switching, &zero);
  if (here && here->unwinding) {
    u32 tid = here->unwinding;
    u16 *mark = mark_of(tid);
    struct waiting_thread *thread = mark ? thread_of(*mark) : 0;
    here->unwinding = 0;
    if (thread && tid == (u32)bpf_get_current_pid_tgid()) {
      thread->left = bpf_ktime_get_ns();
    }
  }
  bpf_tail_call(ctx, &stages, END);
  return 0;
}
