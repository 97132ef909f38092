#include "pbft/record.h"

#include "storm/world.h"

/* A disk that gives back something else than what was written. A replica must notice when it reads its records; then it
 * is in the place of one whose disk was wiped. Only what was written last, and nothing after it, can be lost without a
 * trace. */

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
    struct record_head lost = head_of(d->records[at].blob);

    for (size_t i = d->count; i > 0; i--) {
        struct record_head head = head_of(d->records[i - 1].blob);
        if (head.kind == RECORD_SNAPSHOT)
            return at + 1 < d->count && lost.number >= head.number;
    }
    return true;
}

/* Of a lost disk nothing can be noticed any more. */
void machine_wipe(struct machine *m)
{
    disk_wipe(&m->disk);
    m->harm.damaged = m->harm.snapshot_damaged = false;
}

/* One record or the latest snapshot of a machine that is down. */
void machine_damage(struct machine *m, uint64_t v)
{
    struct disk *d = &m->disk;
    enum disk_damage kind = (enum disk_damage)(v % DAMAGE_KINDS);

    if (d->blocks.snapshots[0].bytes != NULL && !m->harm.snapshot_damaged && v >> 40 & 1) {
        MARK(m->world, SNAPSHOT_DAMAGED);
        m->harm.snapshot_damaged = true;
        m->harm.snapshot_passed_over = false;
        disk_damage_snapshot(d, v >> 8);
        trace_line(m->world, "the latest snapshot of machine %u is damaged", m->index);
        return;
    }
    if (d->count == 0 || m->harm.damaged)
        return;
    size_t at = (size_t)((v >> 8) % d->count), other = (size_t)((v >> 24) % d->count);
    if (kind == DAMAGE_MISDIRECTED && (at == other || d->count < 2))
        kind = DAMAGE_LOST;
    MARK(m->world, DISK_DAMAGED);
    m->harm.damaged = true;
    m->harm.damaged_epoch = head_of(d->records[at].blob).membership_epoch;
    m->harm.damage_shows = kind < DAMAGE_LOST || is_missed(d, at);
    disk_damage(d, kind, at, kind == DAMAGE_MISDIRECTED ? other : v >> 16);
    trace_line(m->world, "the disk of machine %u is damaged (%d) at record %zu of %zu", m->index, (int)kind, at,
               d->count);
}

static enum err read_all(struct machine *m)
{
    enum err err = ERR_OK;

    for (size_t i = 0; i < m->disk.count && err == ERR_OK; i++)
        err = replica_restore(m->live, blob_bytes(m->disk.records[i].blob));
    return err != ERR_OK ? err : replica_restored(m->live);
}

bool machine_read(struct machine *m)
{
    struct world *w = m->world;
    struct harm *h = &m->harm;
    bool damaged = h->damaged,
         shows = h->damage_shows && h->damaged_epoch == machine_epoch(m)->members.membership_epoch;

    enum err err = read_all(m);
    h->damaged = false;
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
