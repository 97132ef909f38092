/* A main for fuzz targets without libFuzzer: runs every file of the folders named on
 * the command line, and for each of them a number of damaged copies that depend on
 * nothing but its bytes. Prints TAP. */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/prng.h"
#include "fuzz.h"

enum { INPUT_MAX = 1 << 20, DAMAGED_COPIES = 300, COPY_MAX = 64 << 10 };

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* A heap block of exactly the input's size, so that a sanitizer sees a read past it. */
static void run_one(struct bytes in)
{
    uint8_t *exact = mem_alloc(in.len);
    if (in.len > 0)
        memcpy(exact, in.data, in.len);
    (void)LLVMFuzzerTestOneInput(exact, in.len);
    mem_free(exact);
}

static void damage(struct buf *copy, struct prng *prng)
{
    uint64_t changes = 1 + prng_below(prng, 4);
    while (changes-- > 0 && copy->len > 0) {
        size_t at = prng_below(prng, copy->len);
        switch (prng_below(prng, 4)) {
        case 0:
            copy->data[at] ^= (uint8_t)(1U << prng_below(prng, 8));
            break;
        case 1:
            copy->data[at] = (uint8_t)prng_next(prng);
            break;
        case 2:
            copy->len = at;
            break;
        default:
            memmove(copy->data + at, copy->data + at + 1, copy->len - at - 1);
            copy->len--;
        }
    }
}

static void run_damaged(struct bytes in)
{
    struct prng prng;
    prng_stream(&prng, in.len, "replay", 0);
    for (unsigned i = 0; i < DAMAGED_COPIES && in.len <= COPY_MAX; i++) {
        struct buf copy = {0};
        buf_add(&copy, in.data, in.len);
        damage(&copy, &prng);
        run_one(bytes_of_buf(&copy));
        buf_free(&copy);
    }
}

static unsigned run_folder(const char *folder)
{
    struct dirent **names;
    int count = scandir(folder, &names, NULL, by_name);
    unsigned done = 0;
    for (int i = 0; i < count; i++) {
        char path[4096];
        struct buf in = {0};
        struct diag diag = {0};
        snprintf(path, sizeof path, "%s/%s", folder, names[i]->d_name);
        if (names[i]->d_name[0] != '.' && file_read(path, INPUT_MAX, &in, &diag) == ERR_OK) {
            run_one(bytes_of_buf(&in));
            run_damaged(bytes_of_buf(&in));
            done++;
        }
        buf_free(&in);
        free(names[i]);
    }
    if (count >= 0)
        free(names);
    return done;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        unsigned done = run_folder(argv[i]);
        printf("%s %d - %u inputs of a corpus, %d damaged copies of each\n", done > 0 ? "ok" : "not ok", i, done,
               DAMAGED_COPIES);
    }
    printf("1..%d\n", argc - 1);
    return 0;
}
