/* Checkpoints of the log (docs/rfc/formats.md): what the validators signed for others than auditors, and the witnesses'
 * cosignatures on it. */
#include "audit/checkpoint.h"

#include "audit/audit.h"
#include "base/mutate.h"

struct signed_checkpoint {
    const struct replay *r;
    const struct audit_file *file;
    struct audit_report *report;
    struct note note;
    bool wrong;
};

static void fail(struct signed_checkpoint *s, const char *why)
{
    audit_fail(s->report, RULE_CHECKPOINT, s->file->path, "", "%s", why);
    s->wrong = true;
}

static void blame_signature(struct signed_checkpoint *s, const struct digest *fingerprint, enum err err)
{
    const char *name = names_find(&s->r->names, fingerprint);

    audit_fail(s->report, RULE_CHECKPOINT, s->file->path, "", "the signature of %s: %s",
               name != NULL ? name : "a validator", err_text(err));
    s->wrong = true;
}

/* One key in one role; a validator that did not sign is no fault. */
static bool signed_by(struct signed_checkpoint *s, struct bytes name, enum note_key_type type,
                      const struct voters *voters, unsigned i)
{
    struct note_key key = note_key_of(name, type, &voters->keys[i]);
    enum err err = checkpoint_verify(&s->note, &key, NULL);

    if (err != ERR_OK && err != ERR_MISSING)
        blame_signature(s, &voters->fingerprints[i], err);
    return err == ERR_OK;
}

/* How many validators of the next block cosigned; as the log anyone of them may sign. */
static unsigned count_signers(struct signed_checkpoint *s, struct bytes origin, unsigned *logs)
{
    struct voter_set set;
    struct buf name = {0};
    unsigned count = 0;

    state_voter_set(&s->r->state, &set);
    struct voters voters = voter_set_voters(&set);
    for (unsigned i = 0; i < set.count; i++) {
        buf_clear(&name);
        checkpoint_cosigner(&set.fingerprints[i], &name);
        count += signed_by(s, bytes_of_buf(&name), NOTE_KEY_COSIGNER, &voters, i);
        *logs += signed_by(s, origin, NOTE_KEY_LOG, &voters, i);
    }
    buf_free(&name);
    return count;
}

static void check_text(struct signed_checkpoint *s)
{
    const struct federation_state *state = &s->r->state;
    struct digest root = merkle_frontier_root(&state->log);
    struct buf origin = {0};
    struct checkpoint c;

    checkpoint_origin(&state->federation_id, &origin);
    if (checkpoint_parse(s->note.text, &c) != ERR_OK)
        fail(s, "expected three lines: origin, size and root");
    else if (!bytes_equal(c.origin, bytes_of_buf(&origin)))
        fail(s, "the origin is not the log of this federation");
    else if (c.size != state->log.size)
        fail(s, "the log has another number of entries when the epoch ends");
    else if (MUTATE(AUDIT_ANY_CHECKPOINT, false, !digest_equal(&c.root, &root)))
        fail(s, "the root is not that of the log when the epoch ends");
    buf_free(&origin);
}

static void check_signatures(struct signed_checkpoint *s)
{
    struct buf origin = {0};
    unsigned logs = 0, count;

    checkpoint_origin(&s->r->state.federation_id, &origin);
    count = count_signers(s, bytes_of_buf(&origin), &logs);
    if (!s->wrong && logs == 0)
        fail(s, "no validator signed it as the log");
    if (!s->wrong && count >= s->r->state.quorum)
        audit_pass(s->report, RULE_CHECKPOINT);
    else if (!s->wrong)
        audit_skip(s->report, RULE_CHECKPOINT, "%s: %u of the validators cosigned it, and a quorum is %u",
                   s->file->path, count, s->r->state.quorum);
    buf_free(&origin);
}

void checkpoint_check(const struct replay *r, const struct audit_file *file, struct audit_report *report)
{
    struct signed_checkpoint s = {.r = r, .file = file, .report = report};

    if (file->path == NULL)
        return;
    if (note_parse(file->text, &s.note) != ERR_OK) {
        fail(&s, "expected a signed note: three lines, a blank one, and lines of signatures");
        return;
    }
    check_text(&s);
    if (!s.wrong)
        check_signatures(&s);
    note_fini(&s.note);
}

void checkpoint_judge(const struct trust_policy *policy, const struct audit_file *last, struct audit_report *report)
{
    struct trust_finding found = {0};
    struct note note;

    if (policy == NULL) {
        audit_skip(report, RULE_WITNESS, "no policy was named that asks for cosignatures: --policy FILE");
        return;
    }
    if (last->path == NULL) {
        audit_fail(report, RULE_WITNESS, "", "", "the last epoch has no checkpoint, and the policy asks for one");
        return;
    }
    if (note_parse(last->text, &note) != ERR_OK) {
        audit_fail(report, RULE_WITNESS, last->path, "", "this is no signed note");
        return;
    }
    enum err err = MUTATE(AUDIT_NO_WITNESSES, ERR_OK, trust_policy_judge(policy, &note, &found));
    if (err == ERR_OK)
        audit_pass(report, RULE_WITNESS);
    else if (err == ERR_QUORUM)
        audit_fail(report, RULE_WITNESS, last->path, "",
                   "too few cosigned it: %u of the %u cosigners of the policy, which is not its quorum",
                   found.witnesses, policy->witness_count);
    else if (err == ERR_KEY)
        audit_fail(report, RULE_WITNESS, last->path, "", "none of the policy's logs signed it");
    else
        audit_fail(report, RULE_WITNESS, last->path, "", "a signature of one of the policy's keys: %s", err_text(err));
    note_fini(&note);
}
