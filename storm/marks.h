#ifndef PRISMFED_STORM_MARKS_H
#define PRISMFED_STORM_MARKS_H

#include <stdint.h>

/* Named situations. A campaign that never meets one of them has not tried it. */
#define MARKS(X)                                                                                                       \
    X(PREPARED, "a batch is prepared")                                                                                 \
    X(DECIDED, "a batch is decided")                                                                                   \
    X(DECIDED_LATER_VIEW, "a batch is decided in a view above 0")                                                      \
    X(DECIDED_VIEW_5, "a batch is decided in view 5 or above")                                                         \
    X(DECIDED_EMPTY, "a null batch is decided")                                                                        \
    X(DECIDED_FULL, "a batch of batch_max requests is decided")                                                        \
    X(PIPELINED, "two or more executed batches wait for their decision")                                               \
    X(UNDONE, "a speculative execution is undone")                                                                     \
    X(UNDONE_DEEP, "three or more executions are undone at once")                                                      \
    X(REEXECUTED_OTHER, "after an undo another batch is executed at that sequence")                                    \
    X(SECOND_VIEW_SAME_BLOCK, "a decided sequence is decided again in a later view")                                   \
    X(REQUEST_AGAIN, "a request is too early and kept")                                                                \
    X(REQUEST_STALE, "a request comes again after its execution")                                                      \
    X(POOL_FULL, "the pool of requests is full")                                                                       \
    X(BATCH_AGAIN, "a backup cannot judge a batch yet")                                                                \
    X(BATCH_REFUSED, "a backup refuses a batch for its content")                                                       \
    X(CLIENT_LIED, "two operations with one timestamp are in one world")                                               \
    X(VIEW_CHANGE, "a replica leaves its view")                                                                        \
    X(VIEW_CHANGE_THIN, "a view change happens on thin links")                                                         \
    X(VIEW_CHANGE_TWICE, "a replica leaves two views in a row without one in between")                                 \
    X(VIEW_SKIPPED, "a replica moves over two or more views at once")                                                  \
    X(NEW_VIEW, "a new view is entered")                                                                               \
    X(NEW_VIEW_EMPTY, "a new view re-proposes nothing")                                                                \
    X(NEW_VIEW_PROPOSES, "a new view re-proposes a batch")                                                             \
    X(NEW_VIEW_NULL, "a new view re-proposes a null batch")                                                            \
    X(NEW_VIEW_ABOVE_STABLE, "a new view begins at a stable checkpoint above 0")                                       \
    X(NEW_VIEW_BEHIND, "a new view begins above what a replica has decided")                                           \
    X(NEW_VIEW_BELOW, "a new view re-proposes what a replica has decided")                                             \
    X(NEW_VIEW_MIXED, "the view changes of a new view name different stable checkpoints")                              \
    X(NEW_VIEW_TWO_DIGESTS, "the proofs of a new view name two digests for a sequence")                                \
    X(NEW_VIEW_LIAR, "a liar is primary of a new view that is entered")                                                \
    X(VIEW_5, "view 5 is entered")                                                                                     \
    X(TIMEOUT_MAX, "the view time-out reaches its limit")                                                              \
    X(STABLE, "a checkpoint becomes stable")                                                                           \
    X(STABLE_BY_MESSAGE, "a stable checkpoint is proved to one that was behind")                                       \
    X(HELD, "a replica waits for its disk")                                                                            \
    X(WINDOW_FULL, "the high water mark stops the primary")                                                            \
    X(EQUIVOCATION, "evidence against a liar is taken")                                                                \
    X(EVIDENCE_SECOND, "two liars are convicted in one world")                                                         \
    X(DIVERGED, "a replica notices that it executed another block than is decided")                                    \
    X(DIVERGED_MENDED, "and gets the right one from others")                                                           \
    X(CATCH_UP, "blocks are fetched")                                                                                  \
    X(CATCH_UP_LONG, "four or more blocks are fetched at once")                                                        \
    X(CATCH_UP_VIEW_CHANGE, "blocks are fetched during a view change")                                                 \
    X(CATCH_UP_SPECULATIVE, "blocks are fetched over speculative executions")                                          \
    X(CATCH_UP_AFTER_WIPE, "a wiped replica fetches blocks")                                                           \
    X(BAD_BLOCK, "a block that is not certified is refused")                                                           \
    X(BLOCKS_GONE, "the blocks that a replica lacks are gone where it asks")                                           \
    X(TRANSFER, "a state is transferred and installed")                                                                \
    X(TRANSFER_VIEW_CHANGE, "a state is installed during a view change")                                               \
    X(TRANSFER_SPECULATIVE, "a state is installed over speculative executions")                                        \
    X(TRANSFER_AFTER_WIPE, "a wiped replica installs a state")                                                         \
    X(TRANSFER_EPOCH, "a state of a later membership epoch is installed")                                              \
    X(TRANSFER_CRASH, "a replica crashes during a transfer")                                                           \
    X(TRANSFER_MOVED, "the state that is fetched is gone: the transfer turns to a later one")                          \
    X(TRANSFER_FRUITLESS, "a transfer is given up")                                                                    \
    X(TRANSFER_LIMIT, "a peer asks for more than it may, or offers more than a state can be")                          \
    X(TRANSFER_BAD_CHUNK, "a bad chunk is refused")                                                                    \
    X(TRANSFER_BAD_OFFER, "an offer that no quorum stands behind is refused")                                          \
    X(BACKFILL, "a block below an installed state is fetched")                                                         \
    X(BACKFILL_WHOLE, "the last of them is fetched")                                                                   \
    X(CRASH, "a replica crashes")                                                                                      \
    X(CRASH_AT_WRITE, "a replica crashes at a persist point")                                                          \
    X(CRASH_LOSES_WRITES, "a crash loses unfinished writes")                                                           \
    X(CRASH_KEEPS_SOME, "a crash keeps some of the unfinished writes")                                                 \
    X(CRASH_VIEW_CHANGE, "a replica crashes during a view change")                                                     \
    X(CRASH_RESTARTING, "a replica crashes while it restarts")                                                         \
    X(CRASH_EXECUTED, "a replica crashes with undecided executions")                                                   \
    X(CRASH_ALL, "every replica is down at once")                                                                      \
    X(RESTART, "a replica restarts")                                                                                   \
    X(RESTART_VIEW_CHANGE, "a replica restarts into a view change")                                                    \
    X(RESTART_LATER_VIEW, "a replica restarts into a view above 0")                                                    \
    X(RESTART_BEHIND, "a replica restarts and finds itself behind")                                                    \
    X(DISK_FULL, "a disk is full")                                                                                     \
    X(DISK_WIPED, "a disk is wiped")                                                                                   \
    X(DISK_DAMAGED, "a disk gives back something else than was written")                                               \
    X(SNAPSHOT_DAMAGED, "the latest snapshot of a disk is damaged")                                                    \
    X(SNAPSHOT_PASSED_OVER, "a replica starts from what a damaged snapshot leaves")                                    \
    X(DAMAGE_NOTICED, "a replica notices that its records are damaged or lost")                                        \
    X(PAUSED, "a replica pauses and takes up what has queued")                                                         \
    X(CLOCK_JUMP, "a clock jumps")                                                                                     \
    X(CLOCK_BACK, "a clock is behind itself after a restart")                                                          \
    X(CLOCK_RATE, "a clock runs faster or slower")                                                                     \
    X(MESSAGE_LOST, "a message is lost")                                                                               \
    X(MESSAGE_TWICE, "a message arrives twice")                                                                        \
    X(MESSAGE_LATE, "a message arrives after a later one of the same link")                                            \
    X(MESSAGE_CUT, "a message meets a cut")                                                                            \
    X(MESSAGE_CLOGGED, "a message waits in a clogged link")                                                            \
    X(MESSAGE_WAITS, "a message waits behind others on a thin link")                                                   \
    X(MESSAGE_WAITS_HEAL, "a message still waits on a thin link when the faults end")                                  \
    X(MESSAGE_SLOW, "messages of a kind are slow")                                                                     \
    X(MESSAGE_OLD_LIFE, "a message arrives that was sent before its sender restarted")                                 \
    X(REFUSED_SIGNATURE, "a bad signature is refused")                                                                 \
    X(REFUSED_FOREIGN, "a statement of another federation or epoch is refused")                                        \
    X(REFUSED_MISMATCH, "content that differs from its digest is refused")                                             \
    X(REFUSED_RANGE, "a number out of range is refused")                                                               \
    X(REFUSED_SYNTAX, "bytes that are no message are refused")                                                         \
    X(REFUSED_DUPLICATE, "a second digest from one signer is refused")                                                 \
    X(EPOCH_CLOSED, "a block closes a membership epoch")                                                               \
    X(EPOCH_CLOSED_LATER_VIEW, "a membership epoch is closed in a view above 0")                                       \
    X(EPOCH_CLOSED_VIEW_CHANGE, "a membership epoch is closed during a view change")                                   \
    X(EPOCH_CLOSED_CATCH_UP, "a replica fetches the block that closes its membership epoch")                           \
    X(EPOCH_CLOSE_UNDONE, "an executed closing block is undone")                                                       \
    X(EPOCH_THIRD, "a third membership epoch follows the first")                                                       \
    X(EPOCH_JOIN, "a replica joins")                                                                                   \
    X(EPOCH_NEWCOMER, "a replica that joined takes part")                                                              \
    X(EPOCH_LEAVE, "a replica leaves")                                                                                 \
    X(EPOCH_LEAVER_KNOWS, "a replica that left stops")                                                                 \
    X(EPOCH_LIAR_LEAVES, "a liar is removed")                                                                          \
    X(EPOCH_ROTATE, "a replica gets a new key")                                                                        \
    X(EPOCH_ROTATE_DOWN, "a replica gets a new key while it is down")                                                  \
    X(EPOCH_INHERITS, "requests are handed to the next membership epoch")                                              \
    X(EPOCH_LAGGARD, "a replica hears of a later membership epoch")                                                    \
    X(EPOCH_HINT, "a replica is told that there is more")                                                              \
    X(EPOCH_RESTART_AT_BASE, "a replica restarts where a membership epoch begins")                                     \
    X(TWINS, "two machines with one key run")                                                                          \
    X(LIAR_PRIMARY, "a liar is primary of view 0")                                                                     \
    X(RECOVERED, "a wiped replica recovers")                                                                           \
    X(RECOVERED_AGAIN, "a replica is wiped once more and recovers")                                                    \
    X(RECOVERED_VOTES, "a wiped replica votes again")                                                                  \
    X(RECOVERED_LISTENS, "a recovered replica is not to vote in the view it finds")                                    \
    X(FILLED, "a primary proposes a null batch for one that recovers")                                                 \
    X(LIAR_WIPED, "a wiped replica takes part again")                                                                  \
    X(REPLICAS_1, "one replica is the whole federation")                                                               \
    X(REPLICAS_MANY, "ten or more replicas")                                                                           \
    X(CORE_ALONE, "only a quorum is left after the faults")

enum mark {
#define MARK_NAME(name, text) MARK_##name,
    MARKS(MARK_NAME)
#undef MARK_NAME
        MARK_COUNT
};

/* How often each mark was met, of whatever kind of world. */
enum { MARKS_MAX = 128 };
struct marks {
    uint64_t hits[MARKS_MAX];
};

const char *mark_name(enum mark mark);
const char *mark_text(enum mark mark);
extern const char *const mark_texts[MARK_COUNT];

#endif
