// Reads a file through mapped memory, twice: first while it goes on for some time, then right before it ends. Each time the file is out of
// the page cache and the kernel is told not to read ahead. Prints how many page faults had a device read, by its own account.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { SIZE = 16 << 20, PAGE = 4096 };
static volatile unsigned long sink;

static void fill(const char *path) {
  char block[1 << 16];
  for (size_t i = 0; i < sizeof(block); i++) block[i] = (char)i;
  int file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
  for (size_t written = 0; written < SIZE; written += sizeof(block))
    if (write(file, block, sizeof(block)) != sizeof(block)) exit(1);
  if (fsync(file) || close(file)) exit(1);
}

static void read_mapped(const char *path) {
  int file = open(path, O_RDONLY);
  posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
  char *bytes = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, file, 0);
  if (bytes == MAP_FAILED || madvise(bytes, SIZE, MADV_RANDOM)) exit(1);
  for (size_t at = 0; at < SIZE; at += PAGE) sink += bytes[at];
  munmap(bytes, SIZE);
  close(file);
}

static long faults(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_majflt;
}

int main(int argc, char **argv) {
  (void)argc;
  fill(argv[1]);
  if (getchar() != 'g') return 1;
  long before = faults();
  read_mapped(argv[1]);
  printf("first %ld\n", faults() - before);
  fflush(stdout);
  sleep(3);
  before = faults();
  read_mapped(argv[1]);
  printf("last %ld\n", faults() - before);
  return 0;
}
