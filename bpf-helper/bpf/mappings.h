/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a process has mapped, told to the unwinder here in the kernel at the process's own tick. User space does the same
 * from /proc/PID/maps, but a process of a few milliseconds is gone by then. So user space keeps, in `known_code`, which
 * parts of which files the unwinder has tables for, and a process that maps only such files needs nobody.
 *
 *     tick of a process whose executable mappings have changed
 *       └──► walk its mappings ── file known ──► `pid_page_to_mapping_info`, the engine's map; noted in `told`
 *                               └─ unknown ───► user space is woken, and reads and learns
 *
 * User space takes over what is noted in `told`, or removes it once the process is gone.
 */
#ifndef FLAMELINE_MAPPINGS_H
#define FLAMELINE_MAPPINGS_H
#include "kernel.h"

/* The most mappings that are told of a process, and that are looked at to find them. */
#define TOLD_MAPPINGS 24
#define LOOKED_AT 1024
#define VM_EXEC 4
/* The engine's unwinder for machine code, which it keeps in the bias's uppermost byte. */
#define NATIVE_CODE (1ULL << 56)

/* A mapping is told as blocks of addresses: powers of two, aligned to their size. An exact cut at both ends takes some
 * twenty, and the kernel has memory at hand for few more at a time. So a block may reach out to where no code is:
 *
 *     code        |=======A=======|       |===B===|
 *     blocks  [---------A---------][A]   [----B----]
 */
#define REACH (1 << 24)
#define MOST_STEPS 400 /* ranges and blocks; a range without room around it takes up to 40 */
#define MOST_DOUBLINGS 32
#define SMALLEST_BLOCK 4096

/* A part of a file as the kernel names it. */
struct code_key {
  u64 inode;
  u64 page;
  u32 device;
  u32 padding;
};
struct code_value {
  u64 file;    /* the engine's number of the file */
  u64 address; /* of the part's start, in the file's own address space */
  s64 modified_seconds;
  u32 modified_ns;
  u32 padding;
  u64 used_at;
};
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 8192);
  __type(key, struct code_key);
  __type(value, struct code_value);
} known_code SEC(".maps");

/* A mapping, the limits in which its blocks lie, and the engine's number of its file, 0 where it has none that is known. */
struct told_range { u64 start, end, low, high, file, bias; };
struct told_value {
  u32 count;
  u32 padding;
  struct told_range ranges[TOLD_MAPPINGS];
};
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 2048);
  __type(key, u32);
  __type(value, struct told_value);
} told SEC(".maps");

/* From where mappings are told: a tick may interrupt the telling of a task on its own behalf, so each has memory of its own. */
enum spot { AT_TICK, AT_MAPPING, SPOTS };

/* What was just found of the running process. All of it is in a map: of variables the verifier would try every value. */
struct found_value {
  struct told_value code;
  u32 looked_at;
  u32 is_mapped;     /* the instruction lies in a mapping */
  u32 is_unknown;    /* there is code that user space has to learn */
  u32 is_incomplete; /* there was no room for some */
};
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, SPOTS);
  __type(key, u32);
  __type(value, struct found_value);
} found SEC(".maps");

/* The engine's own map, put in this one's place when loaded: big-endian process and address with a prefix length. */
struct page_key {
  u32 prefix_length;
  u32 pid;
  u64 address;
};
struct page_value { u64 file, bias; };
struct {
  __uint(type, BPF_MAP_TYPE_LPM_TRIE);
  __uint(max_entries, 524288);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, struct page_key);
  __type(value, struct page_value);
} pid_page_to_mapping_info SEC(".maps");
#define PROCESS_BITS 32
#define ADDRESS_BITS 64

/* Each processor may spend this part of its time on telling in the long run, after a burst. */
#define TELLING_SHARE 20 /* one twentieth */
#define TELLING_BURST_NS 2000000000ULL
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, u64);
} telling_debt SEC(".maps");

/* The logarithm of a power of two. */
INLINE u32 log2(u64 power)
{
  return !!(power & 0xaaaaaaaaaaaaaaaaULL) | !!(power & 0xccccccccccccccccULL) << 1 | !!(power & 0xf0f0f0f0f0f0f0f0ULL) << 2 |
         !!(power & 0xff00ff00ff00ff00ULL) << 3 | !!(power & 0xffff0000ffff0000ULL) << 4 | !!(power & 0xffffffff00000000ULL) << 5;
}

/* Where the cutting of this processor's process stands. In a map, where the verifier doesn't try each value it could have. */
struct cutting {
  struct told_range range;
  u64 at; /* the address up to which the range is cut */
  u32 index; /* of the next range */
  u32 pid;
  u32 forget;
  u32 failed;
};
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, SPOTS);
  __type(key, u32);
  __type(value, struct cutting);
} cuttings SEC(".maps");

