// Writes a file and reads it again by io_uring alone, without a library, and says how many bytes and operations that were.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ENTRIES 8

static int ring;
static unsigned *submit_tail, *submit_mask, *submit_array, *done_head, *done_tail, *done_mask;
static struct io_uring_sqe *entries;
static struct io_uring_cqe *done;

static void *map(size_t size, off_t offset) {
  void *at = mmap(0, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, offset);
  if (at == MAP_FAILED) exit(3);
  return at;
}

// The result of one operation.
static int operate(int operation, int fd, void *memory, unsigned length, uint64_t offset) {
  unsigned tail = *submit_tail, at = tail & *submit_mask;
  memset(&entries[at], 0, sizeof(entries[at]));
  entries[at].opcode = operation;
  entries[at].fd = fd;
  entries[at].addr = (uint64_t)(uintptr_t)memory;
  entries[at].len = length;
  entries[at].off = offset;
  submit_array[at] = at;
  __atomic_store_n(submit_tail, tail + 1, __ATOMIC_RELEASE);
  if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, 0, 0) < 0) exit(4);
  unsigned head = *done_head;
  while (head == __atomic_load_n(done_tail, __ATOMIC_ACQUIRE)) {}
  int result = done[head & *done_mask].res;
  __atomic_store_n(done_head, head + 1, __ATOMIC_RELEASE);
  return result;
}

int main(int argc, char **argv) {
  struct io_uring_params params = {0};
  ring = syscall(SYS_io_uring_setup, ENTRIES, &params);
  if (ring < 0) return 2;
  char *submit = map(params.sq_off.array + params.sq_entries * sizeof(unsigned), IORING_OFF_SQ_RING);
  char *complete = map(params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe), IORING_OFF_CQ_RING);
  entries = map(params.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
  submit_tail = (unsigned *)(submit + params.sq_off.tail);
  submit_mask = (unsigned *)(submit + params.sq_off.ring_mask);
  submit_array = (unsigned *)(submit + params.sq_off.array);
  done_head = (unsigned *)(complete + params.cq_off.head);
  done_tail = (unsigned *)(complete + params.cq_off.tail);
  done_mask = (unsigned *)(complete + params.cq_off.ring_mask);
  done = (struct io_uring_cqe *)(complete + params.cq_off.cqes);
  static char block[40000];
  char wait;
  if (read(0, &wait, 1) != 1) return 1;
  int file = open(argv[1], O_CREAT | O_RDWR | O_TRUNC, 0600);
  long long bytes = 0, operations = 0;
  for (int i = 0; i < 1000; i++, operations++) {
    int result = operate(IORING_OP_WRITE, file, block, 1000 + 39 * i, bytes);
    if (result < 0) return 5;
    bytes += result;
  }
  long long read = 0;
  for (int result = 1; result > 0; operations++) {
    result = operate(IORING_OP_READ, file, block, sizeof(block), read);
    read += result > 0 ? result : 0;
  }
  operate(IORING_OP_NOP, -1, 0, 0, 0);
  operate(IORING_OP_READ, 12345, block, sizeof(block), 0); // fails
  operations += 2;
  printf("%lld %lld\n", bytes + read, operations);
  return 0;
}
