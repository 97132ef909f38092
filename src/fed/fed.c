#include "fed/fed.h"

#include "base/mutate.h"
#include "fed/internal.h"

bool fed_resting(const struct fed *f)
{
    return f->decided->epoch > f->config.last_epoch;
}

const struct member *fed_self(const struct fed *f)
{
    const struct federation_state *s = f->decided;

    if (f->self >= s->member_count || !digest_equal(&state_member(s, f->self)->fingerprint, &f->config.key.fingerprint))
        return NULL;
    return state_member(s, f->self);
}

void fed_timer(struct fed *f, enum fed_timer timer, int64_t *armed, int64_t at_ns)
{
    if (*armed == at_ns)
        return;
    *armed = at_ns;
    if (at_ns != 0)
        effects_timer_set(f->out, timer, at_ns);
    else
        effects_timer_stop(f->out, timer);
}

void fed_compact(struct fed *f, uint64_t number)
{
    submit_compact(f, number);
    wishes_compact(f, number);
}

static void take_next_key(struct fed *f)
{
    key_wipe(&f->config.key);
    f->config.key = f->config.next_key;
    key_wipe(&f->config.next_key);
    submit_take_key(f);
}

void fed_find_self(struct fed *f)
{
    const struct federation_state *s = f->decided;
    const struct digest *next = &f->config.next_key.fingerprint;
    int self = -1;

    if (fed_self(f) != NULL) /* mostly; and then its key was not rotated */
        return;
    if (!digest_is_zero(next) && (self = state_find(s, next)) >= 0)
        take_next_key(f);
    else
        self = state_find(s, &f->config.key.fingerprint);
    if (self < 0)
        return;
    f->self = (unsigned)self;
    if (f->replica != NULL)
        replica_be(f->replica, f->self);
}

/* A key that nobody has is that of a newcomer, of whom the log does not know yet; but one that was a member's is of no
 * use any more. */
static enum err check_key(const struct fed *f, struct diag *diag)
{
    const struct federation_state *s = f->decided;

    for (unsigned i = 0; i < MUTATE(FED_STARTS_BY_RETIRED_KEY, 0, s->retired_count) && fed_self(f) == NULL; i++) {
        if (digest_equal(&s->retired[i], &f->config.key.fingerprint))
            return diag_set(diag, ERR_MISMATCH, "the key was a member's that has another one by now");
    }
    return ERR_OK;
}

enum err fed_new(struct bytes genesis, const struct fed_config *config, const struct ledger_store *store,
                 struct fed **out, struct diag *diag)
{
    struct fed *f = mem_alloc(sizeof *f);
    enum err err = ERR_OK;

    ASSERT(config->submit_ns > 0 && config->submit_max_ns >= config->submit_ns && config->poll_ns > 0);
    f->config = *config;
    f->self = REPLICA_UNKNOWN;
    admission_init(f);
    err = application_begin(f, genesis, diag);
    if (err != ERR_OK)
        goto fail;
    f->genesis_id = f->decided->block_id;
    snapshot_begin(f);
    fed_find_self(f);
    spot_check_pass(f);
    admission_meet_voters(f);
    err = application_open(f, store, diag);
    if (err != ERR_OK)
        goto fail;
    fed_find_self(f); /* the store may know of it */
    err = check_key(f, diag);
    if (err != ERR_OK)
        goto fail;
    const struct member *self = fed_self(f);
    if (self != NULL)
        replica_be(f->replica, f->self);
    submit_use_up(f, self != NULL ? self->sequence : 0);
    *out = f;
    return ERR_OK;
fail:
    fed_free(f);
    return err;
}

void fed_free(struct fed *f)
{
    if (f == NULL)
        return;
    replica_free(f->replica);
    duties_free(f);
    submit_forget_all(f);
    evidence_free(f);
    admission_free(f);
    spot_check_free(f);
    links_free(&f->links);
    effect_body_drop(f->epoch_end != NULL ? &f->epoch_end->body : NULL);
    wishes_free(f);
    application_free(f);
    key_wipe(&f->config.key);
    key_wipe(&f->config.next_key);
    mem_free(f);
}

