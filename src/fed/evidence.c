#include "fed/internal.h"

#include "base/mutate.h"

/* Validators remember the latest verified envelopes of each member: two different ones with one sequence number
 * convict their signer. The same memory holds envelopes that came too early, until the state admits them; they stay
 * out of PBFT's pool, so that nobody makes a primary look slow with entries that it must not propose. */

void evidence_begin(struct fed *f)
{
    if (f->seen == NULL && fed_self_replica(f) >= 0)
        f->seen = mem_array(MEMBERS_MAX, sizeof *f->seen);
}

static struct seen *seen_find(const struct fed *f, unsigned member, uint64_t sequence)
{
    for (unsigned i = 0; i < SEEN_FOR_MEMBER; i++) {
        struct seen *s = &f->seen[member].items[i];
        if (s->envelope != NULL && s->sequence == sequence)
            return s;
    }
    return NULL;
}

bool evidence_knows(const struct fed *f, unsigned member, uint64_t sequence, struct bytes envelope)
{
    const struct seen *s = seen_find(f, member, sequence);

    return s != NULL && bytes_equal(blob_bytes(s->envelope), envelope);
}

/* first, second: signed statements of one culprit. */
static void accuse(struct fed *f, unsigned culprit, struct bytes first, struct bytes second)
{
    if (f->accusation_count == MUTATE(FED_NO_EVIDENCE, f->accusation_count, ACCUSATIONS_MAX) ||
        f->decided.members[culprit].status == MEMBER_CONVICTED)
        return;
    for (unsigned i = 0; i < f->accusation_count; i++) {
        if (f->accusations[i].culprit == culprit)
            return;
    }
    f->accusations[f->accusation_count++] = (struct accusation){
        .culprit = culprit,
        .first = blob_new(first),
        .second = blob_new(second),
    };
    effects_note(f->out, "fed.evidence", culprit, f->decided.height);
}

/* What two envelopes are attached to says nothing: their statements are what contradicts. */
static void accuse_by_envelopes(struct fed *f, unsigned member, struct bytes first, struct bytes second)
{
    struct buf a = {0}, b = {0};

    envelope_statement(first, &a);
    envelope_statement(second, &b);
    accuse(f, member, bytes_of_buf(&a), bytes_of_buf(&b));
    buf_free(&a);
    buf_free(&b);
}

void evidence_watch(struct fed *f, unsigned member, uint64_t sequence, struct bytes envelope)
{
    struct seen *s = seen_find(f, member, sequence);

    if (s != NULL) {
        if (!bytes_equal(blob_bytes(s->envelope), envelope) && member < f->decided.member_count)
            accuse_by_envelopes(f, member, blob_bytes(s->envelope), envelope);
        return;
    }
    s = &f->seen[member].items[f->seen[member].next];
    f->seen[member].next = (f->seen[member].next + 1) % SEEN_FOR_MEMBER;
    blob_drop(s->envelope);
    *s = (struct seen){.envelope = blob_new(envelope), .sequence = sequence};
}

/* An honest sender makes entries for the present epoch or the next one. If an entry names a later one, then either its
 * sender lies or this node lags behind; in both cases the sender will have to send it again. */
static bool is_worth_waiting(const struct fed *f, const struct envelope *e)
{
    return e->federated_epoch <= f->decided.epoch + 1;
}

enum err evidence_receive(struct fed *f, struct bytes entry)
{
    const struct federation_state *tip = application_tip(f);
    struct envelope envelope;
    struct cose_sign1 cose;
    unsigned member;
    enum err err = envelope_parse(entry, &envelope, &cose);

    if (err != ERR_OK)
        return err;
    int sender = state_find(tip, &envelope.node_fingerprint);
    if (sender < 0)
        return ERR_UNKNOWN;
    if (!evidence_knows(f, (unsigned)sender, envelope.sequence, entry)) {
        err = MUTATE(FED_ENTRY_UNVERIFIED, ERR_OK, state_check_entry(tip, entry));
        if (err != ERR_OK)
            return err;
        effects_note(f->out, "fed.verify", (uint64_t)sender, envelope.sequence);
        MUTATE(FED_EVIDENCE_UNWATCHED, (void)0, evidence_watch(f, (unsigned)sender, envelope.sequence, entry));
    }
    err = state_admit(tip, entry, &envelope, &member);
    if (err == ERR_AGAIN && is_worth_waiting(f, &envelope)) {
        struct seen *s = seen_find(f, (unsigned)sender, envelope.sequence);
        if (s != NULL && bytes_equal(blob_bytes(s->envelope), entry))
            s->waiting = true;
        return ERR_OK;
    }
    if (err != ERR_OK)
        return err;
    effects_note(f->out, "fed.admit", member, envelope.sequence);
    struct blob *request = blob_new(entry);
    err = replica_request(f->replica, request);
    blob_drop(request);
    return err;
}

static void admit_waiting(struct fed *f, struct seen *s)
{
    struct envelope envelope;
    unsigned member;
    enum err err = state_admit(application_tip(f), blob_bytes(s->envelope), &envelope, &member);

    if (err == ERR_AGAIN)
        return;
    s->waiting = false;
    if (err != ERR_OK)
        return;
    effects_note(f->out, "fed.admit", member, envelope.sequence);
    if (replica_request(f->replica, s->envelope) != ERR_OK) /* its sender sends it again */
        effects_note(f->out, "fed.pool_full", f->decided.height, (uint64_t)envelope.kind);
}

void evidence_admit_waiting(struct fed *f)
{
    for (unsigned member = 0; member < f->decided.member_count; member++) {
        for (unsigned i = 0; i < SEEN_FOR_MEMBER; i++) {
            struct seen *s = &f->seen[member].items[i];
            if (s->envelope != NULL && s->waiting)
                admit_waiting(f, s);
        }
    }
}

static void accusation_drop(struct fed *f, unsigned index)
{
    blob_drop(f->accusations[index].first);
    blob_drop(f->accusations[index].second);
    f->accusation_count--;
    for (unsigned i = index; i < f->accusation_count; i++)
        f->accusations[i] = f->accusations[i + 1];
}

void evidence_take(struct fed *f, unsigned member, struct bytes first, struct bytes second)
{
    accuse(f, member, first, second);
}

void evidence_accuse(struct fed *f)
{
    while (f->accusation_count > 0 && submit_possible(f, ENTRY_EVIDENCE)) {
        const struct accusation *a = &f->accusations[0];
        if (f->decided.members[a->culprit].status == MEMBER_CONVICTED) {
            accusation_drop(f, 0);
            continue;
        }
        struct evidence_body body = {.first = blob_bytes(a->first), .second = blob_bytes(a->second)};
        submit_evidence(f, &body);
        if (!submit_pending(f, ENTRY_EVIDENCE)) /* does not convict: not worth another try */
            accusation_drop(f, 0);
        return;
    }
}

void evidence_free(struct fed *f)
{
    while (f->accusation_count > 0)
        accusation_drop(f, f->accusation_count - 1);
    for (unsigned member = 0; f->seen != NULL && member < MEMBERS_MAX; member++) {
        for (unsigned i = 0; i < SEEN_FOR_MEMBER; i++)
            blob_drop(f->seen[member].items[i].envelope);
    }
    mem_free(f->seen);
}
