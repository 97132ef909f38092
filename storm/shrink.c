#include "storm/shrink.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "storm/campaign.h"
#include "storm/world.h"

enum { TRIES_MAX = 6000 };

struct shrink {
    struct draw draw; /* the smallest that fails so far */
    unsigned real_percent, tries;
    const char *checker;
    struct outcome outcome;
    uint64_t *noted;
    size_t noted_count;
};

/* Does it still fail the same way? Then it becomes the smallest. Frees tried otherwise. */
static bool try(struct shrink *s, struct draw *tried)
{
    struct outcome o;
    uint64_t *noted;
    size_t count;

    s->tries++;
    seed_run(tried, s->real_percent, false, &o, &noted, &count);
    if (o.checker == NULL || strcmp(o.checker, s->checker) != 0 || o.steps > s->outcome.steps) {
        mem_free(noted);
        draw_free(tried);
        return false;
    }
    draw_free(&s->draw);
    mem_free(s->noted);
    s->draw = *tried;
    s->outcome = o;
    s->noted = noted;
    s->noted_count = count;
    return true;
}

static bool try_one(struct shrink *s, uint64_t id, uint64_t value)
{
    struct draw tried;

    draw_copy(&tried, &s->draw);
    draw_force(&tried, id, value);
    return try(s, &tried);
}

static void shrink_plan(struct shrink *s)
{
    for (unsigned i = 0; i < FAULTS_MAX; i++)
        try_one(s, plan_fault_id(i), 0);
    for (unsigned i = 0; i < REPLICAS_MAX; i++)
        try_one(s, plan_liar_id(i), 0);
    for (unsigned i = 0; i < PLAN_DECISIONS; i++)
        try_one(s, plan_any_id(i), 0);
    for (uint64_t requests = 0; requests < 6 && !try_one(s, plan_requests_id(), requests); requests++)
        ;
    try_one(s, plan_clients_id(), 0);
    for (uint64_t size = 0; size < 4 && !try_one(s, plan_replicas_id(), size); size++)
        ;
    try_one(s, plan_loss_id(), 0);
}

/* Chunks of what the network decided are forced to `value`; halves the chunks when none is left that can be. */
static void shrink_messages(struct shrink *s, uint64_t value)
{
    for (size_t chunk = s->noted_count; chunk > 0 && s->tries < TRIES_MAX; chunk /= 2) {
        for (size_t at = 0; at < s->noted_count && s->tries < TRIES_MAX; at += chunk) {
            struct draw tried;
            draw_copy(&tried, &s->draw);
            for (size_t i = at; i < at + chunk && i < s->noted_count; i++) {
                if (s->noted[i] >> 56 == DRAW_LINK || s->noted[i] >> 56 == DRAW_REQUEST)
                    draw_force(&tried, s->noted[i], value);
            }
            try(s, &tried);
        }
    }
}

static bool write_file(const struct shrink *s, const char *path)
{
    FILE *out = fopen(path, "w");

    if (out == NULL)
        return false;
    fprintf(out, "storm %" PRIu64 " %u %s\n", s->draw.seed, s->real_percent, s->checker);
    for (size_t i = 0; i < s->draw.forced_cap; i++) {
        if (s->draw.forced[i].id != 0)
            fprintf(out, "%" PRIu64 " %" PRIu64 "\n", s->draw.forced[i].id, s->draw.forced[i].value);
    }
    return fclose(out) == 0;
}

int shrink_seed(uint64_t seed, unsigned real_percent, const char *out_path)
{
    struct shrink s = {.real_percent = real_percent};

    draw_init(&s.draw, seed);
    seed_run(&s.draw, real_percent, false, &s.outcome, &s.noted, &s.noted_count);
    if (s.outcome.checker == NULL) {
        printf("seed %" PRIu64 " does not fail\n", seed);
        return 0;
    }
    s.checker = s.outcome.checker;
    printf("seed %" PRIu64 " fails after %" PRIu64 " events: %s: %s\n", seed, s.outcome.steps, s.checker,
           s.outcome.failure);
    shrink_plan(&s);
    shrink_messages(&s, 0);
    for (uint64_t before = UINT64_MAX; s.outcome.steps < before && s.tries < TRIES_MAX;) {
        before = s.outcome.steps;
        shrink_messages(&s, UINT64_MAX);
        shrink_plan(&s);
    }
    seed_run(&s.draw, real_percent, true, &s.outcome, NULL, NULL);
    printf("after %u tries: %" PRIu64 " events: %s: %s\n", s.tries, s.outcome.steps, s.checker, s.outcome.failure);
    if (out_path != NULL && !write_file(&s, out_path))
        fprintf(stderr, "storm: %s cannot be written\n", out_path);
    draw_free(&s.draw);
    mem_free(s.noted);
    return 1;
}

int replay_file(const char *path)
{
    FILE *in = fopen(path, "r");
    struct draw draw = {0};
    struct outcome o;
    uint64_t seed, id, value;
    unsigned real_percent;
    char checker[64];

    if (in == NULL || fscanf(in, "storm %" SCNu64 " %u %63[^\n]", &seed, &real_percent, checker) != 3) {
        fprintf(stderr, "storm: %s is no shrunk seed\n", path);
        if (in != NULL)
            fclose(in);
        return 2;
    }
    draw_init(&draw, seed);
    while (fscanf(in, "%" SCNu64 " %" SCNu64, &id, &value) == 2)
        draw_force(&draw, id, value);
    fclose(in);
    seed_run(&draw, real_percent, true, &o, NULL, NULL);
    printf("%" PRIu64 " events: %s; it was: %s\n", o.steps, o.checker != NULL ? o.checker : "nothing found", checker);
    draw_free(&draw);
    return o.checker != NULL;
}
