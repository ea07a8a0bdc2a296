// So many threads that all live at once and each sleep so often for 300 to 400 ms; says how many there were, how often and how long they slept, in ns.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int times;
static long long slept;
static long done;
static pthread_barrier_t all_there;

static long long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void *rest(void *place) {
  pthread_setname_np(pthread_self(), "crowd");
  pthread_barrier_wait(&all_there);
  long long own = 0;
  for (int i = 0; i < times; i++) {
    long long began = now();
    usleep(300000 + (long)place * 20);
    own += now() - began;
  }
  __atomic_fetch_add(&slept, own, __ATOMIC_RELAXED);
  __atomic_fetch_add(&done, times, __ATOMIC_RELAXED);
  return 0;
}

int main(int argc, char **argv) {
  int wanted = atoi(argv[1]), made = 0;
  times = atoi(argv[2]);
  char wait;
  if (read(0, &wait, 1) != 1) return 1;
  pthread_t *threads = calloc(wanted, sizeof(*threads));
  pthread_barrier_init(&all_there, 0, wanted);
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 65536);
  for (; made < wanted; made++) {
    if (pthread_create(&threads[made], &small, rest, (void *)(long)made)) {
      printf("%d 0 0\n", made);
      return 0; // the others wait for ever
    }
  }
  for (int i = 0; i < made; i++) pthread_join(threads[i], 0);
  printf("%d %ld %lld\n", made, done, slept);
  return 0;
}
