// Takes memory and gives it back for some seconds: maps 32 MB, touches each page, unmaps it, and pauses (µs), so that the pace is about
// steady. Waits for a byte on its input first. Prints how many page faults it had and how long it touched, in ns.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define BYTES (32l << 20)

static long long now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000000000ll + t.tv_nsec; }

__attribute__((noinline)) static void churn(char *memory)
{
  for (long at = 0; at < BYTES; at += 4096) memory[at] = 1;
}

int main(int count, char **arguments)
{
  char letter;
  long long touched = 0;
  struct rusage before, after;
  if (count < 2 || read(0, &letter, 1) < 1) return 1;
  int pause_us = count > 2 ? atoi(arguments[2]) : 0;
  getrusage(RUSAGE_SELF, &before);
  long long until = now() + atoi(arguments[1]) * 1000000000ll;
  while (now() < until) {
    char *memory = mmap(0, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return 1;
    madvise(memory, BYTES, MADV_NOHUGEPAGE);
    long long began = now();
    churn(memory);
    touched += now() - began;
    munmap(memory, BYTES);
    if (pause_us) usleep(pause_us);
  }
  getrusage(RUSAGE_SELF, &after);
  printf("%ld %lld\n", after.ru_minflt - before.ru_minflt, touched);
  return 0;
}
