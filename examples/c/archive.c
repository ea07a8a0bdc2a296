/*
 * Writes blocks of records, compresses and checks them, and searches what came back, again and again.
 *
 *     ./archive [SIZE] [--seconds N]
 *
 * SIZE is the number of records a block (default 4000). With --seconds it stops after that time, else it runs until it
 * is stopped. It prints its own account once a second: the share of CPU time that each of its parts used.
 */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "account.h"

enum { RECORD_BYTES = 64, NAME_BYTES = 24 };

struct record {
    uint32_t number;
    uint32_t amount;
    uint64_t time;
    char name[NAME_BYTES];
    char note[RECORD_BYTES - NAME_BYTES - 16];
};

struct block {
    struct record *records;
    size_t count;
    unsigned char *packed;
    uLongf packed_bytes;
    struct record *restored;
};

static uint64_t state = 88172645463325252u;

/* A small generator (Marsaglia, 2003). */
static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static void fail(const char *what)
{
    fprintf(stderr, "archive: %s\n", what);
    exit(1);
}

static void *allocate(size_t bytes)
{
    void *memory = calloc(1, bytes);
    if (memory == NULL) {
        fail("out of memory");
    }
    return memory;
}

/* Fills a block with records whose names repeat, as names do. */
__attribute__((noinline)) static void fill(struct block *block)
{
    static const char *const names[] = {"anchor", "beacon", "copper", "dapple", "ember", "falcon", "granite", "harbour"};
    for (size_t i = 0; i < block->count; i++) {
        struct record *record = &block->records[i];
        uint64_t random = next_random();
        record->number = (uint32_t)i;
        record->amount = (uint32_t)(random % 100000);
        record->time = 1700000000 + random % 86400;
        snprintf(record->name, sizeof record->name, "%s-%u", names[random % 8], (unsigned)(random >> 32) % 500);
        for (size_t j = 0; j + 1 < sizeof record->note; j++) {
            record->note[j] = (char)('a' + (next_random() >> 20) % 6);
        }
    }
}

/* Compresses the block (deflate, RFC 1951). */
__attribute__((noinline)) static void pack(struct block *block)
{
    block->packed_bytes = compressBound(block->count * sizeof *block->records);
    int status = compress2(block->packed, &block->packed_bytes, (const Bytef *)block->records, block->count * sizeof *block->records, 1);
    if (status != Z_OK) {
        fail("the block could not be compressed");
    }
}

/* Restores the block from its compressed form. */
__attribute__((noinline)) static void unpack(struct block *block)
{
    uLongf bytes = block->count * sizeof *block->restored;
    if (uncompress((Bytef *)block->restored, &bytes, block->packed, block->packed_bytes) != Z_OK) {
        fail("the block is damaged");
    }
}

/* One step of the checksum; small enough that the compiler inlines it. */
static inline uint32_t mix(uint32_t hash, unsigned char byte)
{
    hash ^= byte;
    hash *= 16777619u;
    return (hash << 5) | (hash >> 27);
}

/* A checksum over every byte (FNV-1a with a rotation). */
__attribute__((noinline)) static uint32_t checksum(const struct record *records, size_t count)
{
    const unsigned char *bytes = (const unsigned char *)records;
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < count * sizeof *records; i++) {
        hash = mix(hash, bytes[i]);
    }
    return hash;
}

static int by_name(const void *left, const void *right)
{
    const struct record *a = left;
    const struct record *b = right;
    int order = strcmp(a->name, b->name);
    return order != 0 ? order : (a->number > b->number) - (a->number < b->number);
}

/* Brings the records into the order of their names. */
__attribute__((noinline)) static void sort(struct block *block)
{
    qsort(block->restored, block->count, sizeof *block->restored, by_name);
}

/* Counts how often a short text occurs in the notes, byte by byte. */
__attribute__((noinline)) static size_t search(const struct block *block, const char *wanted)
{
    size_t found = 0;
    size_t length = strlen(wanted);
    for (size_t i = 0; i < block->count; i++) {
        const char *note = block->restored[i].note;
        for (size_t j = 0; j + length < sizeof block->restored[i].note; j++) {
            size_t same = 0;
            while (same < length && note[j + same] == wanted[same]) {
                same++;
            }
            found += same == length;
        }
    }
    return found;
}

/* Runs CALL and adds its CPU time to the part NAME; the line is the caller's own. */
#define MEASURE(account, name, function, call)                                              \
    do {                                                                                    \
        double started = thread_seconds();                                                  \
        call;                                                                               \
        account_add(account, name, function, __LINE__, thread_seconds() - started);         \
    } while (0)

static size_t round_trip(struct account *account, struct block *block)
{
    uint32_t before = 0;
    uint32_t after = 0;
    size_t found = 0;
    MEASURE(account, "fill", "fill", fill(block));
    MEASURE(account, "checksum", "checksum", before = checksum(block->records, block->count));
    MEASURE(account, "pack", "pack", pack(block));
    MEASURE(account, "unpack", "unpack", unpack(block));
    MEASURE(account, "check", "checksum", after = checksum(block->restored, block->count));
    MEASURE(account, "sort", "sort", sort(block));
    MEASURE(account, "search", "search", found = search(block, "abcab"));
    if (before != after) {
        fail("what came back differs from what went in");
    }
    return found;
}

int main(int argc, char **argv)
{
    long size = 4000;
    double seconds = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc) {
            seconds = atof(argv[++i]);
        } else {
            size = atol(argv[i]);
        }
    }
    if (size < 1 || size > 10000000) {
        fprintf(stderr, "usage: archive [SIZE] [--seconds N]; SIZE is a number of records from 1 to 10000000\n");
        return 2;
    }
    struct block block = {.count = (size_t)size};
    block.records = allocate(block.count * sizeof *block.records);
    block.restored = allocate(block.count * sizeof *block.restored);
    block.packed = allocate(compressBound(block.count * sizeof *block.records));

    struct account account = {0};
    time_t end = time(NULL) + (time_t)seconds;
    size_t found = 0;
    do {
        found += round_trip(&account, &block);
        account_print(&account, false);
    } while (seconds <= 0 || time(NULL) < end);
    account_print(&account, true);
    free(block.records);
    free(block.restored);
    free(block.packed);
    return found == SIZE_MAX;
}
