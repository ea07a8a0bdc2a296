/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Subjects: the files and peers that calls are about. Each has a key; what it is called is told once, when the key is first
 * seen, as a file may be closed and gone long before user space could look at the descriptor.
 */
#define MOST_SUBJECTS 4096
/* The keys of all files and of all peers for which there was no room; other keys are greater. */
#define OTHERS 1
#define OTHER_PEERS 2
/* Ports from here on are given to whoever connects. */
#define FIRST_PASSING_PORT 32768
#define PATH_BYTES 1024
#define NAME_BYTES 256
#define MOST_NAMES 40

/* A function that the verifier looks at by itself, once, whatever calls it. */
#define GLOBAL __attribute__((noinline))

enum subject_kind { NO_FILE, PATH, PIPE, TERMINAL, INTERNET, UNIX_SOCKET, OTHER_SOCKET, ANONYMOUS };

struct subject {
  u64 key;
  u32 is_socket;
  u32 is_datagram;
  u32 port;
};

struct subject_record {
  u64 key;
  u32 kind;
  u32 pid;
  u32 family;
  u32 port;
  u32 local_port;
  u32 is_datagram;
  u8 address[16];
  /* Of a path: its names from the last to the first, each ended by a zero; of a Unix socket: its path. */
  u32 length;
  u32 is_cut;
  char path[PATH_BYTES + NAME_BYTES];
};
struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 1 << 20);
} subject_records SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, MOST_SUBJECTS);
  __type(key, u64);
  __type(value, u32);
} subjects SEC(".maps");

/* Where a record is put together. The walk is in a map, too: of variables the verifier would try every value. */
struct subject_room {
  struct subject subject;
  struct subject_record record;
  struct path at, root;
};
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, u32);
  __type(value, struct subject_room);
} subject_rooms SEC(".maps");

INLINE u64 mix(u64 key, u64 more)
{
  key = (key ^ more) * 0x9e3779b97f4a7c15ull;
  return key ^ (key >> 29);
}

/* The kinds of files in inode.i_mode, and the device numbers of terminals. */
#define KIND_OF_FILE 0xf000
#define IS_PIPE 0x1000
#define IS_CHARACTERS 0x2000
#define IS_SOCKET 0xc000
#define MAJOR(device) ((device) >> 20)
#define TERMINAL_MAJOR 4
#define OWN_TERMINAL_MAJOR 5
#define FIRST_PSEUDO_TERMINAL 136
#define LAST_PSEUDO_TERMINAL 143

#define UNIX_FAMILY 1
#define IPV4_FAMILY 2
#define IPV6_FAMILY 10
#define DATAGRAM 2

/* Writes the path as the process sees it, below its own root folder. */
GLOBAL int write_path(void)
{
  u32 zero = 0;
  struct subject_room *room = bpf_map_lookup_elem(&subject_rooms, &zero);
  struct task_struct *task = (struct task_struct *)bpf_get_current_task();
  if (!room) {
    return 0;
  }
  struct subject_record *record = &room->record;
  struct fs_struct *fs = 0;
  READ(fs, task, fs);
  READ(room->root, fs, root);
  u64 mount_at = __builtin_preserve_field_info(((struct mount *)0)->mnt, 0);
  for (int i = 0; i < MOST_NAMES; i++) {
    struct dentry *entry = room->at.dentry, *parent = 0, *top = 0;
    struct vfsmount *mount = room->at.mnt;
    u32 length = record->length;
    if (entry == room->root.dentry && mount == room->root.mnt) {
      return 0;
    }
    READ(parent, entry, d_parent);
    READ(top, mount, mnt_root);
    if (entry == top || entry == parent) {
      struct mount *from = (void *)mount - mount_at, *to = 0;
      READ(to, from, mnt_parent);
      if (entry != top) { /* in no folder: its name is all */
        const char *only = 0;
        READ(only, entry, d_name.name);
        long read = bpf_probe_read_kernel_str(record->path, NAME_BYTES, only);
        record->length = read > 0 ? read : 0;
        record->kind = ANONYMOUS;
        return 0;
      }
      if (to == from || !to) {
        return 0; /* the root of everything */
      }
      READ(room->at.dentry, from, mnt_mountpoint);
      room->at.mnt = (void *)to + mount_at;
      continue;
    }
    const char *name = 0;
    READ(name, entry, d_name.name);
    if (length >= PATH_BYTES) {
      break;
    }
    long read = bpf_probe_read_kernel_str(&record->path[length], NAME_BYTES, name);
    if (read <= 0) {
      break;
    }
    record->length = length + read;
    room->at.dentry = parent;
  }
  record->is_cut = 1;
  return 0;
}

