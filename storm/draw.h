#ifndef PRISMFED_STORM_DRAW_H
#define PRISMFED_STORM_DRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Everything random in a seed is drawn here, one decision for each (stream, key, number), so that no decision shifts
 * another one. The value 0 always means the least trouble: no fault, no request, no loss, no delay. A
 * shrinker runs the same seed again with some decisions forced. */
enum draw_stream {
    DRAW_PLAN = 1, /* the configuration; key 0 */
    DRAW_FAULT,    /* key: which fault of the plan */
    DRAW_REQUEST,  /* key: client */
    DRAW_LINK,     /* key: from, to; number: message on that link */
    DRAW_DISK,     /* key: machine; what a crash leaves of unfinished writes */
    DRAW_LIE,      /* key: machine; number: message */
    DRAW_TIMER     /* key: machine and timer; number: how often it was set; never goes off when forced to DRAW_NEVER */
};

/* A shrinker's wish for a message, a request or a timer; nobody draws it. */
#define DRAW_NEVER UINT64_MAX

struct draw_wish {
    uint64_t id, value;
};

struct draw {
    uint64_t seed;
    bool straight;            /* what is not forced is 0 */
    struct draw_wish *forced; /* open addressing; id 0: unused */
    size_t forced_count, forced_cap;
    bool recording;
    uint64_t *noted; /* decisions that made a difference, in order */
    size_t noted_count, noted_cap;
};

void draw_init(struct draw *d, uint64_t seed);
void draw_free(struct draw *d);
uint64_t draw_id(enum draw_stream stream, uint32_t key, uint32_t number);
uint64_t draw_value(const struct draw *d, uint64_t id);
/* This decision led to something that a calm world would not have. */
void draw_note(struct draw *d, uint64_t id);
bool draw_forced(const struct draw *d, uint64_t id);
void draw_force(struct draw *d, uint64_t id, uint64_t value);
/* Copies what is forced, not what is noted. */
void draw_copy(struct draw *to, const struct draw *from);

#endif