enum err fed_restore(struct fed *f, struct bytes record)
{
    ASSERT(!f->started);
    f->restarted = true;
    if (submit_owns(record))
        return submit_restore(f, record);
    if (wishes_own(record))
        return wishes_restore(f, record);
    if (replica_votes(f->replica))
        return replica_restore(f->replica, record);
    const struct member *self = fed_self(f);
    return self != NULL && self->card.role == ROLE_CORE ? ERR_OK : ERR_STATE; /* of when it was a validator */
}

enum err fed_restored(const struct fed *f)
{
    return replica_restored(f->replica);
}

static enum err start(struct fed *f)
{
    if (f->started)
        return ERR_STATE;
    f->started = true;
    if (fed_self(f) == NULL)
        effects_note(f->out, "fed.no_member", f->decided->epoch, f->decided->height);
    if (f->config.recovering)
        submit_skip(f);
    replica_start(f->replica, f->restarted || replica_restarted(f->replica) || f->config.recovering);
    submit_review(f);
    submit_resend(f);
    return ERR_OK;
}

static enum err receive(struct fed *f, const struct fed_event *event)
{
    struct bytes message = blob_bytes(event->blob), entry;

    if (event->from >= f->decided->member_count)
        return ERR_UNKNOWN;
    if (message.len > PBFT_MESSAGE_SIZE_MAX)
        return ERR_LIMIT;
    if (replica_owns(message))
        return replica_receive(f->replica, event->from, event->blob);
    enum err err = message_entry_decode(message, &entry);
    if (err != ERR_OK)
        return err;
    return replica_votes(f->replica) ? admission_receive(f, entry) : ERR_OK;
}

static enum err expire(struct fed *f, uint32_t timer)
{
    switch (timer) {
    case FED_TIMER_DEADLINE:
        duties_deadline(f);
        return ERR_OK;
    case FED_TIMER_SUBMIT:
        submit_timer(f);
        return ERR_OK;
    default:
        return replica_timer(f->replica, timer);
    }
}

/* What somebody else has done for this node, or wants of it. */
static enum err hear(struct fed *f, const struct fed_event *event)
{
    switch (event->kind) {
    case FED_EVENT_CYCLE_DONE:
        return duties_cycle_done(f, event);
    case FED_EVENT_SCORE_DONE:
        return duties_score_done(f, event);
    case FED_EVENT_RECOUNT_DONE:
        return spot_check_done(f, event);
    case FED_EVENT_DURABLE:
        replica_durable(f->replica, event->number);
        return ERR_OK;
    case FED_EVENT_LEAVE:
        return wishes_leave(f);
    case FED_EVENT_SIGN_OFF:
        return wishes_sign_off(f, event->blob);
    case FED_EVENT_KEY:
        f->config.next_key = *event->key;
        return ERR_OK;
    default:
        return ERR_UNKNOWN;
    }
}

enum err fed_step(struct fed *f, const struct fed_event *event, struct effects *effects)
{
    enum err err;

    ASSERT(event->now_ns >= f->now_ns);
    f->now_ns = event->now_ns;
    f->out = effects;
    size_t begun = effects->count;
    replica_begin(f->replica, event->now_ns, effects);
    if (event->kind == FED_EVENT_START)
        err = start(f);
    else if (!f->started)
        err = ERR_STATE;
    else if (event->kind == FED_EVENT_MESSAGE)
        err = receive(f, event);
    else if (event->kind == FED_EVENT_TIMER)
        err = expire(f, event->timer);
    else
        err = hear(f, event);
    if (f->started && (event->kind != FED_EVENT_DURABLE || effects->count > begun)) /* mostly nothing follows */
        duties_settle(f);
    replica_end(f->replica);
    f->out = NULL;
    return err;
}

const struct federation_state *fed_state(const struct fed *f)
{
    return f->decided;
}

int fed_member(const struct fed *f)
{
    return fed_self(f) != NULL ? (int)f->self : -1;
}

int fed_self_replica(const struct fed *f)
{
    return fed_self(f) != NULL ? state_replica(f->decided, f->self) : -1;
}

void fed_recovered(struct fed *f)
{
    f->config.recovering = false;
    replica_recovered(f->replica);
    effects_note(f->out, "fed.recovered", f->decided->height, f->submit.sequence);
    effects_recovered(f->out, f->decided->height);
}

bool fed_recovering(const struct fed *f)
{
    return f->config.recovering;
}

struct pbft_status fed_pbft_status(const struct fed *f)
{
    return replica_status(f->replica);
}
