#ifndef PRISMFED_STATE_GENESIS_H
#define PRISMFED_STATE_GENESIS_H

#include "state/policy.h"
#include "crypto/key.h"
#include "genome/genome.h"
#include "state/response.h"

/* The genesis document: leaf 0 of the log. Deterministic CBOR; its SHA-256 is the federation id. */

/* More than RANK_SITES_MAX members contribute through cohorts only: members_most(). A document has room for as many
 * founders, each with the longest names. */
enum { MEMBERS_MAX = 1000000, MEMBER_NAME_MAX = 63, FEDERATION_NAME_MAX = 127, GENESIS_SIZE_MAX = 1 << 28 };
/* A stake in parts per million stays below RANK_STAKE_MAX. */
enum { MEMBER_STAKE_MAX = 1000000000 };

enum member_role { ROLE_CORE, ROLE_EDGE };
enum member_site { SITE_LOCAL, SITE_REMOTE, SITE_EDGE };

/* One of the founding members, or who joins later. */
struct member_card {
    char name[MEMBER_NAME_MAX + 1];
    char region[MEMBER_NAME_MAX + 1];
    enum member_role role;
    enum member_site site;
    uint64_t stake;     /* 1..MEMBER_STAKE_MAX */
    struct digest work; /* of the instances that it discloses (claim_work_digest); zero: it discloses none */
    struct public_key key;
};

/* Who governs, and what holds about violations. */
enum { GOVERNORS_MAX = 16 };
struct governance_rules {
    unsigned count; /* 0: nobody governs */
    struct public_key keys[GOVERNORS_MAX];
    unsigned threshold; /* so many of them sign off, 1..count */
    bool approval;      /* a new incumbent is held until they do */
    enum response responses[VIOLATION_COUNT];
};
/* Nobody governs; the responses are the usual ones. */
void governance_rules_default(struct governance_rules *out);

struct genesis {
    char name[FEDERATION_NAME_MAX + 1];
    bool simulated;
    uint64_t epoch_start;   /* the first epoch, at least 1 */
    unsigned max_byzantine; /* f */
    unsigned quorum;
    struct policy policy;
    struct bytes shards; /* hashes of the shards' instances, policy.shards of them one behind the other; borrowed */
    struct genome_schema schema;
    struct genome incumbent;
    struct governance_rules governance;
    unsigned member_count;
    struct member_card *members; /* owned; replicas of PBFT: the ROLE_CORE ones, in this order */
};

/* So many members a federation of this policy may have. */
unsigned members_most(const struct policy *p);

void genesis_encode(const struct genesis *g, struct buf *out);
/* Strict; out->shards is a view into `in`, out is the caller's (genesis_fini). Also: as many shards as the policy has,
 * unique names and keys, key_check, at least one validator, quorum_check, min_participants can be met. */
enum err genesis_decode(struct bytes in, struct genesis *out, struct diag *diag) MUST_CHECK;
void genesis_fini(struct genesis *g);

void member_card_put(struct cbor_writer *w, const struct member_card *m);
/* Names (name, region) are name_valid() of at most MEMBER_NAME_MAX bytes; the key is as it was sent: key_check. */
void member_card_get(struct cbor_reader *r, struct member_card *out);
/* A name as in a card, into MEMBER_NAME_MAX + 1 bytes. */
void member_name_get(struct cbor_reader *r, char *out);
uint64_t member_stake_get(struct cbor_reader *r);    /* 1..MEMBER_STAKE_MAX, else ERR_RANGE */
const char *member_role_name(enum member_role role); /* "core", "edge" */
const char *member_site_name(enum member_site site); /* "local", "remote", "edge" */

#endif
