#include "state/governance_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "state/governance.h"

/* One row of a Markdown table for each sign-off that is in the log, and for each violation. */

void governance_log_begin(const struct federation_state *s, struct buf *out)
{
    const struct governance *g = s->governance;
    char hex[2 * DIGEST_SIZE + 1];

    if (g == NULL)
        return;
    digest_hex(&s->federation_id, hex);
    buf_printf(out, "# Governance of %s\n\nFederation `%s`. Of %u governors %u have to sign; ", s->name, hex, g->count,
               g->threshold);
    buf_printf(out, "a new genome %s.\n\n", g->approval ? "is held until they do" : "needs nobody's approval");
    for (unsigned i = 0; i < g->count; i++) {
        digest_hex(&g->governors[i].fingerprint, hex);
        buf_printf(out, "%u. `%s`\n", i + 1, hex);
    }
    buf_add_text(out, "\n| epoch | block | brought in by | what | signed by governor | signatures | what came of it |\n"
                      "|---|---|---|---|---|---|---|\n");
}

/* ---- what is signed off */

/* Any punctuation of ASCII may have a backslash before it (CommonMark section 2.4). */
static void add_plain(const char *text, struct buf *out)
{
    for (; *text != '\0'; text++) {
        bool punctuation = *text > ' ' && (uint8_t)*text < 0x7f && strchr("\\`*_{}[]<>()#+-.!|~&$@^=:;'\"/?,%", *text);
        if (punctuation)
            buf_add_byte(out, '\\');
        buf_add_byte(out, (uint8_t)*text);
    }
}

static void add_hex(const struct digest *digest, struct buf *out)
{
    char hex[2 * DIGEST_SIZE + 1];

    digest_hex(digest, hex);
    buf_printf(out, " `%.16s`", hex);
}

static void add_what(const struct sign_off *what, struct buf *out)
{
    buf_printf(out, "%s", action_name(what->action));
    if (what->action == ACTION_APPLY || what->action == ACTION_ROLLBACK)
        buf_printf(out, " of epoch %" PRIu64, what->epoch);
    if (what->action == ACTION_APPLY || what->action == ACTION_ROTATE_KEY || what->action == ACTION_REVOKE_KEY)
        add_hex(&what->digest, out);
    if (what->action == ACTION_ROTATE_KEY) {
        struct digest next = key_fingerprint(&what->key);
        buf_add_text(out, " to");
        add_hex(&next, out);
    }
    if (what->action == ACTION_ROTATE_KEY || what->action == ACTION_REVOKE_KEY)
        buf_printf(out, " from epoch %" PRIu64, what->epoch);
    if (what->member[0] != '\0')
        buf_printf(out, " of %s", what->member);
    for (unsigned i = 0; i < SETTING_COUNT; i++) {
        if (what->settings.set[i])
            buf_printf(out, " %s=%" PRIu64, setting_name((enum policy_setting)i), what->settings.values[i]);
    }
    buf_printf(out, ", number %" PRIu64, what->serial);
    if (what->reason[0] != '\0') {
        buf_add_text(out, ": ");
        add_plain(what->reason, out);
    }
}

/* Signatures that do not count: of nobody, or of a key that is revoked in that epoch. */
static void add_signers(const struct governance *g, const struct dsse *dsse, uint64_t epoch, struct buf *out)
{
    for (unsigned i = 0; i < dsse->count; i++) {
        int governor = governance_find(g, &dsse->signatures[i].keyid);
        if (i > 0)
            buf_add_text(out, ", ");
        if (governor < 0)
            buf_add_text(out, "another key");
        else
            buf_printf(out, "%d%s", governor + 1,
                       governance_counts(g, (unsigned)governor, epoch) ? "" : " (revoked, not counted)");
    }
}

static void add_sign_off(const struct federation_state *s, const struct envelope *e, const struct dsse *dsse,
                         const struct sign_off *what, const struct execution *x, enum err verdict, struct buf *out)
{
    struct digest name = digest_of(bytes_of_buf(&dsse->payload));
    const struct proposal *p = governance_proposal(s->governance, &name);
    int member = state_find(s, &e->node_fingerprint);

    buf_printf(out, "| %" PRIu64 " | %" PRIu64 " | %s | ", x->header.federated_epoch, x->header.height,
               member >= 0 ? state_member(s, (unsigned)member)->card.name : "");
    add_what(what, out);
    buf_add_text(out, " | ");
    add_signers(s->governance, dsse, x->header.federated_epoch, out);
    if (p != NULL)
        buf_printf(out, " | %u of %u | ", governance_voices(s, p), s->governance->threshold);
    else
        buf_add_text(out, " | | ");
    if (verdict != ERR_OK)
        buf_printf(out, "refused: %s |\n", err_text(verdict));
    else
        buf_printf(out, "%s |\n", p != NULL && p->done ? "agreed" : "waits");
}

static void add_entry(const struct federation_state *s, struct bytes entry, const struct execution *x, enum err verdict,
                      struct buf *out)
{
    struct envelope e;
    struct cose_sign1 cose;
    struct bytes bytes;
    struct sign_off what;
    struct dsse dsse;

    if (envelope_parse(entry, &e, &cose) != ERR_OK || e.kind != ENTRY_SIGN_OFF ||
        sign_off_body_decode(e.body, &bytes) != ERR_OK || dsse_decode(bytes, &dsse) != ERR_OK)
        return;
    if (sign_off_decode(NULL, bytes_of_buf(&dsse.payload), &what, NULL) == ERR_OK)
        add_sign_off(s, &e, &dsse, &what, x, verdict, out);
    dsse_free(&dsse);
}

void governance_log_block(const struct federation_state *s, const struct bytes *entries, const struct execution *x,
                          struct buf *out)
{
    const struct governance *g = s->governance;

    if (g == NULL)
        return;
    for (unsigned i = 0; i < x->count; i++)
        add_entry(s, entries[i], x, x->verdicts[i], out);
    for (unsigned i = 0; i < g->note_count; i++) {
        const struct governance_note *n = &g->notes[i];
        buf_printf(out, "| %" PRIu64 " | %" PRIu64 " | | violation: %s%s%s | | | %s |\n", x->header.federated_epoch,
                   x->header.height, violation_name(n->violation), n->member >= 0 ? " by " : "",
                   n->member >= 0 ? state_member(s, (unsigned)n->member)->card.name : "", response_name(n->response));
    }
}