/* A socket's address, an Internet or a Unix one; where the socket is not connected, what the call says. */
INLINE void find_peer(struct file *file, u64 name, struct subject *subject, struct subject_record *record)
{
  struct socket *socket = 0;
  struct sock *sock = 0;
  u16 family = 0, port = 0;
  short type = 0;
  READ(socket, file, private_data);
  READ(sock, socket, sk);
  READ(type, socket, type);
  READ(family, sock, __sk_common.skc_family);
  subject->is_socket = 1;
  subject->is_datagram = type == DATAGRAM;
  record->is_datagram = type == DATAGRAM;
  record->family = family;
  record->kind = OTHER_SOCKET;
  if (family == UNIX_FAMILY) {
    struct unix_sock *own = (struct unix_sock *)sock;
    struct unix_address *address = 0;
    record->kind = UNIX_SOCKET;
    READ(address, own, addr);
    if (!address) {
      struct unix_sock *peer = 0;
      READ(peer, own, peer);
      READ(address, peer, addr);
    }
    record->length = 0;
    if (address) {
      int length = 0;
      READ(length, address, len);
      if (length > 2 && length <= 2 + 108) {
        record->length = length - 2;
        bpf_probe_read_kernel(record->path, 108, (void *)__builtin_preserve_access_index(&address->name) + 2);
      }
    }
    subject->key = mix(mix(family, (u64)address), subject->is_datagram);
    return;
  }
  if (family != IPV4_FAMILY && family != IPV6_FAMILY) {
    subject->key = mix(family, type);
    return;
  }
  record->kind = INTERNET;
  READ(port, sock, __sk_common.skc_dport);
  u16 local = 0;
  READ(local, sock, __sk_common.skc_num);
  if (family == IPV4_FAMILY) {
    bpf_probe_read_kernel(record->address, 4, (const void *)__builtin_preserve_access_index(&sock->__sk_common.skc_daddr));
  } else {
    bpf_probe_read_kernel(record->address, 16, (const void *)__builtin_preserve_access_index(&sock->__sk_common.skc_v6_daddr));
  }
  if (!port && name) {
    u16 start[2] = {};
    bpf_probe_read_user(start, sizeof(start), (const void *)name);
    port = start[1];
    if (start[0] == IPV4_FAMILY) {
      record->family = IPV4_FAMILY;
      bpf_probe_read_user(record->address, 4, (const void *)(name + 4));
    } else if (start[0] == IPV6_FAMILY) {
      record->family = IPV6_FAMILY;
      bpf_probe_read_user(record->address, 16, (const void *)(name + 8));
    }
  }
  record->port = __builtin_bswap16(port);
  record->local_port = local;
  subject->port = record->port;
  /* A server's clients come from ports that mean nothing: they are one peer by address. */
  u32 is_server = record->port >= FIRST_PASSING_PORT && local < FIRST_PASSING_PORT && local;
  u64 *address = (u64 *)record->address;
  u64 key = mix(mix(record->family, address[0]), address[1]);
  subject->key = mix(key, ((u64)(is_server ? local : record->port) << 2) | is_server << 1 | subject->is_datagram);
}

/* Which file or peer a descriptor of the running task is. */
GLOBAL int find_subject(u32 number, u64 name)
{
  u32 zero = 0, one = 1;
  struct task_struct *task = (struct task_struct *)bpf_get_current_task();
  struct files_struct *files = 0;
  struct fdtable *table = 0;
  struct file **list = 0, *file = 0;
  u32 size = 0;
  struct subject_room *room = bpf_map_lookup_elem(&subject_rooms, &zero);
  if (!room) {
    return 0;
  }
  struct subject_record *record = &room->record;
  struct subject *subject = &room->subject;
  subject->key = OTHERS;
  subject->is_socket = 0;
  subject->is_datagram = 0;
  subject->port = 0;
  READ(files, task, files);
  READ(table, files, fdt);
  READ(size, table, max_fds);
  READ(list, table, fd);
  if (number < size) {
    bpf_probe_read_kernel(&file, sizeof(file), list + number);
  }
  if (!file) {
    return 0; /* closed by another thread meanwhile */
  }
  struct inode *inode = 0;
  u16 mode = 0;
  u64 *address = (u64 *)record->address;
  address[0] = 0;
  address[1] = 0;
  record->family = 0;
  record->port = 0;
  record->local_port = 0;
  record->is_datagram = 0;
  record->length = 0;
  record->is_cut = 0;
  READ(inode, file, f_inode);
  READ(mode, inode, i_mode);
  if ((mode & KIND_OF_FILE) == IS_SOCKET) {
    find_peer(file, name, subject, record);
  } else if ((mode & KIND_OF_FILE) == IS_PIPE) {
    record->kind = PIPE;
    subject->key = mix(PIPE, 0);
  } else {
    u64 inode_number = 0;
    u32 hash = 0, device = 0;
    struct fs_struct *fs = 0;
    struct dentry *root = 0;
    record->kind = PATH;
    READ(room->at, file, f_path);
    READ(inode_number, inode, i_ino);
    struct dentry *entry = room->at.dentry;
    READ(hash, entry, d_name.hash);
    READ(fs, task, fs);
    READ(root, fs, root.dentry);
    subject->key = mix(mix(mix(mix((u64)room->at.dentry, (u64)room->at.mnt), inode_number), hash), (u64)root);
    if ((mode & KIND_OF_FILE) == IS_CHARACTERS) {
      READ(device, inode, i_rdev);
      u32 major = MAJOR(device);
      if (major == TERMINAL_MAJOR || (major == OWN_TERMINAL_MAJOR && !(device & 0xfffff)) ||
          (major >= FIRST_PSEUDO_TERMINAL && major <= LAST_PSEUDO_TERMINAL)) {
        record->kind = TERMINAL;
      }
    }
  }
  if (subject->key <= OTHER_PEERS) {
    subject->key = OTHER_PEERS + 1;
  }
  if (bpf_map_lookup_elem(&subjects, &subject->key)) {
    return 0;
  }
  if (bpf_map_update_elem(&subjects, &subject->key, &one, BPF_NOEXIST)) {
    subject->key = subject->is_socket ? OTHER_PEERS : OTHERS;
    return 0;
  }
  record->key = subject->key;
  record->pid = bpf_get_current_pid_tgid() >> 32;
  if (record->kind == PATH || record->kind == TERMINAL) {
    write_path();
  }
  if (bpf_ringbuf_output(&subject_records, record, sizeof(*record), BPF_RB_NO_WAKEUP)) {
    bpf_map_delete_elem(&subjects, &subject->key); /* told at its next call */
  }
  return 0;
}
