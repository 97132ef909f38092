#ifndef PRISMFED_STATE_SIGN_OFF_H
#define PRISMFED_STATE_SIGN_OFF_H

#include "state/genesis.h"
#include "trust/dsse.h"

/* What governors sign off: the predicate of an in-toto Statement whose subject is the federation, in a DSSE envelope.
 *   {"action", "serial", "until", "reason" (if any)} and, by action,
 *     FEDERATED_APPLY          "epoch", "genome"   the incumbent that epoch proposed and that is held
 *     POLICY                   "policy"            {setting: number}
 *     QUARANTINE, RELEASE      "member"            its name
 *     ROLLBACK                 "epoch"             of the anchor whose incumbent is restored
 *     HALT, RESUME
 *     ROTATE_KEY               "governor", "key", "from"   fingerprint, new key, epoch
 *     REVOKE_KEY               "fingerprint", "from"       of a governor's or a member's key
 * serial: tells statements apart that say the same otherwise. until: the last epoch in which it may be agreed on. */

#define SIGN_OFF_PREDICATE "urn:prismfed:governance:v1"
#define SIGN_OFF_SUBJECT "federation"

enum { SIGN_OFF_EPOCHS_MAX = 64, REASON_MAX = 200 };

enum action {
    ACTION_APPLY,
    ACTION_POLICY,
    ACTION_QUARANTINE,
    ACTION_RELEASE,
    ACTION_ROLLBACK,
    ACTION_HALT,
    ACTION_RESUME,
    ACTION_ROTATE_KEY,
    ACTION_REVOKE_KEY,
    ACTION_COUNT
};
const char *action_name(enum action action); /* "FEDERATED_APPLY", ... */

/* What POLICY may set: the names of the policy's fields, and approval (0 or 1). */
enum policy_setting {
    SETTING_APPROVAL,
    SETTING_TRIM,
    SETTING_MARGIN,
    SETTING_ROLLBACK,
    SETTING_STAKE_CAP,
    SETTING_DRIFT,
    SETTING_DISCOUNT,
    SETTING_COUNT
};
const char *setting_name(enum policy_setting setting);
/* ERR_RANGE: that is no value of it. */
enum err setting_check(enum policy_setting setting, uint64_t value) MUST_CHECK;

struct settings {
    bool set[SETTING_COUNT];
    uint64_t values[SETTING_COUNT];
};

/* Only what the action takes is not zero. */
struct sign_off {
    struct digest federation_id;
    enum action action;
    uint64_t serial, until;
    char reason[REASON_MAX + 1];
    uint64_t epoch;                   /* FEDERATED_APPLY, ROLLBACK; ROTATE_KEY, REVOKE_KEY: from which on */
    struct digest digest;             /* FEDERATED_APPLY: of the genome; ROTATE_KEY, REVOKE_KEY: of the old key */
    struct public_key key;            /* ROTATE_KEY */
    char member[MEMBER_NAME_MAX + 1]; /* QUARANTINE, RELEASE */
    struct settings settings;         /* POLICY */
};

/* Appends the Statement. */
void sign_off_encode(const struct sign_off *s, struct buf *out);
/* Strict: only what sign_off_encode() writes. name: for the diag (may be NULL). */
enum err sign_off_decode(const char *name, struct bytes in, struct sign_off *out, struct diag *diag) MUST_CHECK;
/* Reads the member "policy" of a predicate, as a scenario has it, too. */
struct json_reader;
struct json_t;
void sign_off_read_settings(struct json_reader *r, const struct json_t *predicate, struct settings *out);
/* The action's name; ERR_UNKNOWN is the reader's. */
void sign_off_read_action(struct json_reader *r, const struct json_t *predicate, enum action *out);

/* The body of a SIGN_OFF entry: {"envelope": the DSSE envelope's bytes}. */
void sign_off_body_encode(struct bytes envelope, struct buf *out);
enum err sign_off_body_decode(struct bytes in, struct bytes *envelope) MUST_CHECK;

#endif
