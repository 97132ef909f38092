/* The file is a row of slots of one size. A statement takes a free one, or, where its type has as many as are kept,
 * that of the lowest one of its type, which only makes the floor below which nothing is signed rise. A slot that was
 * being written when the machine stopped does not verify: what it had held was the lowest, and what it was to hold was
 * not signed. */
#define _GNU_SOURCE

#include "crypto/key_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mutate.h"
#include "codec/cbor.h"

#define MAGIC "prismfed-signed-1\n\0"

enum {
    SLOT_SIZE = 256,
    TYPES_MAX = 16, /* of statements, with the keys and federations that they are of */
    SLOTS_MAX = TYPES_MAX * KEY_MEMORY_KEPT,
    SUBJECT_SIZE = 32
};

/* Where a statement stands: in this order. */
struct place {
    uint64_t membership_epoch, view, sequence;
};

struct signed_one {
    char subject[SUBJECT_SIZE];
    struct digest kid, federation_id;
    struct place place;
    struct digest message;
};

struct slot {
    bool used;
    struct signed_one one;
};

struct guarded {
    struct key_signer signer; /* first */
    struct secret_key key;
    struct key_memory *memory;
    struct guarded *next;
};

struct key_memory {
    char *path;
    int fd;
    pthread_mutex_t lock;
    unsigned count; /* slots in the file */
    struct slot *slots;
    bool torn;               /* one does not verify */
    struct guarded *guarded; /* owned */
};

/* ---- what is signed */

/* Of the statements of which a place has one. Others tell how things are, again and again: status, query, report,
 * fetch-batch. */
static bool is_bound(struct bytes type, struct bytes subject)
{
    static const char *const bound[] = {"pre-prepare", "prepare", "checkpoint", "view-change", "new-view"};

    if (bytes_equal(type, bytes_of_text("application/prismfed.vote+cbor")))
        return true;
    for (unsigned i = 0; i < sizeof bound / sizeof bound[0]; i++) {
        if (bytes_equal(type, bytes_of_text("application/prismfed.pbft+cbor")) &&
            bytes_equal(subject, bytes_of_text(bound[i])))
            return true;
    }
    return false;
}

static bool header_read(struct bytes protected, struct bytes *type, struct bytes *subject, struct digest *kid)
{
    struct cbor_reader r;

    cbor_reader_init(&r, protected); /* as cose_protected() writes it */
    cbor_expect_map(&r, 4);
    (void)cbor_get_uint(&r);
    (void)cbor_get_int(&r);
    (void)cbor_get_uint(&r);
    *type = cbor_get_text(&r);
    (void)cbor_get_uint(&r);
    *kid = digest_get(&r);
    (void)cbor_get_uint(&r);
    cbor_expect_map(&r, 2);
    (void)cbor_get_uint(&r);
    (void)cbor_get_text(&r);
    (void)cbor_get_uint(&r);
    *subject = cbor_get_text(&r);
    return cbor_reader_done(&r) == ERR_OK;
}

static enum err payload_read(struct bytes payload, struct signed_one *out)
{
    struct cbor_reader r;

    cbor_reader_init(&r, payload);
    cbor_expect_map(&r, 5);
    cbor_expect_key(&r, "view");
    out->place.view = cbor_get_uint(&r);
    if (!cbor_accept_key(&r, "digest")) /* a vote names the block */
        cbor_expect_key(&r, "block_id");
    (void)digest_get(&r);
    cbor_expect_key(&r, "sequence");
    out->place.sequence = cbor_get_uint(&r);
    cbor_expect_key(&r, "federation_id");
    out->federation_id = digest_get(&r);
    cbor_expect_key(&r, "membership_epoch");
    out->place.membership_epoch = cbor_get_uint(&r);
    return cbor_reader_done(&r);
}

/* A Sig_structure (RFC 9052 section 4.4) with one of our headers; any other message is not bound. */
static enum err message_read(struct bytes message, struct signed_one *out, bool *bound)
{
    struct bytes protected, payload, type, subject;
    struct cbor_reader r;

