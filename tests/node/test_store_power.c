#include <pthread.h>
#include <stdio.h>

#include "base/file.h"
#include "lossy_disk.h"
#include "store_scratch.h"
#include "store_stream.h"
#include "tap.h"

/* The power goes: what the store has said was durable is there, though the disk has lost any part of what was not
 * synced.
 */

enum { CUTS = 60, WRITES = 250 /* so many that the WAL is begun anew meanwhile */, OPERATIONS = 1500 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t reported; /* up to this write the store had said so, */
static uint64_t promised; /* when the power went */
static struct buf mark;   /* the store's other file at that time: it is not synced, and may be there all the same */

static void note(void)
{
    char name[96];

    pthread_mutex_lock(&lock);
    promised = reported;
    pthread_mutex_unlock(&lock);
    snprintf(name, sizeof name, "%s-mark", scratch_path());
    buf_clear(&mark);
    (void)!file_read(name, 4096, &mark, NULL);
}

/* So many at once each time. */
static void write_all(struct store *s, unsigned at_once)
{
    for (uint64_t serial = 0; serial < WRITES;) {
        for (unsigned i = 0; i < at_once && serial < WRITES; i++) {
            serial++;
            stream_write(s, serial, serial);
        }
        ASSERT(scratch_wait(s, serial) == ERR_OK);
        pthread_mutex_lock(&lock);
        reported = serial;
        pthread_mutex_unlock(&lock);
    }
}

static void put_mark(void)
{
    char name[96];

    snprintf(name, sizeof name, "%s-mark", scratch_path());
    ASSERT(file_write(name, bytes_of_buf(&mark), NULL) == ERR_OK);
    snprintf(name, sizeof name, "%s-shm", scratch_path());
    (void)unlink(name);
}

/* A store lives until the power goes, and is opened again. True: it went. */
static bool one_life(struct prng *prng)
{
    struct store *s = scratch_open();

    reported = promised = 0;
    write_all(s, (unsigned)prng_below(prng, 6) + 1);
    store_close(s);
    bool cut = lossy_was_cut();
    if (cut)
        put_mark();
    else
        note();
    s = NULL;
    if (!CHECK_OK(store_open(scratch_path(), &scratch_federation, true, &s, scratch_diag()))) {
        tap_note("%s", scratch_diag()->text);
        return cut;
    }
    uint64_t found = stream_found(s);
    CHECK(found != STREAM_BROKEN && found >= promised);
    store_close(s);
    return cut;
}

static void nothing_that_was_promised_is_lost(void)
{
    unsigned cuts = 0;
    struct prng prng;

    lossy_begin();
    for (uint64_t seed = 1; seed <= CUTS && tap.complaints == 0; seed++) {
        tap_seed(seed);
        prng_seed(&prng, seed);
        scratch_clear();
        lossy_cut(prng_below(&prng, OPERATIONS) + 1, seed, note);
        cuts += one_life(&prng);
    }
    lossy_end();
    tap_note("the power went %u times", cuts);
    CHECK(cuts > CUTS / 2);
}

int main(void)
{
    TAP_RUN(nothing_that_was_promised_is_lost);
    scratch_end();
    buf_free(&mark);
    return tap_done();
}
