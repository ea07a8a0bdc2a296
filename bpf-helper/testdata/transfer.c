// Reads, writes, sends and receives in a number of lines, each with a descriptor of its own, and prints for each line
// `function line descriptor bytes` by its own account. Usage: transfer ROUNDS FOLDER; begins when it hears a byte on descriptor 0.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define PART __attribute__((noinline)) static void
struct account { const char *function; int line, descriptor; long long bytes; };
static struct account accounts[32];
static int count;
static char buffer[1 << 20];

static struct account *begin(const char *function, int line, int descriptor)
{
  for (int i = 0; i < count; i++) if (accounts[i].line == line && accounts[i].function == function) return &accounts[i];
  accounts[count] = (struct account){function, line, descriptor, 0};
  return &accounts[count++];
}
// The result of a call, added to the account of its line.
#define COUNTED(descriptor, call) do { struct account *a = begin(__func__, __LINE__, descriptor); long counted = call; if (counted > 0) a->bytes += counted; } while (0)

PART writing_records(int fd, int i) { COUNTED(fd, write(fd, buffer, 40 + i % 100)); }
PART writing_blocks(int fd) { COUNTED(fd, pwrite(fd, buffer, 300000, 0)); }
PART writing_gathered(int fd) { struct iovec v[2] = {{buffer, 5000}, {buffer, 7000}}; COUNTED(fd, writev(fd, v, 2)); }
PART reading_small(int fd) { lseek(fd, 0, SEEK_SET); for (int i = 0; i < 8; i++) COUNTED(fd, read(fd, buffer, 512)); }
PART reading_large(int fd) { COUNTED(fd, pread(fd, buffer, 1 << 18, 0)); }
PART sending(int fd) { COUNTED(fd, send(fd, buffer, 20000, 0)); }
PART writing_to_socket(int fd) { COUNTED(fd, write(fd, buffer, 9000)); }
PART datagrams(int fd) { COUNTED(fd, send(fd, buffer, 700, 0)); }
PART messages(int fd)
{
  struct iovec v = {buffer, 400};
  struct mmsghdr m[3] = {{{.msg_iov = &v, .msg_iovlen = 1}}, {{.msg_iov = &v, .msg_iovlen = 1}}, {{.msg_iov = &v, .msg_iovlen = 1}}};
  struct account *a = begin(__func__, __LINE__ + 1, fd);
  if (sendmmsg(fd, m, 3, 0) == 3) a->bytes += m[0].msg_len + m[1].msg_len + m[2].msg_len;
}
PART piping(int fd) { COUNTED(fd, write(fd, buffer, 3000)); }
PART emptying(int fd) { COUNTED(fd, read(fd, buffer, 3000)); }
PART receiving_from_peer(int fd) { for (int left = 20000; left > 0;) { long n = 0; COUNTED(fd, n = recv(fd, buffer, left, 0)); if (n <= 0) break; left -= n; } }
PART copying(int to, int from) { off_t at = 0; COUNTED(to, sendfile(to, from, &at, 50000)); }

static int peers[2];
// Takes what the first socket brings and gives back as much.
static void *peer(void *unused)
{
  static char own[1 << 16];
  long n;
  while ((n = recv(peers[0], own, sizeof(own), 0)) > 0) { }
  return 0;
}
static void *giver(void *unused)
{
  static char own[20000];
  while (send(peers[1], own, sizeof(own), MSG_NOSIGNAL) > 0) { }
  return 0;
}

static int connected(int type, int *other)
{
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof(a);
  int server = socket(AF_INET, type, 0), client = socket(AF_INET, type, 0);
  bind(server, (void *)&a, length);
  getsockname(server, (void *)&a, &length);
  if (type == SOCK_STREAM) listen(server, 1);
  connect(client, (void *)&a, length);
  *other = type == SOCK_STREAM ? accept(server, 0, 0) : server;
  return client;
}

int main(int n, char **arguments)
{
  int rounds = atoi(arguments[1]), pipes[2], unused;
  char path[3][4096], letter;
  for (int i = 0; i < 3; i++) snprintf(path[i], sizeof(path[i]), "%s/%s", arguments[2], (const char *[]){"records.log", "blocks.bin", "gathered.bin"}[i]);
  if (read(0, &letter, 1) != 1) return 1;
  int records = open(path[0], O_CREAT | O_TRUNC | O_RDWR | O_APPEND, 0600), blocks = open(path[1], O_CREAT | O_RDWR, 0600), gathered = open(path[2], O_CREAT | O_RDWR, 0600);
  int read_small = open(path[1], O_RDONLY), read_large = open(path[1], O_RDONLY);
  int out = connected(SOCK_STREAM, &peers[0]), in = connected(SOCK_STREAM, &peers[1]), by_write = dup(out), udp = connected(SOCK_DGRAM, &unused), udp2 = dup(udp);
  if (pipe(pipes)) return 1;
  pthread_t threads[2];
  pthread_create(&threads[0], 0, peer, 0);
  pthread_create(&threads[1], 0, giver, 0);
  for (int i = 0; i < rounds; i++) {
    for (int k = 0; k < 20; k++) writing_records(records, i * 20 + k);
    if (i % 5 == 0) writing_blocks(blocks);
    if (i % 3 == 0) writing_gathered(gathered);
    reading_small(read_small);
    if (i % 7 == 0) reading_large(read_large);
    sending(out);
    writing_to_socket(by_write);
    datagrams(udp);
    messages(udp2);
    piping(pipes[1]);
    emptying(pipes[0]);
    receiving_from_peer(in);
    if (i % 50 == 0) { lseek(gathered, 0, SEEK_SET); copying(gathered, blocks); }
  }
  shutdown(out, SHUT_WR);
  pthread_join(threads[0], 0); // what was sent has been received
  close(in);
  for (int i = 0; i < count; i++) printf("%s %d %d %lld\n", accounts[i].function, accounts[i].line, accounts[i].descriptor, accounts[i].bytes);
  fflush(stdout);
  _exit(0);
}