    *bound = false;
    cbor_reader_init(&r, message);
    cbor_expect_array(&r, 4);
    bool is_ours = bytes_equal(cbor_get_text(&r), bytes_of_text("Signature1"));
    protected = cbor_get_bytes(&r);
    (void)cbor_get_bytes(&r);
    payload = cbor_get_bytes(&r);
    if (cbor_reader_done(&r) != ERR_OK || !is_ours || !header_read(protected, &type, &subject, &out->kid) ||
        !is_bound(type, subject))
        return ERR_OK;
    *bound = true;
    if (subject.len >= SUBJECT_SIZE)
        return ERR_SYNTAX;
    memcpy(out->subject, subject.data, subject.len);
    out->message = digest_of(message);
    return payload_read(payload, out) == ERR_OK ? ERR_OK : ERR_SYNTAX;
}

/* ---- the file */

static void slot_put(const struct signed_one *s, uint8_t out[SLOT_SIZE])
{
    uint8_t *at = out;
    struct digest check;

    memset(out, 0, SLOT_SIZE);
    memcpy(at, s->subject, SUBJECT_SIZE);
    memcpy(at += SUBJECT_SIZE, s->kid.b, DIGEST_SIZE);
    memcpy(at += DIGEST_SIZE, s->federation_id.b, DIGEST_SIZE);
    be64_put(at += DIGEST_SIZE, s->place.membership_epoch);
    be64_put(at += 8, s->place.view);
    be64_put(at += 8, s->place.sequence);
    memcpy(at + 8, s->message.b, DIGEST_SIZE);
    check = digest_of(bytes_of(out, SLOT_SIZE - DIGEST_SIZE));
    memcpy(out + SLOT_SIZE - DIGEST_SIZE, check.b, DIGEST_SIZE);
}

static bool slot_get(const uint8_t in[SLOT_SIZE], struct signed_one *out)
{
    struct digest check = digest_of(bytes_of(in, SLOT_SIZE - DIGEST_SIZE));
    const uint8_t *at = in;

    if (memcmp(check.b, in + SLOT_SIZE - DIGEST_SIZE, DIGEST_SIZE) != 0 || in[SUBJECT_SIZE - 1] != 0)
        return false;
    memcpy(out->subject, at, SUBJECT_SIZE);
    memcpy(out->kid.b, at += SUBJECT_SIZE, DIGEST_SIZE);
    memcpy(out->federation_id.b, at += DIGEST_SIZE, DIGEST_SIZE);
    out->place.membership_epoch = be64_get(at += DIGEST_SIZE);
    out->place.view = be64_get(at += 8);
    out->place.sequence = be64_get(at += 8);
    memcpy(out->message.b, at + 8, DIGEST_SIZE);
    return true;
}

enum err key_memory_create(const char *path, struct diag *diag)
{
    uint8_t head[SLOT_SIZE] = MAGIC;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok;

    if (fd < 0 && errno == EEXIST)
        return diag_set(diag, ERR_STATE, "%s: there is one already, and what it remembers is not to be forgotten",
                        path);
    if (fd < 0)
        return diag_set(diag, ERR_IO, "%s: %s", path, strerror(errno));
    ok = write(fd, head, sizeof head) == (ssize_t)sizeof head && fsync(fd) == 0;
    ok &= close(fd) == 0;
    return ok ? ERR_OK : diag_set(diag, ERR_IO, "%s: %s", path, strerror(errno));
}

static enum err read_slots(struct key_memory *m, struct diag *diag)
{
    uint8_t head[SLOT_SIZE] = MAGIC, bytes[SLOT_SIZE];
    unsigned bad = 0;
    struct stat st;

