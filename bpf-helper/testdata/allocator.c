// Allocates in several ways, each in a function of its own, and prints for each how many bytes it asked for and how many of them it
// holds at the end. Waits for a byte on its input before it begins. With a number of seconds it instead asks for small blocks all the
// time, and prints how many; with `still` before it, a hundred a second only.
#define _GNU_SOURCE
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ALONE __attribute__((noinline))
#ifndef ROUNDS
#define ROUNDS 3600
#endif

struct way { const char *name; long asked, held; };
static struct way ways[] = {
  {"mallocs"}, {"callocs"}, {"reallocs"}, {"aligns"}, {"places"}, {"leaks"}, {"threads"}, {"mixes"}, {"shrinks"},
};
enum { MALLOCS, CALLOCS, REALLOCS, ALIGNS, PLACES, LEAKS, THREADS, MIXES, SHRINKS, WAYS };
static void *volatile kept;

static void asked(int way, long bytes, long held) { ways[way].asked += bytes; ways[way].held += held; }

ALONE static void mallocs(long size) { kept = malloc(size); asked(MALLOCS, size, 0); free(kept); }
ALONE static void callocs(long size) { kept = calloc(size / 8, 8); asked(CALLOCS, size / 8 * 8, 0); free(kept); }
ALONE static void aligns(long size) { kept = aligned_alloc(64, size & ~63); asked(ALIGNS, size & ~63, 0); free(kept); }
ALONE static void places(long size)
{
  void *block = 0;
  if (posix_memalign(&block, 256, size)) exit(1);
  kept = block;
  asked(PLACES, size, 0);
  free(block);
}

/* A block that grows by steps, first of all from nothing: realloc of nothing calls malloc by itself. */
ALONE static void reallocs(long size)
{
  void *block = 0;
  for (int step = 1; step <= 4; step++) {
    kept = block = realloc(block, size * step / 4);
    asked(REALLOCS, size * step / 4, 0);
  }
  free(block);
}

ALONE static void leaks(long size) { kept = malloc(size); asked(LEAKS, size, size); }

/* What another function took is made smaller, and then held. */
ALONE static void shrinks(long size)
{
  void *block = malloc(size);
  kept = block;
  kept = realloc(block, size / 2);
  asked(SHRINKS, size + size / 2, size / 2);
}

/* Thousands of small blocks, of which every second stays. */
ALONE static void mixes(long size)
{
  static void *blocks[64];
  for (int i = 0; i < 64; i++) {
    blocks[i] = malloc(size / 64);
    asked(MIXES, size / 64, i % 2 ? size / 64 : 0);
  }
  for (int i = 0; i < 64; i += 2) free(blocks[i]);
}

/* What one thread takes another gives back. */
ALONE static void *threads(void *size)
{
  for (int i = 0; i < ROUNDS / 4; i++) {
    void *one = malloc((long)size);
    __sync_fetch_and_add(&ways[THREADS].asked, (long)size);
    void *before = __sync_lock_test_and_set(&kept, one);
    (void)before;
    free(one);
    usleep(2000);
  }
  return 0;
}

static void busy(double seconds, int still)
{
  struct timespec began, now;
  long number = 0;
  clock_gettime(CLOCK_MONOTONIC, &began);
  do {
    for (int i = 0; i < (still ? 1 : 1000); i++, number++) {
      kept = malloc(24);
      free(kept);
    }
    if (still) usleep(10000);
    clock_gettime(CLOCK_MONOTONIC, &now);
  } while ((now.tv_sec - began.tv_sec) + (now.tv_nsec - began.tv_nsec) / 1e9 < seconds);
  printf("busy %ld 0\n", number);
}

int main(int count, char **words)
{
  char begin;
  int still = count > 1 && !strcmp(words[1], "still");
  mallopt(M_MMAP_THRESHOLD, 1 << 26);
  if (read(0, &begin, 1) != 1) return 1;
  if (count > 1 + still) {
    busy(atof(words[1 + still]), still);
    return 0;
  }
  pthread_t helpers[2];
  for (int i = 0; i < 2; i++) pthread_create(&helpers[i], 0, threads, (void *)200000l);
  for (int i = 0; i < ROUNDS; i++) {
    long size = 100000 + 64 * (i % 100);
    mallocs(size + 8);
    callocs(size);
    aligns(size);
    places(size);
    reallocs(size / 2);
    leaks(size);
    mixes(size);
    shrinks(size);
    usleep(4000);
  }
  for (int i = 0; i < 2; i++) pthread_join(helpers[i], 0);
  for (int i = 0; i < WAYS; i++) printf("%s %ld %ld\n", ways[i].name, ways[i].asked, ways[i].held);
  return 0;
}
