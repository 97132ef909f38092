#include "base/mutate.h"
#include "codec/cbor.h"
#include "fed/internal.h"
#include "state/entry_reconfigure.h"
#include "state/entry_sign_off.h"

/* What the operator wants. It is durable before anything is done about it, so that the operator needs to say it once,
 * whatever becomes of the process, of the entry on its way, and of who votes. */

static void persist(struct fed *f, uint64_t number, struct bytes body)
{
    struct buf record = {0};
    struct cbor_writer w;

    cbor_writer_init(&w, &record);
    cbor_put_array(&w, WISH_RECORD_FIELDS);
    cbor_put_uint(&w, RECORD_WISH);
    cbor_put_bytes(&w, body);
    cbor_writer_done(&w);
    MUTATE(FED_WISH_NOT_RECORDED, (void)0, effects_persist(f->out, number, bytes_of_buf(&record)));
    buf_free(&record);
}

static void drop(struct wishes *w, unsigned at)
{
    blob_drop(w->items[at].body);
    w->count--;
    for (; at < w->count; at++)
        w->items[at] = w->items[at + 1];
}

void wishes_free(struct fed *f)
{
    struct wishes *w = &f->wishes;

    while (w->count > 0)
        drop(w, w->count - 1);
    mem_free(w->items);
    *w = (struct wishes){0};
}

/* ---- taking one */

static enum err prospect(const struct fed *f, const struct wish *wish)
{
    struct bytes envelope;

    if (wish->kind == ENTRY_RECONFIGURE)
        return reconfigure_prospect(f->decided, f->self, &wish->change, wish->until, &wish->ballot);
    enum err err = sign_off_body_decode(blob_bytes(wish->body), &envelope);
    return err == ERR_OK ? sign_off_prospect(f->decided, envelope) : err;
}

static bool is_kept(const struct wishes *w, const struct digest *ballot)
{
    for (unsigned i = 0; i < w->count; i++) {
        if (digest_equal(&w->items[i].ballot, ballot))
            return true;
    }
    return false;
}

/* The body is that of a change, or has an envelope of governors; whether it can have an effect is not looked at. */
static enum err wish_open(const struct fed *f, struct bytes body, struct wish *out)
{
    struct bytes envelope;

    *out = (struct wish){.kind = ENTRY_SIGN_OFF, .ballot = digest_of(body)};
    if (sign_off_body_decode(body, &envelope) == ERR_OK)
        return ERR_OK;
    out->kind = ENTRY_RECONFIGURE;
    return change_body_decode(body, &f->decided->federation_id, &out->change, &out->until);
}

static enum err keep(struct wishes *w, struct wish wish, struct blob *body)
{
    if (w->count == WISHES_MAX)
        return ERR_LIMIT;
    if (w->items == NULL)
        w->items = mem_array(WISHES_MAX, sizeof *w->items);
    wish.body = blob_hold(body);
    w->items[w->count++] = wish;
    return ERR_OK;
}

enum err wishes_sign_off(struct fed *f, struct blob *body)
{
    struct wish wish;

    enum err err = wish_open(f, blob_bytes(body), &wish);
    if (wish.kind == ENTRY_RECONFIGURE && !replica_votes(f->replica))
        return ERR_STATE;
    if (err != ERR_OK || is_kept(&f->wishes, &wish.ballot))
        return err;
    wish.body = body;
    err = replica_level(f->replica) ? prospect(f, &wish) : ERR_OK;
    if (err != ERR_OK && err != ERR_AGAIN)
        return err;
    wish.number = f->decided->height + 1;
    err = keep(&f->wishes, wish, body);
    if (err == ERR_OK)
        persist(f, wish.number, blob_bytes(body));
    return err;
}

enum err wishes_leave(struct fed *f)
{
    struct wishes *w = &f->wishes;

    if (replica_votes(f->replica))
        return ERR_STATE;
    if (w->leaving)
        return ERR_OK;
    w->leaving = true;
    w->leaving_number = f->decided->height + 1;
    persist(f, w->leaving_number, bytes_of(NULL, 0));
    return ERR_OK;
}

/* ---- what becomes of it */

