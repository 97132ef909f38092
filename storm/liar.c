#include "storm/lies.h"
#include "transfer/transfer.h"

/* A liar runs the real machine and says something else: what it sends passes through here. */

static void carry_dropping(struct machine *m, unsigned to, struct blob *blob)
{
    if (blob == NULL)
        return;
    machine_say(m, to, blob);
    blob_drop(blob);
}

static void remember(struct machine *m, struct blob *message)
{
    struct blob **place = &m->said[m->said_count++ % RECENT_BLOB_MAX];

    blob_drop(*place);
    *place = blob_hold(message);
}

static struct digest other_digest(const struct digest *digest, uint64_t v)
{
    struct digest other = *digest;

    other.b[v % DIGEST_SIZE] ^= 0x40;
    return other;
}

static void double_vote(struct machine *m, unsigned to, struct blob *message, const struct claim *claim, uint64_t v)
{
    struct statement says = claim->says;
    bool votes = says.type == MESSAGE_COMMIT || says.type == MESSAGE_CHECKPOINT;

    if (votes && (to + says.sequence) % 2 == 0) {
        says.digest = other_digest(&says.digest, says.sequence);
        carry_dropping(m, to, lie_statement(m, &says, bytes_of(NULL, 0)));
    }
    if (!votes || v % 4 > 0)
        machine_say(m, to, message);
}

static void equivocate(struct machine *m, unsigned to, struct blob *message, const struct claim *claim,
                       struct bytes beside)
{
    uint64_t side = claim->says.sequence * 5 + claim->says.view;

    if (claim->says.type == MESSAGE_PRE_PREPARE && (to + side) % 2 == 0)
        carry_dropping(m, to, lie_batch(m, claim, beside, side * UINT64_C(0x9e3779b97f4a7c15)));
    else
        double_vote(m, to, message, claim, 1);
}

static void far_numbers(struct machine *m, unsigned to, const struct claim *claim, struct bytes beside, uint64_t v)
{
    struct statement says = claim->says;

    if (v % 3 > 0)
        says.sequence += v % 3 == 1 ? m->world->plan.window + (v >> 8) % 8 : (uint64_t)1 << ((v >> 8) % 62);
    else
        says.view += (v >> 4) % 2 == 0 ? 1 + (v >> 8) % 4 : (uint64_t)1 << ((v >> 8) % 62);
    carry_dropping(m, to, lie_statement(m, &says, beside));
}

/* ByzzFuzz (Winter et al. 2023): a small change of one field of a real message, its type included. */
static struct blob *mutated(struct machine *m, const struct claim *claim, struct bytes beside, uint64_t v)
{
    struct statement says = claim->says;

    switch (v % 7) {
    case 0:
        says.view++;
        break;
    case 1:
        says.view -= says.view > 0;
        break;
    case 2:
        says.sequence++;
        break;
    case 3:
        says.sequence -= says.sequence > 0;
        break;
    case 4:
        says.digest = other_digest(&says.digest, v >> 8);
        break;
    case 5:
        if (says.type == MESSAGE_PRE_PREPARE || says.type == MESSAGE_PREPARE)
            return lie_role(m, claim);
        break;
    default:
        if (says.type == MESSAGE_PRE_PREPARE)
            return lie_batch(m, claim, beside, v);
        break;
    }
    return lie_statement(m, &says, beside);
}

static void flood(struct machine *m, unsigned to, struct blob *message, uint64_t v)
{
    for (unsigned i = 0; i < 1 + v % 6; i++)
        carry_dropping(m, to, lie_flipped(blob_bytes(message), v * (i + 3) + i));
    machine_say(m, to, message);
}

static void lie_signed(struct machine *m, unsigned to, struct blob *message, const struct claim *claim,
                       struct bytes beside, uint64_t v)
{
    switch (m->lie) {
    case LIE_EQUIVOCATE:
        equivocate(m, to, message, claim, beside);
        return;
    case LIE_DOUBLE_VOTE:
        double_vote(m, to, message, claim, v);
        return;
    case LIE_VIEW_CHANGE:
        if (v % 8 == 0)
            carry_dropping(m, to, lie_view_change(m, m->view + 1 + (v >> 8) % 3, v >> 16));
        if (v % 8 == 1)
            carry_dropping(m, to, lie_stable(m, v >> 16));
        if (claim->says.type == MESSAGE_VIEW_CHANGE)
            carry_dropping(m, to, lie_view_change(m, claim->says.view, v >> 16));
        else
            machine_say(m, to, message);
        return;
    case LIE_NEW_VIEW:
        if (claim->says.type == MESSAGE_NEW_VIEW)
            carry_dropping(m, to, lie_new_view(m, blob_bytes(message), v));
        if (claim->says.type != MESSAGE_NEW_VIEW || v % 5 == 0)
            machine_say(m, to, message);
        return;
    case LIE_HUGE:
        far_numbers(m, to, claim, beside, v);
        machine_say(m, to, message);
        return;
    case LIE_BYZZFUZZ:
        if (v % 5 == 0)
            carry_dropping(m, to, mutated(m, claim, beside, v >> 8));
        if (v % 5 != 0 || v >> 63)
            machine_say(m, to, message);
        return;
    case LIE_FOREIGN:
        carry_dropping(m, to, lie_foreign(m, claim, beside, v));
        machine_say(m, to, message);
        return;
    default:
        machine_say(m, to, message);
    }
}

void liar_send(struct machine *m, unsigned to, struct blob *message)
{
    struct world *w = m->world;
    uint64_t id = draw_id(DRAW_LIE, m->index, m->lies_told++), v = draw_value(&w->draw, id);
    struct claim claim;
    struct bytes beside;

    switch (m->lie) {
    case LIE_MUTE:
        return;
    case LIE_SELECTIVE:
        if ((to + m->view + w->draw.seed) % 3 > 0 || v % 16 == 0)
            machine_say(m, to, message);
        return;
    case LIE_STALE:
        remember(m, message);
        carry_dropping(m, to,
                       blob_hold(m->said[v % (m->said_count < RECENT_BLOB_MAX ? m->said_count : RECENT_BLOB_MAX)]));
        if (v % 3 > 0)
            machine_say(m, to, message);
        return;
    case LIE_FLOOD:
        flood(m, to, message, v);
        return;
    case LIE_BAD_BLOCKS:
        if (transfer_owns(blob_bytes(message)))
            carry_dropping(m, to, lie_transfer(blob_bytes(message), v));
        else if (!pbft_owns(blob_bytes(message)))
            carry_dropping(m, to, lie_blocks(blob_bytes(message), v));
        else
            machine_say(m, to, message);
        return;
    default:
        break;
    }
    /* What was said in a membership epoch that it has left goes out as it is. */
    bool present = epoch_of_message(w, blob_bytes(message)) == machine_epoch(m);
    if (present && machine_epoch(m)->number_of[m->replica] >= 0 && lie_open(w, blob_bytes(message), &claim, &beside))
        lie_signed(m, to, message, &claim, beside, v);
    else
        machine_say(m, to, message);
}
