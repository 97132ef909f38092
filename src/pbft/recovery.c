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

void recovery_init(struct pbft *p)
{
    p->recovery.state = p->config.recovering ? RECOVERY_ASKING : RECOVERY_WHOLE;
}

void recovery_signed(struct pbft *p, uint64_t sequence)
{
    if (sequence > p->recovery.top_signed)
        p->recovery.top_signed = sequence;
}

void recovery_restore_floor(struct pbft *p, uint64_t floor)
{
    p->recovery.floor = floor;
}

bool recovery_is_mute(const struct pbft *p)
{
    return MUTATE(PBFT_RECOVER_TALKS_EARLY, false, recovery_is_on(&p->recovery) || p->view.number < p->recovery.floor);
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
    return p->recovery.state != RECOVERY_WAITING ? 0 : (p->recovery.point + interval - 1) / interval * interval;
}

void recovery_ask(struct pbft *p)
{
    struct claim query;

    outgoing_sign(p, MESSAGE_QUERY, 0, goal(p), &p->config.nonce, &query);
    outgoing_broadcast(p, message_make(&p->members, &query, bytes_of(NULL, 0)));
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
        const struct peer_recovery *peer = &p->peers[i].recovery;
        if (peer->reported)
            numbers[count++] = views ? peer->report_view : peer->report_sequence;
    }
    MUTATE(RECOVERY_TAKES_FIRST_REPORTS, (void)0, qsort(numbers, count, sizeof numbers[0], compare_numbers));
    return numbers[MUTATE(RECOVERY_TAKES_LOWEST_REPORT, 0, p->members.quorum - 1)];
}

enum err recovery_receive_report(struct pbft *p, struct bytes message)
{
    struct claim claim;

    enum err err = message_parse(&p->members, message, MESSAGE_REPORT, &claim, NULL);
    if (err != ERR_OK)
        return err;
    struct peer_recovery *peer = &p->peers[claim.signer].recovery;
    if (!recovery_is_on(&p->recovery) || MUTATE(REPORT_OF_ITSELF, false, claim.signer == p->config.self) ||
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
    p->recovery.reports++;
    if (p->recovery.reports >= p->members.quorum) {
        p->recovery.point = bound_of(p, false) + MUTATE(RECOVERY_POINT_ONE_TOO_LOW, 0, 1);
        p->recovery.floor = bound_of(p, true) + MUTATE(RECOVERY_FLOOR_ONE_TOO_LOW, 0, 1);
        p->recovery.state = RECOVERY_WAITING;
    }
    return ERR_OK;
}

void recovery_look(struct pbft *p)
{
    if (p->recovery.state != RECOVERY_WAITING ||
        MUTATE(RECOVERED_BY_REPORTS_ALONE, false, p->checkpoints.stable.sequence < p->recovery.point))
        return;
    p->recovery.state = RECOVERY_WHOLE;
    MUTATE(RECOVERY_NOT_RECORDED, (void)0, record_snapshot(p));
    effects_note(p->out, "pbft.recovered", p->checkpoints.stable.sequence, p->recovery.floor);
}

/* ---- those who are asked */

/* An idle federation must get to that checkpoint too: with null batches. Not for everybody who says so all the time. */
static void make_room(struct pbft *p, struct peer_recovery *peer, uint64_t sequence)
{
    uint64_t interval = p->config.checkpoint_interval;
    int64_t wait =
        p->config.view_timeout_ns > INT64_MAX / FILL_PATIENCE ? INT64_MAX : FILL_PATIENCE * p->config.view_timeout_ns;

    if (sequence <= p->checkpoints.stable.sequence)
        return;
    if (MUTATE(FILLS_NO_SECOND_CHECKPOINT, false,
               sequence <= p->executions.decided)) /* passed, but too few signed it */
        sequence = (p->executions.decided / interval + 1) * interval;
    if (MUTATE(FILLS_ANY_DISTANCE, false, sequence - p->executions.decided > p->log.ring) || sequence == peer->fill_to)
        return;
    if (MUTATE(FILLS_WITHOUT_END, false, peer->fill_to != 0 && p->now_ns - peer->filled_at < wait))
        return;
    peer->fill_to = sequence;
    peer->filled_at = p->now_ns;
    if (sequence > p->recovery.fill_to)
        p->recovery.fill_to = sequence;
}

bool recovery_of_another_waits(const struct pbft *p)
{
    return p->recovery.fill_to > p->executions.decided && p->recovery.fill_to > p->executions.executed;
}

enum err recovery_receive_query(struct pbft *p, struct bytes message)
{
    struct claim query, report;

    enum err err = message_parse(&p->members, message, MESSAGE_QUERY, &query, NULL);
    if (err == ERR_OK &&
        (query.signer == p->config.self || MUTATE(REPORT_WHILE_RECOVERING, false, recovery_is_on(&p->recovery))))
        err = ERR_STATE;
    if (err == ERR_OK)
        err = MUTATE(QUERY_UNVERIFIED, ERR_OK, claim_verify(&p->members, &query));
    if (err != ERR_OK)
        return err;
    make_room(p, &p->peers[query.signer].recovery, query.says.sequence);
    struct digest nonce = report_nonce(&query.says.digest, &p->members.fingerprints[query.signer]);
    uint64_t signed_for = MUTATE(REPORT_WITHOUT_VOTES, p->executions.decided, p->recovery.top_signed);
    uint64_t sequence = signed_for > p->executions.decided ? signed_for : p->executions.decided;
    uint64_t view = MUTATE(REPORT_WITHOUT_FLOOR, p->view.number,
                           p->view.number > p->recovery.floor ? p->view.number : p->recovery.floor);
    outgoing_sign(p, MESSAGE_REPORT, MUTATE(REPORT_WITHOUT_VIEW, 0, view), sequence, &nonce, &report);
    struct blob *reply = message_make(&p->members, &report, bytes_of(NULL, 0));
    retransmit_answer(p, query.signer, reply);
    blob_drop(reply);
    return ERR_OK;
}
