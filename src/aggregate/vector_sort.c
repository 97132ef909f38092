#include <string.h>

#include "aggregate/vector_rules.h"

/* Columns are sorted by a network of comparators, which is the same for all of them: a group of columns goes through it
 * side by side, without a branch. The network is Batcher's merge exchange (Knuth, The Art of Computer Programming,
 * volume 3, 5.2.2, algorithm M), less the comparators that nothing wanted depends on. */

enum { COMPARATORS_MAX = 3839 /* of 256 rows */, AHEAD = 4 * VECTOR_GROUP /* columns asked for early */ };

struct network {
    unsigned count;
    struct {
        uint8_t low, high;
    } comparators[COMPARATORS_MAX];
};

struct sort_job {
    const struct vector_rows *rows;
    struct network network;
    struct vector_finish finish;
    double *out;
};

static void network_build(struct network *net, unsigned n)
{
    unsigned top = 1;
    while (2 * top < n)
        top *= 2;
    net->count = 0;
    for (unsigned p = n > 1 ? top : 0; p > 0; p /= 2) {
        for (unsigned q = top, r = 0, d = p;; d = q - p, q /= 2, r = p) {
            for (unsigned i = 0; i + d < n; i++) {
                if ((i & p) != r)
                    continue;
                ASSERT(net->count < COMPARATORS_MAX);
                net->comparators[net->count].low = (uint8_t)i;
                net->comparators[net->count++].high = (uint8_t)(i + d);
            }
            if (q == p)
                break;
        }
    }
}

/* Leaves out what no place from `from` to `to` - 1 depends on, seen from the end. */
static void network_prune(struct network *net, unsigned from, unsigned to)
{
    bool is_wanted[VECTOR_ROWS_MAX] = {false};
    unsigned kept = net->count;
    for (unsigned i = from; i < to; i++)
        is_wanted[i] = true;
    for (unsigned k = net->count; k-- > 0;) {
        unsigned low = net->comparators[k].low, high = net->comparators[k].high;
        if (!is_wanted[low] && !is_wanted[high])
            continue;
        is_wanted[low] = is_wanted[high] = true;
        net->comparators[--kept] = net->comparators[k];
    }
    net->count -= kept;
    memmove(net->comparators, net->comparators + kept, net->count * sizeof net->comparators[0]);
}

/* Written so that gcc and clang see the lanes: a branch for each would cost ten times as much. */
VECTOR_INLINE void exchange(double *low, double *high)
{
    for (unsigned c = 0; c < VECTOR_GROUP; c += 4) {
        const vector_quad a = *(const vector_quad *)(low + c), b = *(const vector_quad *)(high + c);
        *(vector_quad *)(low + c) = (vector_quad){a[0] < b[0] ? a[0] : b[0], a[1] < b[1] ? a[1] : b[1],
                                                  a[2] < b[2] ? a[2] : b[2], a[3] < b[3] ? a[3] : b[3]};
        *(vector_quad *)(high + c) = (vector_quad){b[0] > a[0] ? b[0] : a[0], b[1] > a[1] ? b[1] : a[1],
                                                   b[2] > a[2] ? b[2] : a[2], b[3] > a[3] ? b[3] : a[3]};
    }
}

VECTOR_INLINE void sort(void *context, size_t task)
{
    const struct sort_job *job = context;
    const struct vector_rows *rows = job->rows;
    size_t at = task * VECTOR_TASK_COLUMNS, end = at + vector_task_columns(rows->columns, task), count;
    double group[VECTOR_ROWS_MAX][VECTOR_GROUP], result[VECTOR_GROUP];
    for (; at < end; at += count) {
        count = end - at < VECTOR_GROUP ? end - at : VECTOR_GROUP;
        for (unsigned i = 0; i < rows->count; i++) {
            if (count < VECTOR_GROUP)
                memset(group[i], 0, sizeof group[i]);
            memcpy(group[i], rows->values[i] + at, count * sizeof group[i][0]);
            if (end - at > AHEAD + VECTOR_GROUP) {
                __builtin_prefetch(rows->values[i] + at + AHEAD);
                __builtin_prefetch(rows->values[i] + at + AHEAD + VECTOR_GROUP / 2);
            }
        }
        for (unsigned k = 0; k < job->network.count; k++)
            exchange(group[job->network.comparators[k].low], group[job->network.comparators[k].high]);
        job->finish.run(job->finish.context, group, result);
        memcpy(job->out + at, result, count * sizeof result[0]);
    }
}
VECTOR_TASK(sort);

void vector_sort_columns(const struct vector_rows *rows, unsigned from, unsigned to, struct vector_finish finish,
                         double *out)
{
    struct sort_job job = {.rows = rows, .finish = finish, .out = out};
    ASSERT(from < to && to <= rows->count && rows->count <= VECTOR_ROWS_MAX);
    network_build(&job.network, rows->count);
    network_prune(&job.network, from, to);
    vector_task_run(rows, &sort_task, &job);
}
