#ifndef PRISMFED_STORM_NODES_MARKS_H
#define PRISMFED_STORM_NODES_MARKS_H

#include "storm/marks.h"

/* Situations that a campaign over whole nodes should have met. */
#define NODE_MARKS(X)                                                                                                  \
    X(ANCHORED, "an epoch is anchored")                                                                                \
    X(ABANDONED, "an epoch is given up")                                                                               \
    X(CALM, "an epoch begins after all faults are over")                                                               \
    X(CHANGED, "an epoch ends with a new incumbent")                                                                   \
    X(ROLLED_BACK, "an epoch restores an earlier incumbent")                                                           \
    X(STALLED, "no quorum hears each other for a while")                                                               \
    X(VIEW_CHANGED, "a view changes")                                                                                  \
    X(CLOSED_EARLY, "an epoch ends without somebody, by its deadline")                                                 \
    X(LATE_COUNTED, "late work counts")                                                                                \
    X(WORK_REFUSED, "an update has no effect: its site has spoken already")                                            \
    X(ABSENT, "a member is absent")                                                                                    \
    X(QUARANTINED, "a member is quarantined")                                                                          \
    X(QUARANTINE_LIFTED, "a quarantine is lifted")                                                                     \
    X(HOSTILE, "somebody sends hostile entries")                                                                       \
    X(HOSTILE_LOGGED, "an entry of such a one is in the log")                                                          \
    X(HOSTILE_EFFECT, "and takes effect")                                                                              \
    X(CONVICTED, "a member is convicted")                                                                              \
    X(FOUND, "a member is found with a false claim")                                                                   \
    X(RECOUNTED, "a validator runs a claim again and says what it comes to")                                           \
    X(JOINED, "a member joins")                                                                                        \
    X(JOINED_VALIDATOR, "a validator joins")                                                                           \
    X(LEFT, "a member leaves")                                                                                         \
    X(LEFT_VALIDATOR, "a validator leaves")                                                                            \
    X(ROTATED, "a member gets a new key")                                                                              \
    X(STAKE, "a member gets another stake")                                                                            \
    X(MEMBERSHIP, "others vote from a block on")                                                                       \
    X(REFUSED_ENTRY, "an entry in the log has no effect")                                                              \
    X(SHARDS_MOVED, "shards move")                                                                                     \
    X(INSTALLED, "a node takes a state")                                                                               \
    X(WHOLE, "a ledger is filled below an installed state")                                                            \
    X(CAUGHT_UP, "a node takes blocks from others")                                                                    \
    X(RECOVERED, "a node recovers from a lost disk")                                                                   \
    X(RESTARTED, "a node starts again with what is on its disk")                                                       \
    X(DOWN_AT_END, "a node is down when the rehearsal ends")                                                           \
    X(THIN, "a link carries less than a megabit in a second")                                                          \
    X(ALONE, "one validator decides alone")                                                                            \
    X(MANY, "eight or more nodes")                                                                                     \
    X(AUDIT_ACCUSES, "the auditor finds a liar's claim false")                                                         \
    X(REPEATED, "a seed runs twice")

enum node_mark {
#define NODE_MARK_NAME(name, text) NODE_MARK_##name,
    NODE_MARKS(NODE_MARK_NAME)
#undef NODE_MARK_NAME
        NODE_MARK_COUNT
};

extern const char *const node_mark_texts[NODE_MARK_COUNT];

#endif
