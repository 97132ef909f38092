#include "storm/shrink.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "storm/seed.h"
#include "storm/case.h"
#include "storm/world.h"

enum { TRIES_MAX = 20000, SEEDS_TRIED = 500 };

struct shrink {
    struct storm_plan plan; /* the smallest that fails so far */
    struct draw draw;
    unsigned tries;
    const char *checker;
    struct outcome outcome;
    uint64_t *noted;
    size_t noted_count;
};

/* Does it still fail the same way, in at most so many steps? Then it becomes the smallest. Takes over tried. */
static bool try_within(struct shrink *s, const struct storm_plan *plan, struct draw *tried, uint64_t acts)
{
    struct outcome o;
    uint64_t *noted;
    size_t count;

    s->tries++;
    plan_run(plan, tried, false, &o, &noted, &count);
    bool longer = o.acts > acts || (o.acts == s->outcome.acts && o.steps > s->outcome.steps);
    if (o.checker == NULL || strcmp(o.checker, s->checker) != 0 || longer) {
        mem_free(noted);
        draw_free(tried);
        return false;
    }
    draw_free(&s->draw);
    mem_free(s->noted);
    s->plan = *plan;
    s->draw = *tried;
    s->outcome = o;
    s->noted = noted;
    s->noted_count = count;
    return true;
}

static bool try(struct shrink *s, const struct storm_plan *plan, struct draw *tried)
{
    return try_within(s, plan, tried, s->outcome.acts);
}

/* Edits of the plan, each one as often as it goes well when `repeat`. What is kept may fail `slack` times as late as
 * what was before: a simpler world may take longer, at first. */
static void edit_plan(struct shrink *s, uint64_t slack, bool repeat)
{
    for (unsigned which = 0; which < plan_edits() && s->tries < TRIES_MAX; which++) {
        struct storm_plan plan;
        struct draw tried;
        if (!plan_edit(&s->plan, which, &plan))
            continue;
        draw_copy(&tried, &s->draw);
        if (try_within(s, &plan, &tried, slack * s->outcome.acts))
            which -= repeat || which + 1 == plan_edits(); /* the last: another replica less? */
    }
}

/* The same plan under other seeds may fail sooner. */
static void reseed(struct shrink *s)
{
    uint64_t seed = s->draw.seed;

    for (uint64_t i = 1; i <= SEEDS_TRIED; i++) {
        struct draw tried;
        draw_init(&tried, seed + i);
        try(s, &s->plan, &tried);
    }
}

static bool is_shrinkable(uint64_t id, uint64_t value)
{
    enum draw_stream stream = (enum draw_stream)(id >> 56);

    return stream == DRAW_LINK || stream == DRAW_REQUEST || (stream == DRAW_TIMER && value == DRAW_NEVER);
}

/* Chunks of what was drawn are forced to `value`; halves the chunks when none is left that can be. */
static void shrink_draws(struct shrink *s, uint64_t value)
{
    for (size_t chunk = s->noted_count; chunk > 0 && s->tries < TRIES_MAX; chunk /= 2) {
        for (size_t at = 0; at < s->noted_count && s->tries < TRIES_MAX; at += chunk) {
            struct draw tried;
            bool any = false;
            draw_copy(&tried, &s->draw);
            for (size_t i = at; i < at + chunk && i < s->noted_count; i++) {
                if (!is_shrinkable(s->noted[i], value) || draw_value(&tried, s->noted[i]) == value)
                    continue;
                draw_force(&tried, s->noted[i], value);
                any = true;
            }
            if (any)
                try(s, &s->plan, &tried);
            else
                draw_free(&tried);
        }
    }
}

/* What is forced and no longer drawn, or not needed. */
static void tidy(struct shrink *s)
{
    struct draw tried;

    draw_init(&tried, s->draw.seed);
    for (size_t i = 0; i < s->noted_count; i++) {
        if (is_shrinkable(s->noted[i], DRAW_NEVER) && draw_forced(&s->draw, s->noted[i]))
            draw_force(&tried, s->noted[i], draw_value(&s->draw, s->noted[i]));
    }
    try(s, &s->plan, &tried);
}

static bool write_case(const struct shrink *s, const char *path)
{
    FILE *out = fopen(path, "w");
    struct storm_case c = {.plan = s->plan, .draw = s->draw};

    if (out == NULL)
        return false;
    snprintf(c.checker, sizeof c.checker, "%s", s->checker);
    fprintf(out, "# %" PRIu64 " steps; ./dev storm --replay %s\n", s->outcome.acts, path);
    case_write(out, &c);
    return fclose(out) == 0;
}

int shrink_seed(uint64_t seed, unsigned real_percent, const char *out_path)
{
    struct shrink s = {0};

    draw_init(&s.draw, seed);
    plan_draw(&s.plan, &s.draw, real_percent);
    plan_run(&s.plan, &s.draw, false, &s.outcome, &s.noted, &s.noted_count);
    if (s.outcome.checker == NULL) {
        printf("seed %" PRIu64 " does not fail\n", seed);
        return 0;
    }
    s.checker = s.outcome.checker;
    printf("seed %" PRIu64 " fails after %" PRIu64 " steps: %s: %s\n", seed, s.outcome.acts, s.checker,
           s.outcome.failure);
    edit_plan(&s, 2, false);
    reseed(&s);
    edit_plan(&s, 1, true);
    reseed(&s);
    shrink_draws(&s, 0);
    for (uint64_t before = UINT64_MAX; s.outcome.acts < before && s.tries < TRIES_MAX;) {
        before = s.outcome.acts;
        shrink_draws(&s, DRAW_NEVER);
        edit_plan(&s, 1, true);
    }
    tidy(&s);
    plan_run(&s.plan, &s.draw, true, &s.outcome, NULL, NULL);
    printf("after %u tries: %" PRIu64 " steps: %s: %s\n", s.tries, s.outcome.acts, s.checker, s.outcome.failure);
    if (out_path != NULL && !write_case(&s, out_path))
        fprintf(stderr, "storm: %s cannot be written\n", out_path);
    draw_free(&s.draw);
    mem_free(s.noted);
    return 1;
}

int replay_file(const char *path)
{
    FILE *in = fopen(path, "r");
    struct storm_case c;
    struct outcome o;
    unsigned line = 0;

    if (in == NULL || !case_read(in, &c, &line)) {
        fprintf(stderr, "storm: %s is no case of a storm (line %u)\n", path, line);
        if (in != NULL) {
            draw_free(&c.draw);
            fclose(in);
        }
        return 2;
    }
    fclose(in);
    plan_run(&c.plan, &c.draw, true, &o, NULL, NULL);
    printf("%" PRIu64 " steps: %s; when it was written: %s\n", o.acts, o.checker != NULL ? o.checker : "nothing found",
           c.checker);
    draw_free(&c.draw);
    return o.checker != NULL;
}
