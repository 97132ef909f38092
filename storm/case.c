#include "storm/case.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

#define FIELDS(X)                                                                                                      \
    X(n)                                                                                                               \
    X(replicas)                                                                                                        \
    X(fewer_faults)                                                                                                    \
    X(larger_quorum)                                                                                                   \
    X(interval)                                                                                                        \
    X(window)                                                                                                          \
    X(batch_max)                                                                                                       \
    X(pipeline)                                                                                                        \
    X(pending_max)                                                                                                     \
    X(view_timeout)                                                                                                    \
    X(view_timeout_max)                                                                                                \
    X(batch_delay)                                                                                                     \
    X(resend)                                                                                                          \
    X(real_signatures)                                                                                                 \
    X(faultless)                                                                                                       \
    X(steady)                                                                                                          \
    X(delay_min)                                                                                                       \
    X(delay_span)                                                                                                      \
    X(loss)                                                                                                            \
    X(duplicate)                                                                                                       \
    X(carries)                                                                                                         \
    X(write_delay)                                                                                                     \
    X(poll)                                                                                                            \
    X(chunk)                                                                                                           \
    X(transfer_gap)                                                                                                    \
    X(retention)                                                                                                       \
    X(clients)                                                                                                         \
    X(requests)                                                                                                        \
    X(outstanding)                                                                                                     \
    X(lying_client)                                                                                                    \
    X(endless)                                                                                                         \
    X(think)                                                                                                           \
    X(change_at)                                                                                                       \
    X(horizon)                                                                                                         \
    X(bound)                                                                                                           \
    X(core_alone)

static const char *const STREAMS[] = {
    [DRAW_PLAN] = "plan", [DRAW_FAULT] = "fault", [DRAW_REQUEST] = "request", [DRAW_LINK] = "link",
    [DRAW_DISK] = "disk", [DRAW_LIE] = "lie",     [DRAW_TIMER] = "timer"};

enum { STREAM_COUNT = sizeof STREAMS / sizeof STREAMS[0] };

static int by_id(const void *a, const void *b)
{
    const struct draw_wish *x = a, *y = b;

    return (x->id > y->id) - (x->id < y->id);
}

static void write_draws(FILE *out, const struct draw *d)
{
    struct draw_wish *sorted = mem_array(d->forced_count + 1, sizeof sorted[0]);
    size_t count = 0;

    for (size_t i = 0; i < d->forced_cap; i++) {
        if (d->forced[i].id != 0)
            sorted[count++] = d->forced[i];
    }
    qsort(sorted, count, sizeof sorted[0], by_id);
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "draw %u %u ", (unsigned)(sorted[i].id >> 32 & 0xffffff), (unsigned)(sorted[i].id & UINT32_MAX));
        if (sorted[i].value == DRAW_NEVER)
            fprintf(out, "never %s\n", STREAMS[sorted[i].id >> 56]);
        else
            fprintf(out, "%" PRIu64 " %s\n", sorted[i].value, STREAMS[sorted[i].id >> 56]);
    }
    mem_free(sorted);
}

void case_write(FILE *out, const struct storm_case *c)
{
    const struct storm_plan *p = &c->plan;

    fprintf(out, "seed %" PRIu64 "\nchecker %s\n", c->draw.seed, c->checker);
#define WRITE(field) fprintf(out, #field " %" PRId64 "\n", (int64_t)p->field);
    FIELDS(WRITE)
#undef WRITE
    for (unsigned i = 0; i < REPLICAS_MAX; i++) {
        if (p->lies[i] != LIE_NONE)
            fprintf(out, "lie %u %s\n", i, lie_name(p->lies[i]));
    }
    for (unsigned i = 0; i < p->change_count; i++)
        fprintf(out, "change %u %s\n", p->changes[i].who, change_name(p->changes[i].kind));
    for (unsigned i = 0; i < p->fault_count; i++) {
        const struct fault *f = &p->faults[i];
        if (f->kind != FAULT_NONE)
            fprintf(out, "fault %u %u %" PRIu64 " %" PRId64 " %" PRId64 " %s\n", f->node, f->other, f->detail, f->at,
                    f->lasts, fault_name(f->kind));
    }
    write_draws(out, &c->draw);
}

/* ---- reading */

/* Moves *at behind a number and the space after it. */
static bool get(const char **at, uint64_t *out)
{
    char *end;
    bool negative = **at == '-';

    if ((**at < '0' || **at > '9') && !negative)
        return false;
    *out = negative ? (uint64_t)strtoll(*at, &end, 10) : strtoull(*at, &end, 10);
    *at = *end == ' ' ? end + 1 : end;
    return *end == ' ' || *end == '\0';
}

static bool read_lie(struct storm_plan *p, const char *text)
{
    uint64_t who;

    if (!get(&text, &who) || who >= REPLICAS_MAX)
        return false;
    for (unsigned kind = 0; kind < LIE_KINDS; kind++) {
        if (strcmp(lie_name((enum lie)kind), text) != 0)
            continue;
        p->lies[who] = (enum lie)kind;
        p->liar_count++;
        return true;
    }
    return false;
}

