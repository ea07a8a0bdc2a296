#define _POSIX_C_SOURCE 200809L
#include "account.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static double read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

double thread_seconds(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

void account_add(struct account *account, const char *name, const char *function, int line, double seconds)
{
    for (int i = 0; i < account->count; i++) {
        if (strcmp(account->parts[i].name, name) == 0) {
            account->parts[i].seconds += seconds;
            return;
        }
    }
    if (account->count < MAX_PARTS) {
        account->parts[account->count++] = (struct part){name, function, line, seconds};
    }
}

void account_print(struct account *account, bool force)
{
    double now = read_clock(CLOCK_MONOTONIC);
    if (!force && now - account->printed < 1) {
        return;
    }
    account->printed = now;
    double total = 0;
    for (int i = 0; i < account->count; i++) {
        total += account->parts[i].seconds;
    }
    printf("{\"cpuSeconds\":%.6f,\"measuredSeconds\":%.6f,\"parts\":[", read_clock(CLOCK_PROCESS_CPUTIME_ID), total);
    for (int i = 0; i < account->count; i++) {
        const struct part *part = &account->parts[i];
        printf("%s{\"name\":\"%s\",\"file\":\"archive.c\",\"function\":\"%s\",\"line\":%d,\"share\":%.6f}", i ? "," : "", part->name,
               part->function, part->line, total > 0 ? part->seconds / total : 0);
    }
    printf("]}\n");
    fflush(stdout);
}
