// Spends its time at the bottom of a recursion that is deeper than any stack that can be recorded.
#include <stdlib.h>
#include <sys/resource.h>

static volatile unsigned long sink;

__attribute__((noinline)) void spin(void) {
  for (long i = 0; i < 20000000; i++) sink += i;
}

__attribute__((noinline)) void dive(int depth) {
  if (depth == 0)
    spin();
  else
    dive(depth - 1);
  sink++; // the call above is no jump
}

int main(int argc, char **argv) {
  int depth = argc > 1 ? atoi(argv[1]) : 1000;
  for (;;) dive(depth);
}
