#include "audit/cohort.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/mutate.h"
#include "state/cohort.h"

static bool is_accepted(const struct replayed_epoch *e, size_t number)
{
    const json_t *entry = json_array_get(json_object_get(e->doc.root, "entries"), number);
    const char *verdict = json_string_value(json_object_get(entry, "verdict"));

    return verdict != NULL && strcmp(verdict, VERDICT_ACCEPTED) == 0;
}

/* A contribution of somebody who was not drawn; what is no entry of a member is not looked at. */
static bool is_of_outsider(const struct federation_state *s, struct bytes bytes, unsigned *member)
{
    struct entry *entry = entry_open(bytes);
    enum entry_kind kind = entry->envelope.kind;
    int signer = entry->syntax == ERR_OK ? state_find(s, &entry->envelope.node_fingerprint) : -1;
    bool contributes = signer >= 0 && (kind == ENTRY_UPDATE || kind == ENTRY_SCORE);

    entry_drop(entry);
    if (!contributes)
        return false;
    *member = (unsigned)signer;
    return !cohort_has(s, *member);
}

static bool outsider_counts(const struct federation_state *s, const struct replayed_epoch *e, unsigned index,
                            struct audit_report *report)
{
    size_t number = 0;
    char pointer[48];
    unsigned member;

    for (unsigned b = 0; b < e->bytes.block_count; b++) {
        const struct block *block = &e->bytes.blocks[b];
        for (unsigned i = 0; i < block->count; i++, number++) {
            if (b < index || !is_accepted(e, number) || !is_of_outsider(s, block->entries[i], &member))
                continue;
            snprintf(pointer, sizeof pointer, "/entries/%zu", number);
            audit_fail(report, RULE_COHORT, e->file, pointer,
                       "it counts in epoch %" PRIu64 ", whose cohort the log has drawn without %s", s->epoch,
                       state_member(s, member)->card.name);
            return true;
        }
    }
    return false;
}

/* The state above the block, as it comes out here. */
static bool names_another(const struct federation_state *s, const struct replayed_epoch *e, unsigned index,
                          struct audit_report *report)
{
    const struct block *block = &e->bytes.blocks[index];
    const json_t *told = json_object_get(json_object_get(e->doc.root, "outcome"), "next_cohort");
    struct entry **entries = entries_open(block->entries, block->count);
    struct federation_state after;
    struct execution x = {0};

    state_copy(&after, s);
    state_execute(&after, entries, block->count, &x);
    json_t *drawn = cohort_json(&after);
    bool another = x.epoch_ended && told != NULL && !json_equal(told, drawn);
    if (another)
        audit_fail(report, RULE_COHORT, e->file, "/outcome/next_cohort",
                   "the log draws another cohort for epoch %" PRIu64, after.epoch);
    json_decref(drawn);
    execution_free(&x);
    state_free(&after);
    entries_drop(entries, block->count);
    return another;
}

bool cohort_is_forged(const struct federation_state *s, const struct replayed_epoch *e, unsigned index,
                      struct audit_report *report)
{
    if (MUTATE(AUDIT_FORGED_COHORT_UNNAMED, true, s->policy.cohort == 0))
        return false;
    return outsider_counts(s, e, index, report) || names_another(s, e, index, report);
}
