#include "audit/verdict.h"

#include <inttypes.h>
#include <jansson.h>

#include "base/mutate.h"
#include "trust/dsse.h"
#include "trust/statement.h"

/* Passed in one label at least, and neither failed nor left unchecked in any. */
static bool has_passed(const struct audit_report *r, enum audit_rule rule)
{
    bool passed = false, other = false;

    for (unsigned i = 0; i < r->section_count; i++) {
        enum audit_state state = audit_rule_state(&r->sections[i], rule);

        passed = passed || state == AUDIT_PASSED;
        other = other || state == AUDIT_FAILED || state == AUDIT_NOT_CHECKED;
    }
    return MUTATE(AUDIT_VERDICT_OF_ALL, true, passed && !other);
}

static json_t *properties_json(const struct audit_report *r)
{
    json_t *out = json_array();
    struct buf word = {0};

    if (audit_verdict(r) != AUDIT_NOT_COMPLIANT) {
        buf_printf(&word, "prismfed:%s", audit_verdict_name(audit_verdict(r)));
        json_push(out, json_string(buf_text(&word)));
    }
    for (unsigned i = 0; i < AUDIT_RULE_COUNT; i++) {
        if (has_passed(r, (enum audit_rule)i))
            json_push(out, json_string(audit_rule_info((enum audit_rule)i)->code));
    }
    buf_free(&word);
    return out;
}

/* The labels, and the lines that the subject is the digest of. */
static json_t *audited_json(const struct audit_report *r, struct buf *lines)
{
    json_t *out = json_array();

    for (unsigned i = 0; i < r->section_count; i++) {
        const struct audit_section *s = &r->sections[i];
        char federation[2 * DIGEST_SIZE + 1], root[2 * DIGEST_SIZE + 1];
        json_t *label;

        if (s->is_folder)
            continue;
        digest_hex(&s->federation_id, federation);
        digest_hex(&s->log_root, root);
        buf_printf(lines, "%s %s %" PRIu64 " %s\n", s->label, federation, s->log_size, root);
        label = json_object();
        json_put(label, "label", json_string(s->label));
        json_put(label, "federation_id", json_string(federation));
        json_put(label, "log_size", json_u64(s->log_size));
        json_put(label, "log_root", json_string(root));
        json_push(out, label);
    }
    return out;
}

static json_t *predicate_json(const struct audit_report *r, const char *at, struct buf *lines)
{
    json_t *out = json_object(), *verifier = json_object();

    json_put(verifier, "id", json_string(VERDICT_VERIFIER));
    json_put(out, "verifier", verifier);
    if (at != NULL)
        json_put(out, "timeCreated", json_string(at));
    json_put(out, "properties", properties_json(r));
    json_put(out, "audited", audited_json(r, lines));
    return out;
}

enum err verdict_sign(const struct audit_report *r, const struct secret_key *key, const char *at, struct buf *out)
{
    struct buf lines = {0}, statement = {0};
    json_t *predicate = predicate_json(r, at, &lines);
    struct digest subject = digest_of(bytes_of_buf(&lines));
    enum err err = ERR_LIMIT;
    struct dsse dsse;

    statement_encode("prismfed.audited", &subject, VERDICT_PREDICATE, predicate, &statement);
    if (statement.len <= DSSE_SIZE_MAX / 2) {
        dsse_init(&dsse, DSSE_IN_TOTO, bytes_of_buf(&statement));
        err = dsse_sign(&dsse, key);
        if (err == ERR_OK)
            dsse_encode(&dsse, out);
        dsse_free(&dsse);
    }
    json_decref(predicate);
    buf_free(&lines);
    buf_free(&statement);
    return err;
}