static bool read_change(struct storm_plan *p, const char *text)
{
    uint64_t who;

    if (!get(&text, &who) || who >= REPLICAS_MAX || p->change_count == CHANGES_MAX)
        return false;
    for (unsigned kind = 0; kind < CHANGE_KINDS; kind++) {
        if (strcmp(change_name((enum change_kind)kind), text) != 0)
            continue;
        p->changes[p->change_count++] = (struct change){(enum change_kind)kind, (unsigned)who};
        return true;
    }
    return false;
}

static bool read_fault(struct storm_plan *p, const char *text)
{
    uint64_t v[5];

    for (unsigned i = 0; i < 5; i++) {
        if (!get(&text, &v[i]))
            return false;
    }
    for (unsigned kind = 0; kind < FAULT_KINDS && p->fault_count < FAULTS_MAX && v[0] < REPLICAS_MAX; kind++) {
        if (strcmp(fault_name((enum fault_kind)kind), text) != 0)
            continue;
        p->faults[p->fault_count++] = (struct fault){
            (enum fault_kind)kind, (unsigned)v[0], (unsigned)(v[1] % REPLICAS_MAX), v[2], (int64_t)v[3], (int64_t)v[4]};
        return true;
    }
    return false;
}

static const char NEVER[] = "never ";

static bool read_draw(struct draw *d, const char *text)
{
    uint64_t v[3];

    if (!get(&text, &v[0]) || !get(&text, &v[1]))
        return false;
    if (strncmp(text, NEVER, strlen(NEVER)) == 0) {
        v[2] = DRAW_NEVER;
        text += strlen(NEVER);
    } else if (!get(&text, &v[2])) {
        return false;
    }
    for (unsigned stream = DRAW_PLAN; stream < STREAM_COUNT; stream++) {
        if (strcmp(STREAMS[stream], text) != 0 || v[0] >= 1 << 24 || v[1] > UINT32_MAX)
            continue;
        draw_force(d, draw_id((enum draw_stream)stream, (uint32_t)v[0], (uint32_t)v[1]), v[2]);
        return true;
    }
    return false;
}

static bool read_line(struct storm_case *c, const char *key, const char *text)
{
    uint64_t v;

    if (strcmp(key, "checker") == 0) {
        snprintf(c->checker, sizeof c->checker, "%s", text);
        return true;
    }
    if (strcmp(key, "lie") == 0)
        return read_lie(&c->plan, text);
    if (strcmp(key, "change") == 0)
        return read_change(&c->plan, text);
    if (strcmp(key, "fault") == 0)
        return read_fault(&c->plan, text);
    if (strcmp(key, "draw") == 0)
        return read_draw(&c->draw, text);
    if (!get(&text, &v) || *text != '\0')
        return false;
    if (strcmp(key, "seed") == 0) {
        c->draw.seed = v;
        return true;
    }
#define READ(field)                                                                                                    \
    if (strcmp(key, #field) == 0) {                                                                                    \
        c->plan.field = v;                                                                                             \
        return true;                                                                                                   \
    }
    FIELDS(READ)
#undef READ
    return false;
}

/* What a replica's configuration and the world must be able to rely on. */
static bool plan_sound(const struct storm_plan *p)
{
    bool group = p->n > 0 && p->n <= p->replicas && p->replicas <= REPLICAS_MAX;
    bool limits = p->interval > 0 && p->interval < 1024 && p->window >= 2 * p->interval && p->window < 4096 &&
                  p->batch_max > 0 && p->batch_max < 1024 && p->pipeline > 0 && p->pending_max > 0 &&
                  p->pending_max < 4096 && p->chunk > 0;
    bool times = p->view_timeout > 0 && p->view_timeout_max >= p->view_timeout && p->resend > 0 && p->delay_min > 0 &&
                 p->delay_span >= 0 && p->carries < UINT64_C(1) << 40 && p->write_delay >= 0 && p->poll >= 0 &&
                 p->horizon >= 0;

    return group && limits && times && p->clients > 0 && p->clients <= CLIENTS_MAX;
}

bool case_read(FILE *in, struct storm_case *c, unsigned *line)
{
    char text[256];

    memset(c, 0, sizeof *c);
    for (*line = 1; fgets(text, sizeof text, in) != NULL; ++*line) {
        text[strcspn(text, "\n")] = '\0';
        char *space = strchr(text, ' ');
        if (text[0] == '#' || text[0] == '\0')
            continue;
        if (space == NULL)
            return false;
        *space = '\0';
        if (!read_line(c, text, space + 1))
            return false;
    }
    if (!plan_sound(&c->plan))
        return false;
    plan_group(&c->plan, c->plan.n, &c->plan.f, &c->plan.quorum);
    return true;
}
