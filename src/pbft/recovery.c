#include "pbft/internal.h"

#include <stdlib.h>

/* A replica that has lost its records (Castro and Liskov 2002, section 4.3, estimation). It counts as one of the f
 * faulty ones until it has recovered; what it signed before must then be contradicted by nothing that it signs after.
 *
 * It asks everybody, and each who has a memory reports the highest sequence that it has ever voted for and the highest
 * view that it has ever supported. The reports of any q others bound both for the lost memory:
 *   - what it voted for at s it did on top of s - 1, which a quorum had voted for, or on a proof that a quorum had
 *     voted for s itself;
 *   - it asked for view v when v - 1 had a quorum behind it, or on the word of f+1, of whom the first correct one did.
 * Two quorums share f+1 replicas, so among any q others at least one of those is correct and remembers. Of all reports
 * we take the q lowest, so that liars cannot push the bounds up. A nonce makes the reports younger than the loss.
 *
 * Until its stable checkpoint is at or above the highest sequence that it may have voted for, it follows the others but
 * signs nothing that binds it: a VIEW-CHANGE of it would lack proofs. Then it takes part again, with votes only in
 * views that it cannot have promised to have left, and with VIEW-CHANGEs only to views that it cannot have asked for.
 */

enum { FILL_PATIENCE = 8 }; /* view time-outs between two recoveries of one peer that we make room for */

bool is_mute(const struct pbft *p)
{
    return MUTATE(PBFT_RECOVER_TALKS_EARLY, false, p->recovering || p->view < p->floor);
}

/* ---- the one that asks */

static struct digest report_nonce(const struct digest *nonce, const struct digest *fingerprint)
{
    struct digest_context d;

    digest_init(&d);
    digest_add(&d, nonce->b, DIGEST_SIZE);
    digest_add(&d, fingerprint->b, DIGEST_SIZE);
    return digest_final(&d);
}

/* The checkpoint that must become stable; 0: not known yet. */
static uint64_t goal(const struct pbft *p)
{
    uint64_t interval = p->config.checkpoint_interval;
    return p->reports < p->members.quorum ? 0 : (p->recovery_point + interval - 1) / interval * interval;
}

void wiped_ask(struct pbft *p)
{
    struct claim query;

    claim_sign(p, MESSAGE_QUERY, 0, goal(p), &p->config.nonce, &query);
    send_dropping(p, PEER_OTHERS, message_of(p, &query, bytes_of(NULL, 0)));
}