/* Who is behind does not know yet whom a change is about. */
static void drop_what_is_over(struct fed *f, bool is_out)
{
    struct wishes *w = &f->wishes;

    if (!is_out && !replica_level(f->replica))
        return;
    for (unsigned i = 0; i < w->count;) {
        enum err err = is_out ? ERR_STATE : prospect(f, &w->items[i]);
        if (err == ERR_OK || err == ERR_AGAIN) {
            i++;
            continue;
        }
        effects_note(f->out, "fed.wish_over", f->decided->epoch, err);
        drop(w, i);
    }
    w->leaving = w->leaving && !is_out;
}

/* The one that was signed off longest ago. More than BALLOTS_KEPT that nobody else wants take turns: each new sign-off
 * has the state forget the oldest, which is then due again, but not in the same epoch. */
static struct wish *next_due(struct fed *f, enum entry_kind kind)
{
    struct wishes *w = &f->wishes;
    struct wish *next = NULL;

    for (unsigned i = 0; i < w->count; i++) {
        struct wish *wish = &w->items[i];
        if (wish->kind != kind)
            continue;
        bool later = next != NULL && next->signed_epoch <= wish->signed_epoch;
        if (later || MUTATE(FED_WISH_ASKED_ONCE, wish->signed_epoch > 0, wish->signed_epoch == f->decided->epoch))
            continue;
        if (prospect(f, wish) == ERR_OK)
            next = wish;
    }
    return next;
}

static void sign_off(struct fed *f, enum entry_kind kind)
{
    struct wish *wish;

    while (submit_possible(f, kind) && (wish = next_due(f, kind)) != NULL) {
        wish->signed_epoch = f->decided->epoch;
        submit_entry(f, submit_envelope(f, kind, blob_bytes(wish->body)));
    }
}

static void leave(struct fed *f)
{
    struct buf encoded = {0};

    if (!f->wishes.leaving || !submit_possible(f, ENTRY_LEAVE))
        return;
    leave_body_encode(&encoded);
    submit_entry(f, submit_envelope(f, ENTRY_LEAVE, bytes_of_buf(&encoded)));
    buf_free(&encoded);
}

void wishes_settle(struct fed *f)
{
    const struct member *self = fed_self(f);

    if (self == NULL || (f->wishes.count == 0 && !f->wishes.leaving))
        return;
    drop_what_is_over(f, self->status == MEMBER_CONVICTED || self->status == MEMBER_LEFT);
    leave(f);
    sign_off(f, ENTRY_SIGN_OFF);
    if (replica_votes(f->replica))
        sign_off(f, ENTRY_RECONFIGURE);
}

/* ---- records */

bool wishes_own(struct bytes record)
{
    struct cbor_reader r;

    cbor_reader_init(&r, record);
    cbor_get_array(&r);
    uint64_t type = cbor_get_uint(&r);
    return r.err == ERR_OK && type == RECORD_WISH;
}

static enum err restore_sign_off(struct fed *f, struct bytes body)
{
    struct wish wish;
    enum err err = wish_open(f, body, &wish);

    if (err != ERR_OK || is_kept(&f->wishes, &wish.ballot)) /* it was filed anew */
        return err;
    struct blob *blob = blob_new(body);
    err = keep(&f->wishes, wish, blob);
    blob_drop(blob);
    return err == ERR_LIMIT ? ERR_OK : err; /* some of those records were of wishes that were over */
}

/* The number of the record is not in it; that it is filed anew at the next occasion does no harm. */
enum err wishes_restore(struct fed *f, struct bytes record)
{
    struct cbor_reader r;

    cbor_reader_init(&r, record);
    cbor_expect_array(&r, WISH_RECORD_FIELDS);
    (void)cbor_get_uint(&r);
    struct bytes body = cbor_get_bytes(&r);
    enum err err = cbor_reader_done(&r);
    if (err == ERR_OK && body.len > 0)
        err = restore_sign_off(f, body);
    else if (err == ERR_OK)
        f->wishes.leaving = true;
    return err;
}

void wishes_compact(struct fed *f, uint64_t number)
{
    struct wishes *w = &f->wishes;
    uint64_t height = f->decided->height > number ? f->decided->height : number;

    for (unsigned i = 0; i < w->count; i++) {
        struct wish *wish = &w->items[i];
        if (wish->number > number)
            continue;
        wish->number = height + 1;
        MUTATE(FED_WISH_FORGOTTEN, (void)0, persist(f, wish->number, blob_bytes(wish->body)));
    }
    if (w->leaving && w->leaving_number <= number) {
        w->leaving_number = height + 1;
        persist(f, w->leaving_number, bytes_of(NULL, 0));
    }
}
