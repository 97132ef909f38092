#ifndef PRISMFED_NODE_MEMBERS_H
#define PRISMFED_NODE_MEMBERS_H

#include "codec/json.h"
#include "node/address.h"
#include "state/genesis.h"

/* members.json, which prismfed admit writes beside the genesis document: where each founder is dialled. It decides
 * nothing: who is a member, genesis and the log say, and whoever answers at an address must have the member's key. */

#define MEMBERS_FORMAT "prismfed.members"

enum { MEMBERS_FILE_MAX = 8 << 20 };

struct members_row {
    char name[MEMBER_NAME_MAX + 1];
    struct digest fingerprint;
    char address[ADDRESS_MAX + 1]; /* empty: it listens nowhere, and dials */
};

struct members {
    struct digest federation_id;
    unsigned count;
    struct members_row *rows; /* owned; order of genesis */
};

/* Appends the file's text. federation: its name. */
void members_render(const struct members *members, const char *federation, struct buf *out);
/* Names and fingerprints are unique, addresses are such. *out is the caller's: members_fini(). The diag names the place
 * of what is wrong. */
enum err members_load(const char *path, struct members *out, struct diag *diag) MUST_CHECK;
void members_fini(struct members *members);
/* NULL: there is none of this name. */
const struct members_row *members_find(const struct members *members, const char *name);

#endif
