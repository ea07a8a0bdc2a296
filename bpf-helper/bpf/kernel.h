/* SPDX-License-Identifier: GPL-2.0 */
/* The part of the kernel's types and helpers that our programs use. Fields are found by name on the running kernel
 * (CO-RE), so their order here does not matter. */
#ifndef FLAMELINE_KERNEL_H
#define FLAMELINE_KERNEL_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int s32;
typedef long long s64;

#define SEC(name) __attribute__((section(name), used))
#define INLINE static inline __attribute__((always_inline))
#define RELOCATED __attribute__((preserve_access_index))

#define __uint(name, value) int(*name)[value]
#define __type(name, value) typeof(value) *name

enum {
  BPF_MAP_TYPE_HASH = 1,
  BPF_MAP_TYPE_ARRAY = 2,
  BPF_MAP_TYPE_PROG_ARRAY = 3,
  BPF_MAP_TYPE_PERCPU_ARRAY = 6,
  BPF_MAP_TYPE_LPM_TRIE = 11,
  BPF_MAP_TYPE_STACK = 23,
  BPF_MAP_TYPE_RINGBUF = 27,
};
enum { BPF_ANY = 0, BPF_NOEXIST = 1, BPF_EXIST = 2 };
enum { BPF_F_NO_PREALLOC = 1 };
enum { BPF_RB_NO_WAKEUP = 1, BPF_RB_FORCE_WAKEUP = 2 };

enum { BPF_F_MMAPABLE = 1024 };

struct task_struct;
struct vm_area_struct;

static void *(*bpf_map_lookup_elem)(void *map, const void *key) = (void *)1;
static long (*bpf_map_update_elem)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static long (*bpf_map_delete_elem)(void *map, const void *key) = (void *)3;
static u64 (*bpf_ktime_get_ns)(void) = (void *)5;
static u32 (*bpf_get_prandom_u32)(void) = (void *)7;
static u32 (*bpf_get_smp_processor_id)(void) = (void *)8;
static long (*bpf_tail_call)(void *ctx, void *prog_array, u32 index) = (void *)12;
static u64 (*bpf_get_current_pid_tgid)(void) = (void *)14;
static long (*bpf_get_current_comm)(void *buf, u32 size) = (void *)16;
static u64 (*bpf_get_current_task)(void) = (void *)35;
static long (*bpf_map_push_elem)(void *map, const void *value, u64 flags) = (void *)87;
static long (*bpf_map_pop_elem)(void *map, void *value) = (void *)88;
static long (*bpf_probe_read_user)(void *dst, u32 size, const void *from) = (void *)112;
static long (*bpf_probe_read_kernel)(void *dst, u32 size, const void *from) = (void *)113;
static long (*bpf_probe_read_kernel_str)(void *dst, u32 size, const void *from) = (void *)115;
static u64 (*bpf_jiffies64)(void) = (void *)118;
static long (*bpf_ringbuf_output)(void *ring, void *data, u64 size, u64 flags) = (void *)130;
static void *(*bpf_ringbuf_reserve)(void *ring, u64 size, u64 flags) = (void *)131;
static void (*bpf_ringbuf_submit)(void *data, u64 flags) = (void *)132;
static u64 (*bpf_get_attach_cookie)(void *ctx) = (void *)174;
static struct task_struct *(*bpf_get_current_task_btf)(void) = (void *)158;
static void *(*bpf_task_pt_regs)(struct task_struct *task) = (void *)175;
static long (*bpf_find_vma)(struct task_struct *task, u64 addr, void *callback, void *callback_ctx, u64 flags) = (void *)180;
static long (*bpf_loop)(u32 count, void *callback, void *callback_ctx, u64 flags) = (void *)181;

