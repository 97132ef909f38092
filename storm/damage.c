#include "pbft/record.h"

#include "storm/world.h"

/* A disk that gives back something else than what was written. A replica must notice when it reads its records; then it
 * is in the place of one whose disk was wiped. Only what was written last, and nothing after it, can be lost without a
 * trace. */

enum damage { DAMAGE_FLIPPED, DAMAGE_TORN, DAMAGE_LOST, DAMAGE_MISDIRECTED, DAMAGE_KINDS };

static struct blob *changed(const struct blob *record, enum damage kind, uint64_t v)
{
    struct blob *copy = blob_new(bytes_of(record->data, kind == DAMAGE_TORN ? v % record->len : record->len));

    if (kind == DAMAGE_FLIPPED)
        copy->data[v % copy->len] ^= (uint8_t)(1U << (v >> 32) % 8);
    return copy;
}

static struct record_head head_of(const struct blob *record)
{
    struct record_head head;
    struct cbor_reader r;

    ASSERT(record_open(blob_bytes(record), &head, &r) == ERR_OK);
    return head;
}

/* Would it be missed? Not the last one, and not one that the last snapshot allowed to forget. */
static bool is_missed(const struct disk *d, size_t at)
{
    struct record_head lost = head_of(d->records[at].bytes);

    for (size_t i = d->record_count; i > 0; i--) {
        struct record_head head = head_of(d->records[i - 1].bytes);
        if (head.kind == RECORD_SNAPSHOT)
            return at + 1 < d->record_count && lost.number >= head.number;
    }
    return true;
}

/* One record of a machine that is down. */
void disk_damage(struct machine *m, uint64_t v)
{
    struct disk *d = &m->disk;
    enum damage kind = (enum damage)(v % DAMAGE_KINDS);

    if (d->record_count == 0 || d->damaged)
        return;
    size_t at = (size_t)((v >> 8) % d->record_count), other = (size_t)((v >> 24) % d->record_count);
    struct record *r = &d->records[at];
    if (kind == DAMAGE_MISDIRECTED && (at == other || d->record_count < 2))
        kind = DAMAGE_LOST;
    MARK(m->world, DISK_DAMAGED);
    d->damaged = true;
    d->damaged_epoch = head_of(r->bytes).membership_epoch;
    d->damage_shows = kind < DAMAGE_LOST || is_missed(d, at);
    struct blob *old = r->bytes;
    if (kind == DAMAGE_MISDIRECTED) {
        r->bytes = blob_hold(d->records[other].bytes);
    } else if (kind == DAMAGE_LOST) {
        d->record_count--;
        for (size_t i = at; i < d->record_count; i++)
            d->records[i] = d->records[i + 1];
    } else {
        r->bytes = changed(old, kind, v >> 16);
    }
    blob_drop(old);
    trace_line(m->world, "the disk of machine %u is damaged (%d) at record %zu of %zu", m->index, (int)kind, at,
               d->record_count);
}

static enum err read_all(struct machine *m)
{
    enum err err = ERR_OK;

    for (size_t i = 0; i < m->disk.record_count && err == ERR_OK; i++)
        err = replica_restore(m->live, blob_bytes(m->disk.records[i].bytes));
    return err != ERR_OK ? err : replica_restored(m->live);
}

bool disk_read(struct machine *m)
{
    struct world *w = m->world;
    struct disk *d = &m->disk;
    bool damaged = d->damaged,
         shows = d->damage_shows && d->damaged_epoch == machine_epoch(m)->members.membership_epoch;

    enum err err = read_all(m);
    d->damaged = false;
    if (err == ERR_OK) {
        if (damaged && shows)
            world_fail(w, "7 durable", "machine %u does not notice that its disk is damaged", m->index);
        m->forgot = m->forgot || damaged;
        return true;
    }
    trace_line(w, "machine %u cannot use its disk: %s", m->index, err_text(err));
    if (damaged)
        MARK(w, DAMAGE_NOTICED);
    else
        world_fail(w, "7 durable", "machine %u cannot read its records: %s", m->index, err_text(err));
    return false;
}
