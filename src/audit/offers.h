#ifndef PRISMFED_AUDIT_OFFERS_H
#define PRISMFED_AUDIT_OFFERS_H

#include "audit/replay.h"

/* The genomes that one site has offered, as the log has them. Most of them the federation as a whole had no use for; on
 * the site's own work, where they were found, they may be the best there are. */

enum { OFFERS_MAX = 32 };

struct offer {
    struct genome genome;
    struct digest hash;
    uint64_t epoch, cost; /* of its last offer; what the site claimed then, in thousandths */
};

/* Zero-initialise, set node. */
struct offers {
    const char *node; /* the site's name; borrowed */
    unsigned count;
    struct offer best[OFFERS_MAX]; /* by the site's own claims; each genome once */
};

/* Adds those of the UPDATEs in the log that took effect, under whichever key of the site. */
void offers_collect(struct offers *o, const struct replay *r);
/* One genome of one UPDATE; it stays when it is among the best. */
void offers_add(struct offers *o, const struct genome_schema *schema, const struct genome *genome, uint64_t epoch,
                uint64_t cost);

#endif
