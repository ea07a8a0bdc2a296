// Grows in several ways, each in a function of its own, and prints for each how many bytes it holds at the end. Waits for a byte on
// its input before it begins and, when it has told, for its input to end. With `huge` or `small` it asks for huge pages or for none.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MB (1l << 20)
#define ALONE __attribute__((noinline))

static int advice;
static volatile char sink;

static char *room(long bytes)
{
  char *memory = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) exit(1);
  if (advice) madvise(memory, bytes, advice);
  return memory;
}

static void tell(const char *name, long bytes) { printf("%s %ld\n", name, bytes); }

ALONE static void touch(char *memory, long bytes)
{
  for (long at = 0; at < bytes; at += 4096) memory[at] = 1;
}

ALONE static void mapping(long size) { touch(room(128 * size), 128 * size); tell("mapping", 128 * size); }

ALONE static void unmapping(long size)
{
  char *memory = room(160 * size);
  touch(memory, 160 * size);
  munmap(memory + 60 * size, 40 * size);
  tell("unmapping", 120 * size);
}

ALONE static void discarding(long size)
{
  char *memory = room(150 * size);
  touch(memory, 150 * size);
  usleep(400000);
  madvise(memory, 50 * size, MADV_DONTNEED);
  tell("discarding", 100 * size);
}

/* All of it goes back at once and is taken again by another function. */
ALONE static void taking_back(char *memory, long bytes) { touch(memory, bytes); tell("taking_back", bytes); }
ALONE static void giving_back(long size)
{
  char *memory = room(110 * size);
  touch(memory, 110 * size);
  madvise(memory, 110 * size, MADV_DONTNEED);
  tell("giving_back", 0);
  taking_back(memory, 110 * size);
}

/* Something lies behind each piece, so that mremap has to move it. */
ALONE static void moving(long size)
{
  long bytes = 4 * size;
  char *memory = room(bytes);
  touch(memory, bytes);
  while (bytes < 128 * size) {
    room(size);
    char *moved = mremap(memory, bytes, 2 * bytes, MREMAP_MAYMOVE);
    if (moved == MAP_FAILED) exit(1);
    memory = moved;
    if (advice) madvise(memory, 2 * bytes, advice);
    touch(memory + bytes, bytes);
    bytes *= 2;
  }
  usleep(400000);
  tell("moving", bytes);
}

ALONE static void small_blocks(long size)
{
  long bytes = 0;
  while (bytes < 110 * size) {
    char *block = malloc(1000);
    if (!block) exit(1);
    memset(block, 1, 1000);
    bytes += 1008; /* with what malloc keeps for itself */
  }
  tell("small_blocks", bytes);
}

ALONE static void reading(long size)
{
  char *memory = room(100 * size);
  madvise(memory, 100 * size, MADV_NOHUGEPAGE);
  for (long at = 0; at < 100 * size; at += 4096) sink = memory[at];
  usleep(400000);
  tell("reading", 0);
}

ALONE static void child_writes(char *memory, long bytes) { touch(memory, bytes); }

ALONE static void forking(long size)
{
  char *memory = room(104 * size);
  touch(memory, 104 * size);
  tell("forking", 104 * size);
  tell("child_writes", 104 * size);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    memory[0] = 1;
    usleep(300000); /* stacks of a process are whole once its mappings have been read */
    child_writes(memory, 104 * size);
    usleep(500000);
    _exit(0);
  }
  waitpid(child, 0, 0);
  touch(memory, 104 * size); /* nothing new */
}

/* usage: grower small|huge|any [BYTES, of a megabyte] */
int main(int count, char **arguments)
{
  char letter;
  const char *how = count > 1 ? arguments[1] : "any";
  long size = count > 2 ? atol(arguments[2]) : MB;
  advice = !strcmp(how, "huge") ? MADV_HUGEPAGE : !strcmp(how, "small") ? MADV_NOHUGEPAGE : 0;
  if (read(0, &letter, 1) < 1) return 1;
  mapping(size);
  unmapping(size);
  discarding(size);
  giving_back(size);
  moving(size);
  small_blocks(size);
  reading(size);
  forking(size);
  printf("end\n");
  fflush(stdout);
  while (read(0, &letter, 1) > 0) {}
  return 0;
}