    if (fstat(m->fd, &st) != 0 || pread(m->fd, bytes, SLOT_SIZE, 0) != SLOT_SIZE)
        return diag_set(diag, ERR_STATE, "%s: it cannot be read, or is no memory of a key", m->path);
    if (memcmp(bytes, head, SLOT_SIZE) != 0 || st.st_size > (off_t)SLOT_SIZE * (SLOTS_MAX + 1))
        return diag_set(diag, ERR_STATE, "%s: this is no memory of a key", m->path);
    m->count = (unsigned)((st.st_size + SLOT_SIZE - 1) / SLOT_SIZE) - 1; /* the last one may not be whole */
    for (unsigned i = 0; i < m->count; i++) {
        bool whole = pread(m->fd, bytes, SLOT_SIZE, (off_t)SLOT_SIZE * (i + 1)) == SLOT_SIZE;

        m->slots[i].used = whole && slot_get(bytes, &m->slots[i].one);
        bad += !m->slots[i].used;
    }
    m->torn = bad > 0;
    if (bad > 1)
        return diag_set(diag, ERR_STATE, "%s: %u places are damaged: nobody knows what this key has signed", m->path,
                        bad);
    return ERR_OK;
}

enum err key_memory_open(const char *path, struct key_memory **out, struct diag *diag)
{
    int fd = open(path, O_RDWR | O_CLOEXEC | O_DSYNC);
    struct key_memory *m;
    enum err err;

    if (fd < 0)
        return diag_set(diag, errno == ENOENT ? ERR_MISSING : ERR_IO, "%s: the memory of what the key has signed: %s",
                        path, strerror(errno));
    if (MUTATE(KEY_MEMORY_SHARED, 0, flock(fd, LOCK_EX | LOCK_NB)) != 0) {
        close(fd);
        return diag_set(diag, ERR_STATE, "%s: another process signs with it", path);
    }
    m = mem_alloc(sizeof *m);
    m->fd = fd;
    m->path = mem_alloc(strlen(path) + 1);
    memcpy(m->path, path, strlen(path) + 1);
    m->slots = mem_array(SLOTS_MAX, sizeof m->slots[0]);
    pthread_mutex_init(&m->lock, NULL);
    err = read_slots(m, diag);
    if (err != ERR_OK)
        key_memory_close(m);
    else
        *out = m;
    return err;
}

void key_memory_close(struct key_memory *m)
{
    if (m == NULL)
        return;
    while (m->guarded != NULL) {
        struct guarded *g = m->guarded;

        m->guarded = g->next;
        key_wipe(&g->key);
        mem_free(g);
    }
    close(m->fd);
    pthread_mutex_destroy(&m->lock);
    mem_free(m->slots);
    mem_free(m->path);
    mem_free(m);
}

/* ---- what it admits */

static bool is_type(const struct signed_one *a, const struct signed_one *b)
{
    return strcmp(a->subject, b->subject) == 0 && digest_equal(&a->kid, &b->kid) &&
           digest_equal(&a->federation_id, &b->federation_id);
}

static int compare(const struct place *a, const struct place *b)
{
    if (a->membership_epoch != b->membership_epoch)
        return a->membership_epoch < b->membership_epoch ? -1 : 1;
    if (a->view != b->view)
        return a->view < b->view ? -1 : 1;
    return (a->sequence > b->sequence) - (a->sequence < b->sequence);
}

static enum err refuse(const struct signed_one *s, enum err err, const char *why, struct diag *diag)
{
    return diag_set(diag, err, "a %s for membership epoch %llu, view %llu, sequence number %llu is not signed: %s",
                    s->subject, (unsigned long long)s->place.membership_epoch, (unsigned long long)s->place.view,
                    (unsigned long long)s->place.sequence, why);
}

/* The slot for it, once it is known that it may be signed. */
static enum err place_find(const struct key_memory *m, const struct signed_one *s, unsigned *slot, bool *known,
                           struct diag *diag)
{
    unsigned lowest = SLOTS_MAX, hole = m->count, kept = 0;

