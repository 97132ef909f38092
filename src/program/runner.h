#ifndef PRISMFED_PROGRAM_RUNNER_H
#define PRISMFED_PROGRAM_RUNNER_H

#include "codec/json.h"
#include "program/program.h"

/* How a program is asked, and what its answer means. Inside this layer. */

struct question {
    const struct program_spec *spec;
    const struct space *space;
    const struct genome *genome;
    struct digest genome_hash;
    const struct instance *instance;
    uint32_t seed;  /* below 2^31: what every runner can take */
    uint64_t limit; /* whole units */
};

struct answer {
    enum evaluation_status status;
    uint64_t cost; /* a SUCCESS's, in units of 10^-decimals above the spec's cost_min */
    char says[PROGRAM_SAYS_SIZE];
};

void answer_set(struct answer *a, enum evaluation_status status, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* A success, if the text is a cost; else an ABORT that says why. */
void answer_cost(struct answer *a, const struct program_spec *spec, struct bytes text);

/* A success above the question's limit becomes a TIMEOUT that says so. */
void answer_limit(struct answer *a, const struct question *q);

/* The words of a command line, the last one NULL. */
struct words {
    unsigned count;
    char **items; /* owned, and what they point to */
};
void words_add(struct words *w, const char *text, size_t len);
void words_free(struct words *w);

/* One of RUNNER_IRACE, RUNNER_SMAC, RUNNER_ACLIB. Genes that are not active are not mentioned. */
void runner_words(const struct question *q, struct words *out);
/* From all that it printed. `exited`: its exit status. */
void runner_answer(const struct program_spec *spec, struct bytes text, long exited, struct answer *out);

/* From the members "status" and "cost" ("runtime" for AClib, where there is no cost). */
void answer_json(struct answer *a, const struct program_spec *spec, const json_t *object);

/* From the members "status" and "cost", whatever the runner. */
void answer_told(struct answer *a, const struct program_spec *spec, const json_t *object);

/* What ended a program that did not simply exit; remarks: its last words. */
void answer_from_end(struct answer *a, const struct program_spec *spec, struct warden_report report,
                     struct buf *remarks);

#endif