struct kuid { u32 val; } RELOCATED;
typedef struct { u32 val; } kuid_t;
struct cred { kuid_t uid, suid, euid; } RELOCATED;
struct super_block { u32 s_dev; } RELOCATED;
struct qstr { u32 hash, len; const unsigned char *name; } RELOCATED;
struct dentry { struct dentry *d_parent; struct qstr d_name; } RELOCATED;
struct vfsmount { struct dentry *mnt_root; } RELOCATED;
struct mount { struct mount *mnt_parent; struct dentry *mnt_mountpoint; struct vfsmount mnt; } RELOCATED;
struct path { struct vfsmount *mnt; struct dentry *dentry; };
struct fs_struct { struct path root; } RELOCATED;
struct timespec64 { s64 tv_sec; long tv_nsec; };
struct inode {
  struct super_block *i_sb;
  unsigned long i_ino;
  u16 i_mode;
  u32 i_rdev;
  s64 i_mtime_sec; /* from 6.11 on */
  u32 i_mtime_nsec;
} RELOCATED;
struct inode___until_6_5 { struct timespec64 i_mtime; } RELOCATED;
struct inode___until_6_10 { struct timespec64 __i_mtime; } RELOCATED;
struct file { struct inode *f_inode; struct path f_path; void *private_data; } RELOCATED;
struct fdtable { u32 max_fds; struct file **fd; } RELOCATED;
struct files_struct { struct fdtable *fdt; } RELOCATED;
struct in6_addr { u8 bytes[16]; };
struct sock_common { u16 skc_family, skc_dport, skc_num; u32 skc_daddr; struct in6_addr skc_v6_daddr; } RELOCATED;
struct sock { struct sock_common __sk_common; } RELOCATED;
struct socket { short type; struct sock *sk; } RELOCATED;
struct sockaddr_un { u16 sun_family; char sun_path[108]; };
struct unix_address { int len; struct sockaddr_un name[1]; } RELOCATED;
struct unix_sock { struct unix_address *addr; struct sock *peer; } RELOCATED;
struct vm_area_struct { unsigned long vm_start, vm_end, vm_flags, vm_pgoff; struct file *vm_file; } RELOCATED;
typedef struct { void *vdso; } mm_context_t;
struct mm_struct { unsigned long arg_start, arg_end, exec_vm; mm_context_t context; } RELOCATED;
typedef struct { int counter; } atomic_t;
struct task_io_accounting { u64 rchar, wchar; } RELOCATED;
struct signal_struct { atomic_t live; unsigned long maj_flt; struct task_io_accounting ioac; } RELOCATED;
/* From 5.19 on the tracepoint of a completion has the request, which has the result. */
struct io_cqe { s32 res; } RELOCATED;
struct io_kiocb { u8 opcode; struct io_cqe cqe; } RELOCATED;
struct linux_binprm { const char *filename; u32 interp_flags; } RELOCATED;
struct task_struct {
  u32 flags;
  int pid, tgid;
  u64 start_boottime;
  struct task_struct *group_leader, *real_parent;
  const struct cred *cred;
  struct mm_struct *mm;
  struct fs_struct *fs;
  struct files_struct *files;
  struct signal_struct *signal;
  struct task_io_accounting ioac;
  unsigned long maj_flt;
  u32 __state;
  char comm[16];
} RELOCATED;
/* Before 5.14. */
struct task_struct___old { long state; } RELOCATED;
struct vm_unmapped_area_info { unsigned long length; } RELOCATED;
struct vmacache { struct vm_area_struct *vmas[4]; } RELOCATED;
struct task_struct___until_6_0 { struct vmacache vmacache; } RELOCATED;

/* Walks the mappings of a process, from 6.7 on. */
struct bpf_iter_task_vma { u64 opaque[1]; };
#define KERNEL_FUNCTION __attribute__((section(".ksyms")))
extern int bpf_iter_task_vma_new(struct bpf_iter_task_vma *walk, struct task_struct *task, u64 from) KERNEL_FUNCTION;
extern struct vm_area_struct *bpf_iter_task_vma_next(struct bpf_iter_task_vma *walk) KERNEL_FUNCTION;
extern void bpf_iter_task_vma_destroy(struct bpf_iter_task_vma *walk) KERNEL_FUNCTION;

/* Whether the running kernel's type has the field. */
#define HAS(pointer, field) __builtin_preserve_field_info((pointer)->field, 2)

/* The address of a field on the running kernel, and its value, which a program of any type may read. */
#define READ(into, pointer, field) \
  bpf_probe_read_kernel(&(into), sizeof(into), (const void *)__builtin_preserve_access_index(&(pointer)->field))

#if defined(__TARGET_ARCH_x86)
struct pt_regs { u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss; };
#define INSTRUCTION(regs) ((regs)->ip)
#define STACK(regs) ((regs)->sp)
#define IN_USER_MODE(regs) (((regs)->cs & 3) == 3)
#define SYSTEM_CALL(regs) ((s32)(regs)->orig_ax)
#define FIRST_ARGUMENT(regs) ((regs)->di)
#define SECOND_ARGUMENT(regs) ((regs)->si)
#define THIRD_ARGUMENT(regs) ((regs)->dx)
#define RETURNED(regs) ((regs)->ax)
#define RETURN_ADDRESS_BYTES 8 /* on the stack, as long as a function runs */
#define MREMAP 25
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs { u64 regs[31], sp, pc, pstate; };
#define INSTRUCTION(regs) ((regs)->pc)
#define STACK(regs) ((regs)->sp)
#define IN_USER_MODE(regs) (((regs)->pstate & 0xf) == 0)
#define SYSTEM_CALL(of) ((s32)(of)->regs[8])
#define FIRST_ARGUMENT(of) ((of)->regs[0])
#define SECOND_ARGUMENT(of) ((of)->regs[1])
#define THIRD_ARGUMENT(of) ((of)->regs[2])
#define RETURNED(of) ((of)->regs[0])
#define RETURN_ADDRESS_BYTES 0
#define MREMAP 216
#endif
struct bpf_perf_event_data { struct pt_regs regs; u64 sample_period, addr; };

#endif
