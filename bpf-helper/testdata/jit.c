// A virtual machine in small: makes two functions that call each other with frame pointers, and writes down their names as asked: in a
// perf map, in a jitdump file, or not at all. The second name comes late.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static volatile unsigned long sink;

__attribute__((noinline)) void spin(void) {
  for (long i = 0; i < 3000000; i++) sink += i;
}

// push rbp; mov rbp, rsp; mov rax, TARGET; call rax; pop rbp; ret
static uint8_t *emit(uint8_t *at, uint64_t target) {
  static const uint8_t enter[] = {0x55, 0x48, 0x89, 0xe5, 0x48, 0xb8}, leave[] = {0xff, 0xd0, 0x5d, 0xc3};
  memcpy(at, enter, sizeof enter);
  memcpy(at + 6, &target, 8);
  memcpy(at + 14, leave, sizeof leave);
  return at + 32;
}

struct header { uint32_t magic, version, size, machine, pad, pid; uint64_t time, flags; };
struct record { uint32_t id, size; uint64_t time; };
struct load { uint32_t pid, tid; uint64_t vma, address, size, index; };

static FILE *out;
static int is_dump;

static void name(const char *text, uint8_t *code, uint64_t size, uint64_t index) {
  if (!out) return;
  if (!is_dump) {
    fprintf(out, "%lx %lx %s\n", (unsigned long)code, (unsigned long)size, text);
  } else {
    uint64_t start = (uint64_t)code, count = 1;
    const char *file = "/src/little.vm";
    uint32_t line[2] = {40 + index, 0};
    struct record lines = {2, sizeof lines + 16 + 16 + strlen(file) + 1, 0};
    fwrite(&lines, sizeof lines, 1, out), fwrite(&start, 8, 1, out), fwrite(&count, 8, 1, out);
    fwrite(&start, 8, 1, out), fwrite(line, 8, 1, out), fwrite(file, strlen(file) + 1, 1, out);
    struct load load = {getpid(), getpid(), start, start, size, index};
    struct record head = {0, sizeof head + sizeof load + strlen(text) + 1 + size, 0};
    fwrite(&head, sizeof head, 1, out), fwrite(&load, sizeof load, 1, out), fwrite(text, strlen(text) + 1, 1, out);
    fwrite(code, size, 1, out);
  }
  fflush(out);
}

int main(int argc, char **argv) {
  const char *how = argc > 1 ? argv[1] : "map";
  char path[64];
  is_dump = !strcmp(how, "dump");
  snprintf(path, sizeof path, is_dump ? "jit-%d.dump" : "/tmp/perf-%d.map", getpid());
  if (strcmp(how, "none")) out = fopen(path, "w+");
  if (out && is_dump) {
    struct header header = {0x4a695444, 1, sizeof header, 62, 0, getpid(), 0, 0};
    fwrite(&header, sizeof header, 1, out), fflush(out);
    mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fileno(out), 0);
  }
  uint8_t *code = mmap(0, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  uint8_t *inner = code + 4096, *outer = emit(inner, (uint64_t)spin);
  uint8_t *end = emit(outer, (uint64_t)inner);
  mprotect(code, 1 << 16, PROT_READ | PROT_EXEC);
  name("little::inner(int) [tier 2]", inner, outer - inner, 1);
  for (time_t began = time(0), named = 0;;) {
    ((void (*)(void))outer)();
    if (!named && time(0) - began >= 5) {
      name("outer", outer, end - outer, 2);
      named = 1;
    }
    sink++;
  }
}