    *known = false;
    for (unsigned i = 0; i < m->count; i++) {
        const struct slot *other = &m->slots[i];

        if (!other->used) {
            hole = i;
            continue;
        }
        if (!is_type(&other->one, s))
            continue;
        kept++;
        if (compare(&other->one.place, &s->place) == 0) {
            *known = digest_equal(&other->one.message, &s->message);
            return *known ? ERR_OK
                          : MUTATE(KEY_MEMORY_SIGNS_TWICE, ERR_OK,
                                   refuse(s, ERR_DUPLICATE, "another one was signed there", diag));
        }
        if (lowest == SLOTS_MAX || compare(&other->one.place, &m->slots[lowest].one.place) < 0)
            lowest = i;
    }
    /* a torn slot may have been of this type */
    if (lowest != SLOTS_MAX && (kept >= KEY_MEMORY_KEPT || m->torn) &&
        MUTATE(KEY_MEMORY_WITHOUT_FLOOR, false, compare(&s->place, &m->slots[lowest].one.place) < 0))
        return refuse(s, ERR_RANGE, "it is below what this memory still has", diag);
    *slot = kept >= KEY_MEMORY_KEPT ? lowest : hole;
    return *slot < SLOTS_MAX ? ERR_OK : refuse(s, ERR_RANGE, "the memory is full of other types and keys", diag);
}

enum err key_memory_admit(struct key_memory *m, struct bytes message, struct diag *diag)
{
    struct signed_one s = {.subject = ""};
    uint8_t bytes[SLOT_SIZE];
    bool bound, known = false;
    unsigned slot = 0;
    enum err err = message_read(message, &s, &bound);

    if (err != ERR_OK)
        return diag_set(diag, err, "a statement that cannot be read is not signed");
    if (!bound)
        return ERR_OK;
    pthread_mutex_lock(&m->lock);
    err = place_find(m, &s, &slot, &known, diag);
    if (err == ERR_OK && !known) {
        slot_put(&s, bytes);
        if (pwrite(m->fd, bytes, SLOT_SIZE, (off_t)SLOT_SIZE * (slot + 1)) != SLOT_SIZE) /* O_DSYNC */
            err = diag_set(diag, ERR_IO, "%s: %s", m->path, strerror(errno));
    }
    if (err == ERR_OK && !known) {
        m->slots[slot] = (struct slot){true, s};
        m->count = slot == m->count ? m->count + 1 : m->count;
    }
    pthread_mutex_unlock(&m->lock);
    return err;
}

void key_memory_each(struct key_memory *m, void (*tell)(void *context, const struct key_memory_row *row), void *context)
{
    for (unsigned i = 0; i < m->count; i++) {
        const struct signed_one *highest = &m->slots[i].one;
        struct key_memory_row row = {.count = 0};
        bool told = false;

        for (unsigned k = 0; k < m->count && m->slots[i].used && !told; k++) {
            if (!m->slots[k].used || !is_type(&m->slots[k].one, highest))
                continue;
            told = k < i;
            row.count++;
            if (compare(&m->slots[k].one.place, &highest->place) > 0)
                highest = &m->slots[k].one;
        }
        if (told || !m->slots[i].used)
            continue;
        memcpy(row.subject, highest->subject, sizeof row.subject);
        row.kid = highest->kid;
        row.federation_id = highest->federation_id;
        row.membership_epoch = highest->place.membership_epoch;
        row.view = highest->place.view;
        row.sequence = highest->place.sequence;
        tell(context, &row);
    }
}

/* ---- a key that is guarded */

static void guarded_sign(const struct key_signer *self, struct bytes message, uint8_t signature[SIGNATURE_SIZE])
{
    const struct guarded *g = (const struct guarded *)self;
    struct diag diag = {0};

    if (key_memory_admit(g->memory, message, &diag) != ERR_OK) {
        fprintf(stderr, "prismfed: the signer refuses: %s\n", diag.text);
        _exit(EXIT_FAILURE);
    }
    key_sign(&g->key, message, signature);
}

void key_memory_guard(struct key_memory *m, struct secret_key *key)
{
    struct guarded *g = mem_alloc(sizeof *g);

    g->signer.sign = guarded_sign;
    g->key = *key;
    g->memory = m;
    g->next = m->guarded;
    m->guarded = g;
    memset(key->b, 0, sizeof key->b);
    key->signer = &g->signer;
}