/* Goes on to the next range, whose blocks may reach up to the mappings before and after it; 1 if there is none. */
INLINE long next_range(struct cutting *cutting)
{
  u32 pid = cutting->pid, index = cutting->index;
  struct told_value *noted = bpf_map_lookup_elem(&told, &pid);
  if (!noted || index >= noted->count || index >= TOLD_MAPPINGS) {
    return 1;
  }
  struct told_range *range = &noted->ranges[index];
  if (!cutting->forget) {
    u64 low = range->start > REACH ? range->start - REACH : 0, high = range->end + REACH;
    if (index > 0 && noted->ranges[index - 1].end > low) {
      low = noted->ranges[index - 1].end;
    }
    if (index + 1 < noted->count && index + 1 < TOLD_MAPPINGS && noted->ranges[index + 1].start < high) {
      high = noted->ranges[index + 1].start;
    }
    range->low = low;
    range->high = high;
  }
  cutting->range = *range;
  cutting->at = range->file ? range->start : range->end;
  cutting->index = index + 1;
  return 0;
}

static long cut(u32 step, u32 *place)
{
  struct cutting *cutting = bpf_map_lookup_elem(&cuttings, place);
  if (!cutting) {
    return 1;
  }
  if (cutting->at >= cutting->range.end) {
    return next_range(cutting);
  }
  u64 at = cutting->at, low = cutting->range.low, high = cutting->range.high, size = SMALLEST_BLOCK;
  for (int i = 0; i < MOST_DOUBLINGS; i++) {
    u64 larger = size << 1, start = at & ~(larger - 1);
    if (start < low || start + larger > high) {
      break;
    }
    size = larger;
  }
  u64 start = at & ~(size - 1);
  struct page_key key = {
    .prefix_length = PROCESS_BITS + ADDRESS_BITS - log2(size),
    .pid = __builtin_bswap32(cutting->pid), .address = __builtin_bswap64(start),
  };
  if (cutting->forget) {
    bpf_map_delete_elem(&pid_page_to_mapping_info, &key);
  } else {
    struct page_value value = {.file = cutting->range.file, .bias = cutting->range.bias};
    if (bpf_map_update_elem(&pid_page_to_mapping_info, &key, &value, BPF_ANY)) {
      cutting->failed = 1;
    }
  }
  cutting->at = start + size;
  return 0;
}

/* Tells or forgets what is noted in `told`, and says whether there was no room for some of it. */
INLINE u32 cut_all(u32 place, u32 pid, u32 forget)
{
  struct cutting *cutting = bpf_map_lookup_elem(&cuttings, &place);
  if (!cutting) {
    return 1;
  }
  cutting->pid = pid;
  cutting->forget = forget;
  cutting->index = 0;
  cutting->at = 0;
  cutting->range.end = 0;
  cutting->failed = 0;
  bpf_loop(MOST_STEPS, cut, &place, 0);
  return cutting->failed;
}

/* Forgets what was told of a process, as new code may lie where an old block reaches, and tells what was found. */
INLINE u32 tell(u32 place, u32 pid, struct told_value *found)
{
  cut_all(place, pid, 1);
  if (bpf_map_update_elem(&told, &pid, found, BPF_ANY)) {
    return 1;
  }
  return cut_all(place, pid, 0);
}

/* When a file was last changed; the field has had three names. */
INLINE void last_modified(struct inode *inode, s64 *seconds, u32 *ns)
{
  struct timespec64 time = {};
  if (HAS(inode, i_mtime_sec)) {
    READ(*seconds, inode, i_mtime_sec);
    READ(*ns, inode, i_mtime_nsec);
    return;
  }
  struct inode___until_6_10 *middle = (void *)inode;
  struct inode___until_6_5 *old = (void *)inode;
  if (HAS(middle, __i_mtime)) {
    READ(time, middle, __i_mtime);
  } else {
    READ(time, old, i_mtime);
  }
  *seconds = time.tv_sec;
  *ns = time.tv_nsec;
}

/* Notes a mapping if it is code. Code without a file is left to the engine, but for the kernel's own (`vdso`): its key is zeros. */
INLINE void find_code(struct vm_area_struct *area, u64 vdso, struct found_value *found, u64 now)
{
  u64 flags = 0, start = 0, page = 0, number = 0;
  s64 seconds = 0;
  u32 device = 0, ns = 0, at = found->code.count;
  struct file *file = 0;
  READ(flags, area, vm_flags);
  if (!(flags & VM_EXEC)) {
    return;
  }
  if (at >= TOLD_MAPPINGS) {
    found->is_incomplete = 1;
    return;
  }
  struct told_range *range = &found->code.ranges[at];
  found->code.count = at + 1;
  READ(start, area, vm_start);
  range->start = start;
  READ(range->end, area, vm_end);
  range->file = 0;
  READ(file, area, vm_file);
  if (file) {
    struct inode *inode = 0;
    struct super_block *super = 0;
    READ(page, area, vm_pgoff);
    READ(inode, file, f_inode);
    READ(number, inode, i_ino);
    READ(super, inode, i_sb);
    READ(device, super, s_dev);
    last_modified(inode, &seconds, &ns);
  } else if (!vdso || start != vdso) {
    return;
  }
  struct code_key key = {.inode = number, .page = page, .device = device};
  struct code_value *code = bpf_map_lookup_elem(&known_code, &key);
  if (!code || code->modified_seconds != seconds || code->modified_ns != ns) {
    found->is_unknown = 1;
    return;
  }
  code->used_at = now;
  range->file = code->file;
  range->bias = (start - code->address) | NATIVE_CODE;
}

#endif
