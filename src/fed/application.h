#ifndef PRISMFED_FED_APPLICATION_H
#define PRISMFED_FED_APPLICATION_H

#include "base/err.h"
#include "ledger/store.h"
#include "state/executed.h"

/* What the replica orders blocks for: states. The decided one and the tentative ones above it are a chain: consensus
 * executes on top of the last, undoes from the top, decides from the bottom (Castro and Liskov 2002, section 5.1,
 * tentative execution). */

/* An executed block that is not decided yet. */
struct tentative {
    struct executed *executed; /* one holding */
    unsigned count;
    struct entry **entries; /* owned array, one holding each */
};

/* The fields are the application's own. */
struct application {
    struct executed *decided; /* one holding; f->decided is its state */
    unsigned tentative_count, tentative_cap;
    struct tentative *tentative; /* heights decided.height + 1 and on */
    struct block foreign;        /* opened last */
};

struct fed;

/* The decided state is the founding one. Errors as state_genesis's. */
enum err application_begin(struct fed *f, struct bytes genesis, struct diag *diag) MUST_CHECK;
/* Makes f->replica and has it read the store. Errors as replica_new's. */
enum err application_open(struct fed *f, const struct ledger_store *store, struct diag *diag) MUST_CHECK;
void application_free(struct fed *f);
/* The state after all that is executed. */
const struct federation_state *application_tip(const struct fed *f);
void application_undo(struct fed *f, uint64_t sequence);
/* Takes the holding over: this is the decided state; nothing above it is executed, but for what was executed on top of
 * it. */
void application_install(struct fed *f, struct executed *decided);

#endif
