#include "fed/internal.h"

#include <string.h>

#include "base/mutate.h"
#include "base/sorted.h"

/* Entries are opened and admitted here. */

/* ---- the open ones */

struct open_entry {
    struct digest name; /* the scalar of its signature: nobody makes it twice */
    struct entry *entry;
};

static bool name_of(struct bytes bytes, struct digest *out)
{
    if (bytes.len < SIGNATURE_SIZE)
        return false;
    memcpy(out->b, bytes.data + bytes.len - DIGEST_SIZE, DIGEST_SIZE);
    return !digest_is_zero(out);
}

/* NULL: not open. */
static struct entry *find(const struct admission *a, struct bytes bytes)
{
    struct digest name;
    const struct open_entry *item = name_of(bytes, &name) ? table_find(&a->open, &name) : NULL;

    return item != NULL && bytes_equal(entry_bytes(item->entry), bytes) ? item->entry : NULL;
}

struct sweep {
    size_t bytes; /* of what stays */
};

static bool is_used(void *context, const void *item)
{
    struct sweep *sweep = context;
    struct entry *e = ((const struct open_entry *)item)->entry;
    bool used = entry_is_shared(e);

    if (used)
        sweep->bytes += entry_bytes(e).len;
    else
        entry_drop(e);
    return used;
}

static void close_unused(struct admission *a, size_t grown)
{
    struct sweep sweep = {0};

    table_filter(&a->open, is_used, &sweep);
    a->grown = grown;
    a->grown_most = sweep.bytes > IDLE_BYTES ? sweep.bytes : IDLE_BYTES;
}

/* Whenever so much was opened as was in use the last time. */
static void make_room(struct admission *a, size_t more)
{
    a->grown += more;
    if (MUTATE(FED_ENTRIES_STAY_OPEN, false, a->grown > a->grown_most))
        close_unused(a, more);
}

static void keep_open(struct admission *a, struct entry *e)
{
    struct digest name;
    bool is_new;

    make_room(a, entry_bytes(e).len);
    if (!name_of(entry_bytes(e), &name))
        return;
    struct open_entry *item = table_add(&a->open, &name, &is_new);
    if (is_new)
        item->entry = entry_hold(e);
}

/* ---- the latest of each member */

/* The place of the first one of this number, or above. */
static unsigned seen_place(const struct admission *a, unsigned member)
{
    return sorted_place(a->seen, a->seen_count, sizeof a->seen[0], offsetof(struct seen_member, member), member);
}

static void seen_forget(struct admission *a, unsigned place)
{
    for (unsigned i = 0; i < SEEN_FOR_MEMBER; i++)
        entry_drop(a->seen[place].items[i].entry);
    memmove(&a->seen[place], &a->seen[place + 1], (--a->seen_count - place) * sizeof a->seen[0]);
}

static void seen_make_room(struct admission *a)
{
    unsigned oldest = 0;

    if (a->seen_count == SEEN_MEMBERS_MAX) {
        for (unsigned i = 1; i < a->seen_count; i++) {
            if (a->seen[i].heard < a->seen[oldest].heard)
                oldest = i;
        }
        seen_forget(a, oldest);
    }
    if (a->seen_count < a->seen_cap)
        return;
    a->seen_cap = a->seen_cap == 0 ? 16 : 2 * a->seen_cap;
    a->seen = mem_resize(a->seen, a->seen_cap, sizeof a->seen[0]);
}

static struct seen_member *seen_member(struct admission *a, unsigned member)
{
    unsigned place = seen_place(a, member);

    if (place == a->seen_count || a->seen[place].member != member) {
        seen_make_room(a);
        place = seen_place(a, member);
        memmove(&a->seen[place + 1], &a->seen[place], (a->seen_count++ - place) * sizeof a->seen[0]);
        a->seen[place] = (struct seen_member){.member = member};
    }
    a->seen[place].heard = ++a->heard;
    return &a->seen[place];
}

static struct seen *seen_find(const struct fed *f, const struct entry *e)
{
    const struct admission *a = &f->admission;
    unsigned place = seen_place(a, e->member);

    if (place == a->seen_count || a->seen[place].member != e->member)
        return NULL;
    for (unsigned i = 0; i < SEEN_FOR_MEMBER; i++) {
        struct seen *s = &a->seen[place].items[i];
        if (s->entry != NULL && s->entry->envelope.sequence == e->envelope.sequence &&
            digest_equal(&s->entry->envelope.node_fingerprint, &e->envelope.node_fingerprint))
            return s;
    }
    return NULL;
}

/* A verified entry: is there another one of the same signer and sequence? Of own ones there may be: what the state
 * refused was not sent, and did not use up its number. */
static void watch(struct fed *f, struct entry *e)
{
    bool own = digest_equal(&e->envelope.node_fingerprint, &f->config.key.fingerprint);

    if (own || !f->admission.watching || f->out == NULL)
        return;
    const struct seen *other = seen_find(f, e);
    if (other != NULL) {
        if (!bytes_equal(entry_bytes(other->entry), entry_bytes(e))) /* the same bytes may be open twice, if seldom */
            evidence_take_entries(f, other->entry, e);
        return;
    }
    struct seen_member *m = seen_member(&f->admission, e->member);
    struct seen *s = &m->items[m->next];
    m->next = (m->next + 1) % SEEN_FOR_MEMBER;
    entry_drop(s->entry);
    *s = (struct seen){.entry = entry_hold(e)};
}

