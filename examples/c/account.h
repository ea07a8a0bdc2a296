/* The program's own account: CPU time of this thread around each part. */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include <stdbool.h>

enum { MAX_PARTS = 16 };

struct part {
    const char *name;
    const char *function;
    int line;
    double seconds;
};

struct account {
    struct part parts[MAX_PARTS];
    int count;
    double printed;
};

/* CPU seconds of the calling thread. */
double thread_seconds(void);

/* Adds `seconds` to the part `name`, which calls `function` at `line` of `archive.c`. */
void account_add(struct account *account, const char *name, const char *function, int line, double seconds);

/* Prints one JSON line, at most once a second unless forced. */
void account_print(struct account *account, bool force);

#endif
