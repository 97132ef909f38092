#ifndef PRISMFED_TLOG_TRUST_POLICY_H
#define PRISMFED_TLOG_TRUST_POLICY_H

#include "ledger/link.h"
#include "tlog/checkpoint.h"

/* Whom to believe about a log: C2SP tlog-policy. Lines
 *
 *     log VKEY [URL]
 *     witness NAME VKEY [URL]
 *     group NAME all|any|K MEMBER...
 *     quorum NAME|none
 *
 * A checkpoint is good when one of the logs signed it and the quorum cosigned it. Validators are cosigners like others,
 * so that "group validators 3 V1 V2 V3 V4" is a PBFT quorum. */

enum { TRUST_POLICY_SIZE_MAX = 1 << 20, TRUST_ITEMS_MAX = 1024 };

struct trust_witness {
    struct note_key key;
    struct bytes url; /* empty: none */
};

/* A witness or a group; members are indices of earlier ones. */
struct trust_item {
    struct bytes name;
    bool is_group, taken;          /* taken: a member of a group */
    unsigned witness;              /* of policy.witnesses */
    unsigned needed, first, count; /* of a group: members[first..first + count) */
};

/* The fields are the policy's own. Views into text. */
struct trust_policy {
    struct buf text; /* owned */
    unsigned log_count, witness_count, item_count, member_count;
    struct note_key *logs; /* owned, like what follows */
    struct trust_witness *witnesses;
    struct trust_item *items;
    unsigned *members;
    bool has_quorum;
    int quorum; /* item; -1: "none" */
};

/* The diag names the line. ERR_SYNTAX, ERR_UNKNOWN, ERR_DUPLICATE, ERR_RANGE, ERR_LIMIT, ERR_MISSING (of the quorum),
 * errors of note_key_parse(). *out must be zero; trust_policy_free() on success. */
enum err trust_policy_parse(struct bytes text, struct trust_policy *out, struct diag *diag) MUST_CHECK;
void trust_policy_free(struct trust_policy *p);

/* What a checkpoint was found to have. */
struct trust_finding {
    unsigned logs;      /* that signed it */
    unsigned witnesses; /* that cosigned it */
    bool quorum;
};
/* ERR_OK: the note is good. ERR_SIGNATURE: a known key's signature does not verify; ERR_DUPLICATE: one signed twice;
 * ERR_KEY: no log of the policy signed it; ERR_QUORUM: too few cosigned it. *finding is set in any case. */
enum err trust_policy_judge(const struct trust_policy *p, const struct note *n,
                            struct trust_finding *finding) MUST_CHECK;

/* Do these witnesses (one bool each, in the order of the policy's) make its quorum? */
bool trust_policy_quorum(const struct trust_policy *p, const bool *cosigned);

/* Another witness that is asked for, beside the validators. */
struct trust_extra {
    struct bytes vkey, url; /* url empty: none */
};
/* Appends the policy that follows from the validators of a federation: each may sign as the log, and a quorum cosigns;
 * of the witnesses `needed` do, too (count 0: none). */
void trust_policy_print(const struct voter_set *voters, const struct digest *federation_id,
                        const struct trust_extra *extra, unsigned count, unsigned needed, struct buf *out);

#endif
