#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "base/pool.h"
#include "experiment/experiment.h"

struct each {
    const struct experiment_options *options;
    const char *what;
    enum err (*seed)(void *context, unsigned at, struct diag *diag);
    void *context;
    pthread_mutex_t lock;
    unsigned done;
    unsigned failed_at; /* the first so far; options->seeds: none */
    enum err err;       /* its */
    struct diag diag;
};

/* Says on a terminal what is being done; silent elsewhere. */
static void progress(const struct each *e)
{
    if (!isatty(STDERR_FILENO))
        return;
    if (e->done == e->options->seeds)
        fputs("\r\033[K", stderr);
    else
        fprintf(stderr, "\r%s: %u of %u\033[K", e->what, e->done, e->options->seeds);
}

static void note(struct each *e, unsigned at, enum err err, const struct diag *diag)
{
    e->done++;
    progress(e);
    if (err == ERR_OK || at >= e->failed_at)
        return;
    e->failed_at = at;
    e->err = err;
    e->diag = *diag;
}

/* Seeds are begun in order: below one that has failed, none is left out. */
static bool run_one(void *context, uint64_t index)
{
    struct each *e = context;
    struct diag diag = {0};
    enum err err = e->seed(e->context, (unsigned)index, &diag);

    pthread_mutex_lock(&e->lock);
    note(e, (unsigned)index, err, &diag);
    pthread_mutex_unlock(&e->lock);
    return err == ERR_OK;
}

enum err experiment_each(const struct experiment_options *options, const char *what,
                         enum err (*seed)(void *context, unsigned at, struct diag *diag), void *context,
                         struct diag *diag)
{
    struct each e = {.options = options, .what = what, .seed = seed, .context = context};

    ASSERT(options->threads >= 1 && options->threads <= EXPERIMENT_THREADS_MAX);
    e.failed_at = options->seeds;
    pthread_mutex_init(&e.lock, NULL);
    progress(&e);
    pool_each(options->threads, options->seeds, run_one, &e);
    pthread_mutex_destroy(&e.lock);
    if (e.err != ERR_OK)
        *diag = e.diag;
    return e.err;
}
