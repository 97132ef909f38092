#ifndef PRISMFED_PROGRAM_QUEUE_H
#define PRISMFED_PROGRAM_QUEUE_H

#include <stdatomic.h>

#include "program/runner.h"

/* Runs that a batch system does: they are laid out in a folder, a command of the user's hands them over and returns
 * when they have ended, and each has left its result in the folder (docs/programs.md). Inside this layer. */

enum { QUEUE_VERSION = 1 };

/* What came of a question that was tried as often as its program's retries allow. */
struct trial {
    struct answer answer;
    unsigned runs, retried;
    bool checked, differed; /* checked: it was run twice, to see whether the program is deterministic */
};

struct queue_task {
    struct question question; /* what it points to is borrowed */
    uint64_t epoch;
    bool check;        /* it is to be run twice */
    struct digest key; /* tells it apart from any other */
    bool answered;
    unsigned losses;
    struct trial trial; /* when it is answered */
};

/* Whose queue it is. */
struct queue_user {
    const struct program_spec *spec;
    struct digest work; /* program_work() */
    const atomic_bool *stopped;
    void (*says)(void *context, const char *text);
    void *context;
};

/* Has them all done, in whatever order the batch system likes; returns when each is answered, or soon after *stopped:
 * what is not answered then is an ABORT. Results that an earlier life of this process has been left count. The command
 * is run again for ever when it fails, less and less often; a task that it has lost is CRASHED when that was once too
 * often. */
void queue_run(const struct queue_user *u, struct queue_task *tasks, unsigned count);

/* ---- one task in a folder (queue_task.c) */

/* Appends the line that says what is to be done. */
void queue_task_line(const struct queue_user *u, const struct queue_task *t, unsigned number, struct buf *out);
/* What the line of that number says, as far as its reader can know it; genome has room, *instance is an index of the
 * spec's files. *seed: what the task says of it. */
struct queue_order {
    struct digest key;
    struct genome genome;
    unsigned instance;
    struct digest instance_hash;
    uint64_t epoch, limit;
    bool check;
};
enum err queue_order_read(const char *folder, unsigned number, const struct program_spec *spec,
                          const struct genome_schema *schema, struct queue_order *out, struct diag *diag) MUST_CHECK;

/* Leaves the result, whole or not at all; or, with a reason, that the task is refused. */
enum err queue_result_write(const char *folder, unsigned number, const struct program_spec *spec,
                            const struct digest *key, const struct trial *trial, const char *refused,
                            struct diag *diag) MUST_CHECK;
/* ERR_MISSING: there is none; else what is wrong with it. */
enum err queue_result_read(const char *folder, unsigned number, const struct program_spec *spec,
                           const struct queue_task *task, struct trial *out, struct diag *diag) MUST_CHECK;

/* ---- the user's command (queue_command.c) */

enum queue_end { QUEUE_ENDED, QUEUE_FAILED, QUEUE_LATE, QUEUE_STOPPED };

/* Runs it in the program's folder, with the folder of the tasks and their numbers ("0-3,7") as its last two words, for
 * timeout_s at most. What it prints goes into the folder's log. says: why it failed. */
enum queue_end queue_command(const struct queue_user *u, const char *folder, const char *numbers, struct buf *says);
/* Appends the last line of the folder's log. */
void queue_last_words(const char *folder, struct buf *says);
/* False: *stopped meanwhile. */
bool queue_sleep(const struct queue_user *u, unsigned ms);

#endif
