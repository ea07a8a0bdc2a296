// Waits in every way, and prints for each function how long it waited, in ns, by its own clocks.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PART __attribute__((noinline)) static void
static long long now(clockid_t clock) { struct timespec t; clock_gettime(clock, &t); return t.tv_sec * 1000000000ll + t.tv_nsec; }
static void rest(int us) { struct timespec t = {us / 1000000, us % 1000000 * 1000l}; nanosleep(&t, 0); }

static int to_partner[2], pipe_in[2], server, client;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char *file;
static char *buffer;
static volatile unsigned long sink;

// The partner does what it is asked for by a letter.
static void *partner(void *unused)
{
  char letter;
  while (read(to_partner[0], &letter, 1) == 1) {
    if (letter == 'l') { pthread_mutex_lock(&mutex); if (write(pipe_in[1], "x", 1)) {} rest(6000); pthread_mutex_unlock(&mutex); }
    if (letter == 'p') { rest(7000); if (write(pipe_in[1], "x", 1)) {} }
    if (letter == 'n') { rest(5000); if (send(client, "x", 1, 0)) {} }
  }
  return 0;
}
static void ask(char letter) { if (write(to_partner[1], &letter, 1)) {} }
static void hear(void) { char x; if (read(pipe_in[0], &x, 1)) {} }

PART sleeping(void) { rest(8000); }
PART locking(void) { pthread_mutex_lock(&mutex); pthread_mutex_unlock(&mutex); }
PART piping(void) { hear(); }
PART receiving(void) { char x; if (recv(server, &x, 1, 0)) {} }
PART reaping(pid_t child) { waitpid(child, 0, 0); }
PART syncing(int fd) { if (pwrite(fd, buffer, 1 << 20, 0)) {} fsync(fd); }
PART faulting(const char *mapped, long size) { for (long i = 0; i < size; i += 64 << 10) sink += mapped[i]; }
PART computing(int ms)
{
  long long until = now(CLOCK_MONOTONIC) + ms * 1000000ll;
  while (now(CLOCK_MONOTONIC) < until) for (int i = 0; i < 10000; i++) sink += i;
}

static void tell(const char *name, long long wall, long long cpu) { printf("%s %lld\n", name, wall - cpu); }
#define TIMED(sum, call) do { long long w = now(CLOCK_MONOTONIC), c = now(CLOCK_THREAD_CPUTIME_ID); call; \
  sum##_wall += now(CLOCK_MONOTONIC) - w; sum##_cpu += now(CLOCK_THREAD_CPUTIME_ID) - c; } while (0)
#define SUM(name) long long name##_wall = 0, name##_cpu = 0

int main(int count, char **arguments)
{
  int rounds = atoi(arguments[1]);
  file = arguments[2];
  buffer = malloc(1 << 20);
  if (pipe(to_partner) || pipe(pipe_in)) return 1;
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof(address);
  if (bind(listener, (void *)&address, length) || listen(listener, 1) || getsockname(listener, (void *)&address, &length)) return 1;
  client = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(client, (void *)&address, length)) return 1;
  server = accept(listener, 0, 0);
  pthread_t thread;
  pthread_create(&thread, 0, partner, 0);
  int fd = open(file, O_RDWR | O_CREAT | O_TRUNC, 0600);
  long size = 64 << 20;
  for (long i = 0; i < size; i += 1 << 20) { memset(buffer, i >> 20, 1 << 20); if (pwrite(fd, buffer, 1 << 20, i) < 0) return 1; }
  fsync(fd);
  char go;
  if (read(0, &go, 1) < 1) return 1;
  SUM(sleeping); SUM(locking); SUM(piping); SUM(receiving); SUM(reaping); SUM(syncing); SUM(faulting); SUM(computing);
  for (int i = 0; i < rounds; i++) {
    TIMED(sleeping, sleeping());
    ask('l'); hear(); TIMED(locking, locking());
    ask('p'); TIMED(piping, piping());
    ask('n'); TIMED(receiving, receiving());
    pid_t child = fork();
    if (!child) { rest(9000); _exit(0); }
    TIMED(reaping, reaping(child));
    TIMED(syncing, syncing(fd));
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    char *mapped = mmap(0, size, PROT_READ, MAP_SHARED, fd, 0);
    madvise(mapped, size, MADV_RANDOM);
    TIMED(faulting, faulting(mapped + (i % 16) * (4 << 20), 4 << 20));
    munmap(mapped, size);
    TIMED(computing, computing(40));
  }
#define TELL(name) tell(#name, name##_wall, name##_cpu)
  TELL(sleeping); TELL(locking); TELL(piping); TELL(receiving); TELL(reaping); TELL(syncing); TELL(faulting); TELL(computing);
  unlink(file);
  return 0;
}
