#ifndef PRISMFED_FED_ADMISSION_H
#define PRISMFED_FED_ADMISSION_H

#include "base/table.h"
#include "ledger/entry.h"
#include "pbft/pbft.h"

/* Where entries come in, each of them opened once (ledger/entry.h): from the wire, from a batch that is proposed, from
 * a block of others, from this node itself. Whoever brings the same bytes again gets the entry that is open. It stays
 * open while anybody holds it or its bytes:
 *   - the latest verified ones of each member that spoke lately (validators): two different ones with one sequence
 * number convict their signer. The same memory holds those that came too early, until the state admits them; they stay
 * out of PBFT's pool, so that nobody makes a primary look slow with entries that it must not propose;
 *   - PBFT's pool, whose size is bounded;
 *   - the batch that was judged last, and what is executed and not decided (application.c);
 *   - own entries on their way (submit.c).
 * What nobody holds any more is closed when it has grown to as much as is held: so there is never more open than twice
 * what these hold, and IDLE_BYTES. */

enum {
    SEEN_FOR_MEMBER = 4,     /* verified entries remembered for each member */
    SEEN_MEMBERS_MAX = 2048, /* that spoke last: several cohorts, however many members there are */
    IDLE_BYTES = 1 << 18
};

struct seen {
    struct entry *entry; /* one holding; NULL: free */
    bool waiting;        /* not admissible yet: judged again when the state changes */
};

struct seen_member {
    unsigned member;
    uint64_t heard; /* counts up: when it was heard last */
    unsigned next;  /* the one to be replaced */
    struct seen items[SEEN_FOR_MEMBER];
};

/* The fields are the admission's own. */
struct admission {
    struct table open; /* all open entries, by the end of their signatures; one holding each */
    size_t grown,
        grown_most; /* bytes that were opened since unused ones were closed, and how many make it do so again */
    bool watching;  /* for evidence: we have, or had, a vote */
    unsigned seen_count, seen_cap;       /* watching: */
    struct seen_member *seen;            /* owned; by number of the member */
    uint64_t heard;                      /* counts up */
    struct entry *batch[PBFT_BATCH_MAX]; /* judged last; one holding each */
    unsigned batch_count;
};

struct federation_state;
struct fed;

void admission_init(struct fed *f);
void admission_free(struct fed *f);
void admission_meet_voters(struct fed *f); /* we may have a vote from here on */
/* Does it look for evidence in what it opens? */
bool admission_watches(const struct fed *f);

/* Always makes *out an open entry of these bytes, one holding of which is the caller's. The result is entry_check's in
 * the state. */
enum err admission_open(struct fed *f, const struct federation_state *s, struct bytes bytes,
                        struct entry **out) MUST_CHECK;
/* FED_ENTRY at a validator. */
enum err admission_receive(struct fed *f, struct bytes bytes) MUST_CHECK;
/* The decided state is another one: what came too early may be admissible now. */
void admission_pass(struct fed *f);
/* Another batch is about to be judged; an entry of it. */
void admission_begin_batch(struct fed *f);
void admission_add_to_batch(struct fed *f, struct entry *e);

#endif
