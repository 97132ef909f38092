#include "experiment/cache.h"

struct slot {
    bool used;
    struct digest task;
    struct evaluation answer;
};

struct cache {
    struct evaluator evaluator; /* first: that of the instances */
    struct evaluator *original;
    size_t count, room; /* room: a power of two */
    struct slot *slots;
};

/* Where it is, or belongs. */
static struct slot *find(const struct cache *c, const struct digest *task)
{
    size_t at = be64_get(task->b) & (c->room - 1);

    while (c->slots[at].used && !digest_equal(&c->slots[at].task, task))
        at = (at + 1) & (c->room - 1);
    return &c->slots[at];
}

static void grow(struct cache *c)
{
    struct cache larger = *c;

    larger.room = c->room > 0 ? 2 * c->room : 4096;
    larger.slots = mem_array(larger.room, sizeof larger.slots[0]);
    for (size_t i = 0; i < c->room; i++)
        if (c->slots[i].used)
            *find(&larger, &c->slots[i].task) = c->slots[i];
    mem_free(c->slots);
    *c = larger;
}

static void evaluate(struct evaluator *self, const struct evaluation_task *task, struct evaluation *out)
{
    struct cache *c = (struct cache *)(void *)self;
    struct digest digest = evaluation_digest(task);

    if (2 * c->count >= c->room)
        grow(c);
    struct slot *slot = find(c, &digest);
    if (!slot->used) {
        *slot = (struct slot){.used = true, .task = digest};
        c->original->evaluate(c->original, task, &slot->answer);
        c->count++;
    }
    *out = slot->answer;
}

struct cache *cache_new(void)
{
    struct cache *c = mem_alloc(sizeof *c);

    c->evaluator.evaluate = evaluate;
    return c;
}

void cache_free(struct cache *c)
{
    mem_free(c->slots);
    mem_free(c);
}

void cache_stand_before(struct cache *c, struct workload *w)
{
    for (unsigned i = 0; i < w->count; i++) {
        ASSERT(c->original == NULL || c->original == w->instances[i].evaluator);
        c->original = w->instances[i].evaluator;
        w->instances[i].evaluator = &c->evaluator;
    }
}