static int compare_numbers(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* The highest of the `quorum` lowest. */
static uint64_t bound_of(const struct pbft *p, bool views)
{
    uint64_t numbers[PBFT_REPLICAS_MAX];
    unsigned count = 0;

    for (unsigned i = 0; i < p->members.n; i++) {
        const struct peer *peer = &p->peers[i];
        if (peer->reported)
            numbers[count++] = views ? peer->report_view : peer->report_sequence;
    }
    MUTATE(RECOVERY_TAKES_FIRST_REPORTS, (void)0, qsort(numbers, count, sizeof numbers[0], compare_numbers));
    return numbers[MUTATE(RECOVERY_TAKES_LOWEST_REPORT, 0, p->members.quorum - 1)];
}

enum err receive_report(struct pbft *p, struct bytes message)
{
    struct claim claim;

    enum err err = message_parse(&p->members, message, MESSAGE_REPORT, &claim, NULL);
    if (err != ERR_OK)
        return err;
    struct peer *peer = &p->peers[claim.signer];
    if (!p->recovering || MUTATE(REPORT_OF_ITSELF, false, claim.signer == p->config.self) ||
        MUTATE(REPORT_TWICE, false, peer->reported))
        return ERR_STALE;
    struct digest expected = report_nonce(&p->config.nonce, &p->members.fingerprints[p->config.self]);
    if (MUTATE(REPORT_TO_ANOTHER_QUESTION, false, !digest_equal(&expected, &claim.says.digest)))
        return ERR_STALE;
    if (claim.says.sequence > SEQUENCE_MAX || claim.says.view > VIEW_MAX)
        return ERR_RANGE;
    err = MUTATE(REPORT_UNVERIFIED, ERR_OK, claim_verify(&p->members, &claim));
    if (err != ERR_OK)
        return err;
    peer->reported = true;
    peer->report_sequence = claim.says.sequence;
    peer->report_view = claim.says.view;
    p->reports++;
    if (p->reports >= p->members.quorum) {
        p->recovery_point = bound_of(p, false) + MUTATE(RECOVERY_POINT_ONE_TOO_LOW, 0, 1);
        p->floor = bound_of(p, true) + MUTATE(RECOVERY_FLOOR_ONE_TOO_LOW, 0, 1);
    }
    return ERR_OK;
}

void wiped_look(struct pbft *p)
{
    if (!p->recovering || p->reports < p->members.quorum ||
        MUTATE(RECOVERED_BY_REPORTS_ALONE, false, p->stable.sequence < p->recovery_point))
        return;
    p->recovering = false;
    MUTATE(RECOVERY_NOT_RECORDED, (void)0, record_snapshot(p));
    effects_note(p->out, "pbft.recovered", p->stable.sequence, p->floor);
}

/* ---- those who are asked */

/* An idle federation must get to that checkpoint too: with null batches. Not for everybody who says so all the time. */
static void make_room(struct pbft *p, struct peer *peer, uint64_t sequence)
{
    uint64_t interval = p->config.checkpoint_interval;
    int64_t wait =
        p->config.view_timeout_ns > INT64_MAX / FILL_PATIENCE ? INT64_MAX : FILL_PATIENCE * p->config.view_timeout_ns;

    if (sequence <= p->stable.sequence)
        return;
    if (MUTATE(FILLS_NO_SECOND_CHECKPOINT, false, sequence <= p->decided)) /* passed, but too few signed it */
        sequence = (p->decided / interval + 1) * interval;
    if (MUTATE(FILLS_ANY_DISTANCE, false, sequence - p->decided > p->ring) || sequence == peer->fill_to)
        return;
    if (MUTATE(FILLS_WITHOUT_END, false, peer->fill_to != 0 && p->now_ns - peer->filled_at < wait))
        return;
    peer->fill_to = sequence;
    peer->filled_at = p->now_ns;
    if (sequence > p->fill_to)
        p->fill_to = sequence;
}

bool wiped_waits(const struct pbft *p)
{
    return p->fill_to > p->decided && p->fill_to > p->executed;
}

enum err receive_query(struct pbft *p, struct bytes message)
{
    struct claim query, report;

    enum err err = message_parse(&p->members, message, MESSAGE_QUERY, &query, NULL);
    if (err == ERR_OK && (query.signer == p->config.self || MUTATE(REPORT_WHILE_RECOVERING, false, p->recovering)))
        err = ERR_STATE;
    if (err == ERR_OK)
        err = MUTATE(QUERY_UNVERIFIED, ERR_OK, claim_verify(&p->members, &query));
    if (err != ERR_OK)
        return err;
    make_room(p, &p->peers[query.signer], query.says.sequence);
    struct digest nonce = report_nonce(&query.says.digest, &p->members.fingerprints[query.signer]);
    uint64_t signed_for = MUTATE(REPORT_WITHOUT_VOTES, p->decided, p->top_signed);
    uint64_t sequence = signed_for > p->decided ? signed_for : p->decided;
    uint64_t view = MUTATE(REPORT_WITHOUT_FLOOR, p->view, p->view > p->floor ? p->view : p->floor);
    claim_sign(p, MESSAGE_REPORT, MUTATE(REPORT_WITHOUT_VIEW, 0, view), sequence, &nonce, &report);
    struct blob *reply = message_of(p, &report, bytes_of(NULL, 0));
    answer(p, query.signer, reply);
    blob_drop(reply);
    return ERR_OK;
}
