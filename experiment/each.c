#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include "experiment/experiment.h"

struct each {
    const struct experiment_options *options;
    const char *what;
    enum err (*seed)(void *context, unsigned at, struct diag *diag);
    void *context;
    pthread_mutex_t lock;
    unsigned next, done;
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

/* Seeds are taken in order: below one that has failed, none is left out. */
static void *work(void *argument)
{
    struct each *e = argument;

    pthread_mutex_lock(&e->lock);
    while (e->next < e->options->seeds && e->failed_at == e->options->seeds) {
        unsigned at = e->next++;
        struct diag diag = {0};

        pthread_mutex_unlock(&e->lock);
        enum err err = e->seed(e->context, at, &diag);
        pthread_mutex_lock(&e->lock);
        note(e, at, err, &diag);
    }
    pthread_mutex_unlock(&e->lock);
    return NULL;
}

enum err experiment_each(const struct experiment_options *options, const char *what,
                         enum err (*seed)(void *context, unsigned at, struct diag *diag), void *context,
                         struct diag *diag)
{
    struct each e = {.options = options, .what = what, .seed = seed, .context = context};
    pthread_t threads[EXPERIMENT_THREADS_MAX];
    unsigned started = 0;

    ASSERT(options->threads >= 1 && options->threads <= EXPERIMENT_THREADS_MAX);
    e.failed_at = options->seeds;
    pthread_mutex_init(&e.lock, NULL);
    progress(&e);
    while (started + 1 < options->threads && pthread_create(&threads[started], NULL, work, &e) == 0)
        started++; /* with fewer than asked for it only takes longer */
    work(&e);
    while (started > 0)
        pthread_join(threads[--started], NULL);
    pthread_mutex_destroy(&e.lock);
    if (e.err != ERR_OK)
        *diag = e.diag;
    return e.err;
}