/* Which blocks it has opened until now must not show: others may have executed them for it (state/executed.h). */
void admission_meet_voters(struct fed *f)
{
    if (f->admission.watching || fed_self_replica(f) < 0)
        return;
    f->admission.watching = true;
    close_unused(&f->admission, 0);
}

bool admission_watches(const struct fed *f)
{
    return f->admission.watching;
}

/* ---- opening */

/* Drivers of many nodes share the verdicts on signatures. */
static enum err check(const struct fed *f, const struct federation_state *s, struct entry *e)
{
    int signer = e->syntax == ERR_OK ? state_find(s, &e->envelope.node_fingerprint) : -1;

    if (signer >= 0) {
        enum err err = entry_verify(e, &state_member(s, signer)->card.key, f->config.verify_cache);
        if (err != ERR_OK)
            return err;
    }
    return entry_check(s, e);
}

enum err admission_open(struct fed *f, const struct federation_state *s, struct bytes bytes, struct entry **out)
{
    struct entry *e = MUTATE(FED_ENTRY_OPENED_AGAIN, NULL, find(&f->admission, bytes));

    if (e != NULL) {
        *out = entry_hold(e);
        return entry_check(s, e);
    }
    e = *out = entry_open(bytes);
    enum err err = MUTATE(FED_ENTRY_UNVERIFIED, ERR_OK, check(f, s, e));
    if (err != ERR_OK)
        return err;
    keep_open(&f->admission, e);
    MUTATE(FED_EVIDENCE_UNWATCHED, (void)0, watch(f, e));
    return ERR_OK;
}

void admission_begin_batch(struct fed *f)
{
    struct admission *a = &f->admission;

    while (a->batch_count > 0)
        entry_drop(a->batch[--a->batch_count]);
}

void admission_add_to_batch(struct fed *f, struct entry *e)
{
    f->admission.batch[f->admission.batch_count++] = entry_hold(e);
}

/* ---- admitting */

/* An honest sender makes entries for the present epoch or the next one. If an entry names a later one, then either its
 * sender lies or this node lags behind; in both cases the sender will have to send it again. */
static bool is_worth_waiting(const struct fed *f, const struct envelope *e)
{
    return e->federated_epoch <= f->decided->epoch + 1;
}

static enum err admit(struct fed *f, struct entry *e)
{
    enum err err = entry_judge(application_tip(f), e);

    if (err == ERR_AGAIN && is_worth_waiting(f, &e->envelope)) {
        struct seen *s = seen_find(f, e);
        if (s != NULL && s->entry == e)
            s->waiting = true;
        return ERR_OK;
    }
    if (err != ERR_OK)
        return err;
    effects_note(f->out, "fed.admit", e->member, e->envelope.sequence);
    return replica_request(f->replica, e->blob);
}

enum err admission_receive(struct fed *f, struct bytes bytes)
{
    struct entry *e;
    bool known = find(&f->admission, bytes) != NULL;
    enum err err = admission_open(f, application_tip(f), bytes, &e);

    if (err == ERR_OK && !known)
        effects_note(f->out, "fed.verify", e->member, e->envelope.sequence);
    if (err == ERR_OK)
        err = admit(f, e);
    entry_drop(e);
    return err;
}

static void admit_waiting(struct fed *f, struct seen *s)
{
    enum err err = entry_judge(application_tip(f), s->entry);

    if (err == ERR_AGAIN)
        return;
    s->waiting = false;
    if (err != ERR_OK)
        return;
    struct entry *e = entry_hold(s->entry); /* others may take its place */
    effects_note(f->out, "fed.admit", e->member, e->envelope.sequence);
    if (replica_request(f->replica, e->blob) != ERR_OK) /* its sender sends it again */
        effects_note(f->out, "fed.pool_full", f->decided->height, (uint64_t)e->envelope.kind);
    entry_drop(e);
}

void admission_pass(struct fed *f)
{
    struct admission *a = &f->admission;

    for (unsigned place = 0; place < a->seen_count && a->seen[place].member < f->decided->member_count; place++) {
        for (unsigned i = 0; i < SEEN_FOR_MEMBER; i++) {
            struct seen *s = &a->seen[place].items[i];
            if (s->entry != NULL && s->waiting)
                admit_waiting(f, s);
        }
    }
}

/* ---- life */

void admission_init(struct fed *f)
{
    table_init(&f->admission.open, sizeof(struct open_entry), sizeof(struct digest));
    f->admission.grown_most = IDLE_BYTES;
}

static bool close_any(void *context, const void *item)
{
    (void)context;
    entry_drop(((const struct open_entry *)item)->entry);
    return false;
}

void admission_free(struct fed *f)
{
    struct admission *a = &f->admission;

    admission_begin_batch(f);
    while (a->seen_count > 0)
        seen_forget(a, a->seen_count - 1);
    mem_free(a->seen);
    table_filter(&a->open, close_any, NULL);
    table_free(&a->open);
}
