// Threads and a child whose waits are ended by a thread that is known: a lock handed over, a byte in a pipe, a child that ends, a byte in a
// socket. Prints each wait's function with who ends it and how many there were.
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int count, pipes[2], sockets[2];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static sem_t holding, posted;

static void rest(long ms) { struct timespec t = {0, ms * 1000000}; nanosleep(&t, 0); }
static void name(const char *called) { prctl(PR_SET_NAME, called); }

__attribute__((noinline)) void waits_for_lock(void) { pthread_mutex_lock(&lock); __asm__ volatile("" ::: "memory"); pthread_mutex_unlock(&lock); }
__attribute__((noinline)) void waits_for_post(void) { sem_wait(&posted); __asm__ volatile("" ::: "memory"); }
__attribute__((noinline)) void waits_for_byte(void) { char c; if (read(pipes[0], &c, 1) != 1) exit(1); }
__attribute__((noinline)) void waits_for_packet(void) { char c; if (recv(sockets[0], &c, 1, 0) != 1) exit(1); }
__attribute__((noinline)) void waits_for_child(pid_t child) { waitpid(child, 0, 0); __asm__ volatile("" ::: "memory"); }

static void *holder(void *unused)
{
  name("holder");
  for (int i = 0; i < count; i++) {
    pthread_mutex_lock(&lock);
    sem_post(&holding);
    rest(12);
    pthread_mutex_unlock(&lock);
    rest(4);
  }
  return 0;
}
static void *locker(void *unused)
{
  name("locker");
  for (int i = 0; i < count; i++) { sem_wait(&holding); waits_for_lock(); }
  return 0;
}
static void *poster(void *unused) { name("poster"); for (int i = 0; i < count; i++) { rest(9); sem_post(&posted); } return 0; }
static void *taker(void *unused) { name("taker"); for (int i = 0; i < count; i++) waits_for_post(); return 0; }
static void *writer(void *unused) { name("writer"); for (int i = 0; i < count; i++) { rest(8); if (write(pipes[1], "x", 1) != 1) exit(1); } return 0; }
static void *reader(void *unused) { name("reader"); for (int i = 0; i < count; i++) waits_for_byte(); return 0; }
static void *sender(void *unused) { name("sender"); for (int i = 0; i < count; i++) { rest(7); if (send(sockets[1], "x", 1, 0) != 1) exit(1); } return 0; }
static void *receiver(void *unused) { name("receiver"); for (int i = 0; i < count; i++) waits_for_packet(); return 0; }
static void *parent(void *unused)
{
  name("parent");
  for (int i = 0; i < count / 4; i++) {
    pid_t child = fork();
    if (!child) { name("heir"); rest(20); _exit(0); }
    waits_for_child(child);
  }
  return 0;
}

int main(int arguments, char **argument)
{
  count = atoi(argument[1]);
  char go;
  void *(*work[])(void *) = {holder, locker, poster, taker, writer, reader, sender, receiver, parent};
  enum { THREADS = sizeof work / sizeof *work };
  pthread_t threads[THREADS];
  if (pipe(pipes) || socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) || read(0, &go, 1) < 1) return 1;
  sem_init(&holding, 0, 0);
  sem_init(&posted, 0, 0);
  for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], 0, work[i], 0);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], 0);
  printf("waits_for_lock holder\nwaits_for_post poster\nwaits_for_byte writer\nwaits_for_packet sender\nwaits_for_child heir\n");
  return 0;
}
