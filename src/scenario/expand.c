#include <string.h>

#include "base/dmath.h"
#include "base/prng.h"
#include "scenario/read.h"

/* What one event of the file comes to: for each of several nodes, again and again, at random. */

/* One more event like this one, which is none of the array's; NULL: there are too many. */
static struct scenario_event *push(struct json_reader *r, struct scenario *s, const struct scenario_event *like)
{
    if (s->event_count == SCENARIO_HAPPENINGS_MAX) {
        read_fail(r, NULL, ERR_LIMIT,
                  "with all nodes that they name, and as often as they repeat, events are more than %d",
                  SCENARIO_HAPPENINGS_MAX);
        return NULL;
    }
    s->events = mem_resize(s->events, s->event_count + 1, sizeof s->events[0]);
    s->events[s->event_count] = *like;
    return &s->events[s->event_count++];
}

/* One more like number `first`. */
static struct scenario_event *again(struct json_reader *r, struct scenario *s, size_t first)
{
    const struct scenario_event like = s->events[first];

    return push(r, s, &like);
}

void expand_nodes(struct json_reader *r, struct scenario *s, const bool *chosen)
{
    size_t first = s->event_count - 1;
    bool any = false;

    for (unsigned i = 0; i < s->node_count && r->err == ERR_OK; i++) {
        struct scenario_event *e = !chosen[i] ? NULL : any ? again(r, s, first) : &s->events[first];

        if (e == NULL)
            continue;
        e->node = i;
        any = true;
    }
}

static int64_t draw_exponential(struct prng *prng, double mean_ns)
{
    double u = ((double)prng_below(prng, UINT64_C(1) << 53) + 1) / 9007199254740992.0;

    return (int64_t)(-dmath_log(u) * mean_ns) + 1;
}

/* The same in a larger federation. */
static uint64_t crash_stream(unsigned source, unsigned node)
{
    return (uint64_t)(node / 1024) << 32 | (source * 1024 + node % 1024);
}

void expand_random_crashes(struct json_reader *r, const json_t *event, struct scenario *s, size_t first)
{
    size_t count = s->event_count - first;
    struct scenario_event *lives = mem_array(count, sizeof lives[0]);
    int64_t mtbf_ns = 0, mttr_ns = 0;

    read_ms(r, event, "mtbf_ms", 1, INT64_C(1) << 32, &mtbf_ns);
    read_ms(r, event, "mttr_ms", 1, INT64_C(1) << 32, &mttr_ns);
    memcpy(lives, &s->events[first], count * sizeof lives[0]);
    s->event_count = (unsigned)first;
    for (size_t i = 0; i < count && r->err == ERR_OK; i++) {
        struct prng prng;
        int64_t at_ns;

        prng_stream(&prng, s->seed, "crashes", crash_stream(lives[i].source, lives[i].node));
        at_ns = draw_exponential(&prng, (double)mtbf_ns);
        while (at_ns < lives[i].duration_ns && r->err == ERR_OK) {
            struct scenario_event *e = push(r, s, &lives[i]);

            if (e == NULL)
                break;
            e->kind = EVENT_CRASH;
            e->duration_ns = draw_exponential(&prng, (double)mttr_ns);
            e->after_ns += e->at_epoch ? at_ns : 0;
            e->at_ns += e->at_epoch ? 0 : at_ns;
            at_ns += e->duration_ns + draw_exponential(&prng, (double)mtbf_ns);
        }
    }
    mem_free(lives);
}

void expand_repeat(struct json_reader *r, const json_t *event, struct scenario *s, size_t first)
{
    static const char *const keys[] = {"times", "every_ms", "every_epochs", NULL};
    size_t mark, count = s->event_count - first;
    const json_t *repeat = read_enter_object(r, event, "repeat", &mark);
    unsigned times = 0;
    uint64_t epochs = 0;
    int64_t every_ns = 0;

    if (repeat == NULL)
        return;
    read_keys(r, repeat, keys);
    read_require(r, repeat, "times");
    read_unsigned(r, repeat, "times", 1, SCENARIO_HAPPENINGS_MAX, &times);
    read_ms(r, repeat, "every_ms", 1, INT64_C(1) << 32, &every_ns);
    read_u64(r, repeat, "every_epochs", 1, 1000000, &epochs);
    if (r->err == ERR_OK && (every_ns > 0) == (epochs > 0))
        read_fail(r, NULL, ERR_MISSING, "name either \"every_ms\" or \"every_epochs\"");
    if (r->err == ERR_OK && epochs > 0 && !s->events[first].at_epoch)
        read_fail(r, "every_epochs", ERR_UNKNOWN, "goes with \"epoch\" only");
    for (unsigned k = 1; k < times && r->err == ERR_OK; k++) {
        for (size_t i = 0; i < count && r->err == ERR_OK; i++) {
            struct scenario_event *e = again(r, s, first + i);

            if (e == NULL)
                break;
            e->epoch += k * epochs;
            e->after_ns += e->at_epoch ? k * every_ns : 0;
            e->at_ns += e->at_epoch ? 0 : k * every_ns;
        }
    }
    read_leave(r, mark);
}
