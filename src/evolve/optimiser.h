#ifndef PRISMFED_EVOLVE_OPTIMISER_H
#define PRISMFED_EVOLVE_OPTIMISER_H

#include "base/bytes.h"

/* How a site searches on its own work within its budget: docs/optimisers.md says what each one does and how they
 * compare. All of them run in the frame of evolve/search.h. */

enum optimiser {
    OPTIMISER_STEADY,
    OPTIMISER_IRACE,
    OPTIMISER_DE,
    OPTIMISER_MIES,
    OPTIMISER_SCREEN,
    OPTIMISER_BAYES,
    OPTIMISER_COUNT
};

const char *optimiser_name(enum optimiser optimiser); /* "steady", "irace", "de", "mies", "screen", "bayes" */
enum err optimiser_parse(struct bytes name, enum optimiser *out) MUST_CHECK;

/* Each optimiser stands in a file of its own. It spends what is left of the budget; when it returns, the genomes that
 * it found are in the search's pool. */
struct search;
void optimiser_run(enum optimiser optimiser, struct search *search);
void optimiser_steady(struct search *search);
void optimiser_irace(struct search *search);
void optimiser_de(struct search *search);
void optimiser_mies(struct search *search);
void optimiser_screen(struct search *search);
void optimiser_bayes(struct search *search);

#endif
