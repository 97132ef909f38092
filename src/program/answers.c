/* A table of sets: an answer lies in one of the few slots of its set, so that those of one batch seldom push each other
 * out. */
#include "program/answers.h"

#include <pthread.h>

#include "base/mutate.h"

enum { SETS = 1 << 13, WAYS = 4 };

enum slot_state { SLOT_NONE, SLOT_RUNNING, SLOT_DONE };

struct answers_slot {
    struct digest key;
    enum slot_state state;
    bool is_claimed; /* nobody has asked yet */
    uint64_t used;   /* the clock when it was filled */
    struct evaluation evaluation;
};

struct answers {
    pthread_mutex_t lock;
    pthread_cond_t answered;
    uint64_t clock;
    struct answers_slot *slots; /* owned; set by set */
};

struct answers *answers_new(void)
{
    struct answers *a = mem_alloc(sizeof *a);

    pthread_mutex_init(&a->lock, NULL);
    pthread_cond_init(&a->answered, NULL);
    a->slots = mem_array((size_t)SETS * WAYS, sizeof a->slots[0]);
    return a;
}

void answers_free(struct answers *a)
{
    if (a == NULL)
        return;
    mem_free(a->slots);
    pthread_cond_destroy(&a->answered);
    pthread_mutex_destroy(&a->lock);
    mem_free(a);
}

static struct answers_slot *set_of(struct answers *a, const struct digest *key)
{
    return &a->slots[be64_get(key->b) % SETS * WAYS];
}

static struct answers_slot *find(struct answers *a, const struct digest *key)
{
    struct answers_slot *set = set_of(a, key);

    for (unsigned i = 0; i < WAYS; i++) {
        if (set[i].state != SLOT_NONE && digest_equal(&set[i].key, key))
            return &set[i];
    }
    return NULL;
}

/* The one that was filled longest ago goes; who is being answered stays. */
static struct answers_slot *make_room(struct answers *a, const struct digest *key, enum slot_state state)
{
    struct answers_slot *set = set_of(a, key), *oldest = NULL;

    for (unsigned i = 0; i < WAYS; i++) {
        if (set[i].state != SLOT_RUNNING && (oldest == NULL || set[i].used < oldest->used))
            oldest = &set[i];
    }
    if (oldest != NULL)
        *oldest = (struct answers_slot){.key = *key, .state = state, .used = ++a->clock};
    return oldest;
}

enum answers_found answers_find(struct answers *a, const struct digest *key, struct answers_slot **slot,
                                struct evaluation *out)
{
    enum answers_found found = ANSWERS_NONE;
    struct answers_slot *s;

    *slot = NULL;
    pthread_mutex_lock(&a->lock);
    s = find(a, key);
    while (MUTATE(PROGRAM_ASKS_TWICE, false, s != NULL && s->state == SLOT_RUNNING)) {
        pthread_cond_wait(&a->answered, &a->lock);
        s = find(a, key);
    }
    if (s != NULL && s->state == SLOT_DONE) {
        found = s->is_claimed ? ANSWERS_CLAIMED : ANSWERS_KEPT;
        s->is_claimed = false;
        *out = s->evaluation;
    } else {
        *slot = make_room(a, key, SLOT_RUNNING);
    }
    pthread_mutex_unlock(&a->lock);
    return found;
}

struct answers_slot *answers_claim(struct answers *a, const struct digest *key)
{
    struct answers_slot *slot = NULL;

    pthread_mutex_lock(&a->lock);
    if (find(a, key) == NULL)
        slot = make_room(a, key, SLOT_RUNNING);
    if (slot != NULL)
        slot->is_claimed = true;
    pthread_mutex_unlock(&a->lock);
    return slot;
}

void answers_put(struct answers *a, struct answers_slot *slot, const struct evaluation *answer)
{
    pthread_mutex_lock(&a->lock);
    slot->evaluation = *answer;
    slot->state = SLOT_DONE;
    slot->used = ++a->clock;
    pthread_cond_broadcast(&a->answered);
    pthread_mutex_unlock(&a->lock);
}

void answers_learn(struct answers *a, const struct digest *key, const struct evaluation *answer)
{
    pthread_mutex_lock(&a->lock);
    if (find(a, key) == NULL) {
        struct answers_slot *slot = make_room(a, key, SLOT_DONE);

        if (slot != NULL)
            slot->evaluation = *answer;
    }
    pthread_mutex_unlock(&a->lock);
}
