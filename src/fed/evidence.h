#ifndef PRISMFED_FED_EVIDENCE_H
#define PRISMFED_FED_EVIDENCE_H

#include "base/bytes.h"

/* Whom this node can convict, and by which two statements, until the log has it. One pair of each culprit. */

enum { ACCUSATIONS_MAX = 8 };

struct accusation {
    unsigned culprit;            /* a member */
    struct blob *first, *second; /* one holding each */
};

/* The fields are the evidence's own. */
struct evidence {
    unsigned count;
    struct accusation items[ACCUSATIONS_MAX];
};

struct entry;
struct fed;

/* Two signed statements of one culprit, which are copied. */
void evidence_take(struct fed *f, unsigned culprit, struct bytes first, struct bytes second);
/* The same by two entries. What they are attached to says nothing: their statements are what contradicts. */
void evidence_take_entries(struct fed *f, const struct entry *first, const struct entry *second);
/* Validators: makes the next entry of what is known. */
void evidence_accuse(struct fed *f);
void evidence_free(struct fed *f);

#endif
