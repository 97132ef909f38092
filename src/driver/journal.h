#ifndef PRISMFED_DRIVER_JOURNAL_H
#define PRISMFED_DRIVER_JOURNAL_H

#include "crypto/digest.h"
#include "evolve/evaluator.h"

/* What must not be paid for twice: every evaluation that the sites' work has finished, written to a file at once, so
 * that a run that was stopped at any point goes on (docs/decisions/0012-resume.md). The run itself is derived anew, job
 * by job and block by block, and compared with what the file says of it; only evaluations are answered from it.
 *
 * A job is one local cycle, one SCORE row or one claim that is run again, with a number in the order of submission.
 * Results are taken in that order, too. Nobody takes the result of a job whose node crashed meanwhile; so the journal
 * also says which jobs were taken. */

/* What a journal belongs to. */
struct journal_binding {
    char version[16];                /* of the program */
    struct digest scenario, genesis; /* of the file's bytes; of the document */
    struct digest programs;          /* of the files that the users' programs consist of; zero: there are none */
    uint64_t seed, epochs;
    bool clean; /* what an earlier run left is to go in the end: of the run that began */
};

struct journal_answer {
    uint64_t number; /* of the evaluation in its job (evolve/evaluator.h), below 2^48 */
    struct digest task;
    struct evaluation evaluation;
};

/* The evaluations of a job that are finished: some may be there whose predecessors are not, since they are done beside
 * each other. */
struct journal_script {
    uint64_t job;
    size_t count, cap;
    struct journal_answer *answers;                           /* owned; by their numbers */
    enum { SCRIPT_OPEN, SCRIPT_TAKEN, SCRIPT_DROPPED } state; /* taken: that is all of them; dropped: nobody wants it */
};

struct journal;

/* Begins a journal, or goes on with the one that is there; with binding->clean it is begun anew. ERR_STATE: there is
 * one and resume is false, it belongs to another run, or another process has it; diag says what to do. When it goes on,
 * binding->clean is what it was then. */
enum err journal_open(const char *path, bool resume, struct journal_binding *binding, struct journal **out,
                      struct diag *diag) MUST_CHECK;
/* finished: its file goes, too. NULL is fine. */
void journal_close(struct journal *j, bool finished);

/* Sticky: the file cannot be read or written (ERR_IO), or the run is not the one that was written down (ERR_STATE). */
enum err journal_check(struct journal *j, struct diag *diag) MUST_CHECK;
uint64_t journal_answered(const struct journal *j); /* evaluations that were there */

/* ---- by the thread of the run, in its order */

/* A job is submitted. out: what is known of it, the caller's to free (journal_script_free). */
void journal_submit(struct journal *j, uint64_t job, struct journal_script *out);
/* The answer to that evaluation of the job; NULL: it is not finished. */
const struct journal_answer *journal_script_find(const struct journal_script *s, uint64_t number);
void journal_script_free(struct journal_script *s);
/* A job that was open is taken. sync: durable before it counts. */
void journal_take(struct journal *j, uint64_t job, bool sync);
/* The first node has this block. */
void journal_block(struct journal *j, uint64_t height, const struct digest *id);

/* ---- by any thread */

void journal_add(struct journal *j, uint64_t job, const struct journal_answer *answer);
/* An answer is for another task than the one that is asked. */
void journal_differs(struct journal *j, uint64_t job);

#endif
