#ifndef PRISMFED_EXPERIMENT_PICKS_H
#define PRISMFED_EXPERIMENT_PICKS_H

#include "experiment/trial.h"

/* What a site of a federation takes for itself, by some more runs on its own private work. */
enum picks {
    PICKS_ARCHIVE, /* of the federation's archive alone */
    PICKS_OWN,     /* as `prismfed pick` does: of the archive, its own offers and the default genome */
    PICKS_COUNT
};

/* t->offers is what the sites have offered. Adds the genomes that it takes, times the runs, to *evaluations. */
enum err picks_take(const struct trial *t, unsigned site, const struct trial_result *result, enum picks picks,
                    struct genome *out, uint64_t *evaluations, struct diag *diag) MUST_CHECK;

#endif
