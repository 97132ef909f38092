#ifndef PRISMFED_PBFT_PEERS_H
#define PRISMFED_PBFT_PEERS_H

#include "pbft/messages.h"

struct pbft;

/* What a replica has said. The fields are this file's own. */
struct heard {
    uint64_t view;    /* highest that it signed anything in, durably */
    uint64_t decided; /* as its STATUS claims */
    bool convicted;
    struct claim evidence[2]; /* type 0 once taken */
};

/* Of all of them. The fields are this file's own. */
struct heard_of_all {
    uint64_t view, decided;  /* the highest */
    unsigned evidence_count; /* pairs that nobody has taken */
};

void peers_heard(struct pbft *p, const struct claim *claim);
void peers_heard_decided(struct pbft *p, unsigned peer, uint64_t decided);
/* Would the two of them learn something of this claim of a STATUS? */
bool peers_is_news(const struct pbft *p, const struct claim *claim);
/* A peer signed these two: keeps them and notes it, unless it is convicted already. */
void peers_convict(struct pbft *p, const struct claim *first, const struct claim *second);
/* Of the first pair that nobody has taken: whose it is, or -1; pair gets it. */
int peers_take_evidence(struct pbft *p, struct claim pair[2]);

uint64_t peers_known_decided(const struct pbft *p);
/* Somebody correct has decided more than we have. A quorum of COMMITs alone does not say so: all of it may have come
 * too late, to replicas that had left the view. */
bool peers_have_more(const struct pbft *p);
bool peers_are_ahead(const struct pbft *p);

#endif
