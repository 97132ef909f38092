#include "storm/campaign.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/pool.h"

enum { FINDINGS_PRINTED = 20 };

struct work {
    const struct campaign *c;
    pthread_mutex_t lock;
    uint64_t done, findings, steps;
    const char *first_checker;
    int64_t virtual_ms, began_ns;
    int64_t shown_ns; /* when progress was shown last */
    bool terminal;    /* somebody looks on */
    struct marks seeds, total;
};

static int64_t clock_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* On a terminal only, ten times a second at most. */
static void show_progress(struct work *work)
{
    int64_t now_ns = work->terminal ? clock_ns() : 0;

    if (!work->terminal || now_ns - work->shown_ns < 100000000)
        return;
    work->shown_ns = now_ns;
    fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " seeds, %" PRIu64 " findings\033[K", work->done, work->c->count,
            work->findings);
}

static void clear_progress(const struct work *work)
{
    if (work->shown_ns != 0)
        fputs("\r\033[K", stderr);
}

static void collect(struct work *work, uint64_t seed, const struct outcome *o)
{
    work->done++;
    work->steps += o->steps;
    work->virtual_ms += o->virtual_ns / 1000000;
    for (unsigned i = 0; i < work->c->mark_count; i++) {
        work->seeds.hits[i] += o->marks.hits[i] > 0;
        work->total.hits[i] += o->marks.hits[i];
    }
    show_progress(work);
    if (o->checker == NULL)
        return;
    if (work->findings == 0)
        work->first_checker = o->checker;
    if (work->findings++ >= FINDINGS_PRINTED)
        return;
    clear_progress(work);
    printf("seed %" PRIu64 " (n=%u): %s: %s\n  again: ./dev storm %s %" PRIu64 "\n", seed, o->replicas, o->checker,
           o->failure, work->c->again, seed);
    fflush(stdout);
}

static bool is_over(const struct work *work)
{
    const struct campaign *c = work->c;

    return (c->until_found && work->findings > 0) ||
           (c->deadline_ns != 0 && clock_ns() - work->began_ns >= c->deadline_ns);
}

static bool run_one(void *context, uint64_t index)
{
    struct work *work = context;
    const struct campaign *c = work->c;
    struct outcome o;
    bool goes_on;

    c->check(c, c->first + index, &o);
    pthread_mutex_lock(&work->lock);
    collect(work, c->first + index, &o);
    goes_on = !is_over(work);
    pthread_mutex_unlock(&work->lock);
    return goes_on;
}

/* One line a mark: in how many seeds it was met, and how often. */
static void print_marks(const struct work *work)
{
    unsigned met = 0;

    printf("%12s %14s  mark\n", "seeds", "times");
    for (unsigned i = 0; i < work->c->mark_count; i++) {
        met += work->seeds.hits[i] > 0;
        printf("%12" PRIu64 " %14" PRIu64 "  %s\n", work->seeds.hits[i], work->total.hits[i], work->c->mark_texts[i]);
    }
    printf("%u of %u marks met\n", met, work->c->mark_count);
}

static void report(const struct work *work)
{
    double seconds = (double)(clock_ns() - work->began_ns) / 1e9;

    printf("%" PRIu64 " seeds from %" PRIu64 ", %" PRIu64 " findings; %" PRIu64 " events, %.1f simulated hours, "
           "%.1f s: %.0f events/s, %.2f ms a seed\n",
           work->done, work->c->first, work->findings, work->steps, (double)work->virtual_ms / 3.6e6, seconds,
           (double)work->steps / seconds, 1e3 * seconds / (double)(work->done > 0 ? work->done : 1));
    if (work->c->until_found && work->findings > 0)
        printf("found after %" PRIu64 " seeds by %s\n", work->done, work->first_checker);
    if (work->c->print_marks)
        print_marks(work);
}

uint64_t campaign_run(const struct campaign *c)
{
    struct work work = {.c = c, .began_ns = clock_ns(), .terminal = isatty(STDERR_FILENO)};

    pthread_mutex_init(&work.lock, NULL);
    pool_each(c->threads, c->count, run_one, &work);
    pthread_mutex_destroy(&work.lock);
    clear_progress(&work);
    report(&work);
    return work.findings;
}

bool campaign_number(const char *text, uint64_t *out)
{
    char *end;

    if (text == NULL || *text < '0' || *text > '9')
        return false;
    *out = strtoull(text, &end, 10);
    return *end == '\0';
}

static bool numbered_option(struct campaign_command *command, const char *name, const char *text)
{
    struct campaign *c = &command->campaign;
    uint64_t value;

    if (!campaign_number(text, &value))
        return false;
    if (strcmp(name, "--seeds") == 0 && value > 0) {
        c->count = value;
    } else if (strcmp(name, "--seed") == 0) {
        c->first = value;
    } else if (strcmp(name, "--minutes") == 0) {
        c->deadline_ns = (int64_t)(value % 100000) * 60 * 1000000000;
        c->count = UINT64_MAX / 2;
    } else if (strcmp(name, "--threads") == 0) {
        c->threads = (unsigned)value;
    } else if (strcmp(name, "--real-signatures") == 0 && value <= 100) {
        c->real_percent = (unsigned)value;
    } else if (strcmp(name, "--trace") == 0 || strcmp(name, "--shrink") == 0) {
        command->verb = name[2] == 't' ? CAMPAIGN_TRACE : CAMPAIGN_SHRINK;
        c->first = value;
    } else {
        return false;
    }
    return true;
}

static bool option(struct campaign_command *c, const char *name, const char *value)
{
    if (strcmp(name, "--output") == 0) {
        c->output = value;
        return value != NULL;
    }
    if (strcmp(name, "--replay") == 0) {
        c->verb = CAMPAIGN_REPLAY;
        c->file = value;
        return value != NULL;
    }
    return c->own_option(c, name, value) || numbered_option(c, name, value);
}

static bool flag(struct campaign *c, const char *name)
{
    bool marks = strcmp(name, "--marks") == 0, until = strcmp(name, "--until-found") == 0;

    c->print_marks |= marks;
    c->until_found |= until;
    return marks || until;
}

bool campaign_command_read(struct campaign_command *c, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (flag(&c->campaign, argv[i]) || (c->word != NULL && strcmp(argv[i], c->word) == 0))
            continue;
        if (!option(c, argv[i], i + 1 < argc ? argv[i + 1] : NULL))
            return false;
        i++;
    }
    if (c->verb == CAMPAIGN_RUN && c->campaign.count == 0)
        c->campaign.count = SEEDS_DEFAULT;
    return true;
}
