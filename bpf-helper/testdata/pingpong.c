// Two threads hand a byte to and fro through two pipes for some seconds, as fast as they can, with a pause in between (µs), or at
// most so many times a second (third argument), in bursts of 10 ms.
// Prints each thread's waiting in ns: what has passed less the time on the processor. Both run on one processor: where one
// wakes the other's idle one, the kernel counts the time to leave idleness as the thread's, though it does not run yet.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static long long now(clockid_t clock) { struct timespec t; clock_gettime(clock, &t); return t.tv_sec * 1000000000ll + t.tv_nsec; }
static int there[2], back[2];
static long long until, handed;
static int pause_us;
static long long rate;

__attribute__((noinline)) static void hand(int fd) { char x = 1; if (write(fd, &x, 1)) {} }
__attribute__((noinline)) static int take(int fd) { char x; return read(fd, &x, 1) == 1; }

static void tell(const char *name, long long began)
{
  printf("%s %lld\n", name, now(CLOCK_MONOTONIC) - began - now(CLOCK_THREAD_CPUTIME_ID));
}

static void *partner(void *unused)
{
  long long began = now(CLOCK_MONOTONIC) - now(CLOCK_THREAD_CPUTIME_ID);
  while (take(there[0])) hand(back[1]);
  tell("partner", began);
  return 0;
}

int main(int count, char **arguments)
{
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(0, &one);
  if (pipe(there) || pipe(back) || sched_setaffinity(0, sizeof(one), &one)) return 1;
  pause_us = count > 2 ? atoi(arguments[2]) : 0;
  rate = count > 3 ? atoll(arguments[3]) : 0;
  char go;
  if (read(0, &go, 1) < 1) return 1;
  long long began = now(CLOCK_MONOTONIC) - now(CLOCK_THREAD_CPUTIME_ID);
  until = now(CLOCK_MONOTONIC) + atoi(arguments[1]) * 1000000000ll;
  pthread_t thread;
  pthread_create(&thread, 0, partner, 0);
  while (now(CLOCK_MONOTONIC) < until) {
    hand(there[1]);
    take(back[0]);
    handed++;
    if (rate && handed % (rate / 100) == 0) {
      long long ahead = until - atoi(arguments[1]) * 1000000000ll + handed * 1000000000ll / rate - now(CLOCK_MONOTONIC);
      struct timespec t = {0, ahead};
      if (ahead > 0) nanosleep(&t, 0);
    }
    if (pause_us) { struct timespec t = {0, pause_us * 1000l}; nanosleep(&t, 0); }
  }
  close(there[1]);
  pthread_join(thread, 0);
  tell("main", began);
  fprintf(stderr, "%lld round trips\n", handed);
  return 0;
}
