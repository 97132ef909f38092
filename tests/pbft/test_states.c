#include "lab.h"

#include <string.h>

#include "crypto/verify_cache.h"
#include "pbft/internal.h"

/* Whatever views replicas are in, and whatever each of them knows of the others: those that hear each other learn what
 * they lack (pbft/status.c has the table), and decide. */

enum { GROUP = 4, VIEWS = 3, STATES = 2 * VIEWS + 2, WIPED = STATES - 1 };

/* Of a replica: in view 0, changing to view 1, in view 1, changing to view 2, and so on; or without a memory. */
static uint64_t view_of(unsigned state)
{
    return (state + 1) / 2;
}

static bool is_changing(unsigned state)
{
    return state % 2 == 1;
}

static struct disk disks[GROUP][STATES];
static struct verify_cache *cache;

/* Whose VIEW-CHANGEs the NEW-VIEW of a view is made of: its primary's and those of the first two others. */
static bool is_signer(uint64_t view, unsigned replica)
{
    unsigned primary = (unsigned)(view % GROUP), before = 0;

    for (unsigned i = 0; i < replica; i++)
        before += i != primary;
    return replica == primary || before < 2;
}

static void deliver_view_change(struct lab *l, unsigned signer, uint64_t view)
{
    struct blob *change = lab_view_change(l, signer, view, NULL, 0);

    CHECK_OK(cluster_deliver(&l->c, l->self, blob_bytes(change)));
    blob_drop(change);
}

/* f+1 others want the view, or, where that would open it, time runs out in the one before. */
static void leave_for(struct lab *l, uint64_t view)
{
    unsigned told = 0;

    if (view % GROUP == l->self) {
        if (view > 1)
            lab_enter(l, view - 1, NULL, 0);
        CHECK_OK(lab_request(l, "x"));
        for (unsigned i = 0; i < 50 && lab_status(l).view < view; i++)
            lab_wait(l, 100 * MS);
    } else {
        for (unsigned i = 0; i < GROUP && told < 2; i++) {
            if (i == l->self)
                continue;
            deliver_view_change(l, i, view);
            told++;
        }
    }
    CHECK(lab_status(l).view == view && lab_status(l).in_view_change);
}

static void enter(struct lab *l, uint64_t view)
{
    struct blob *changes[GROUP];
    unsigned count = 0;

    for (unsigned i = 0; i < GROUP; i++) {
        if (is_signer(view, i))
            changes[count++] = lab_view_change(l, i, view, NULL, 0);
    }
    struct blob *message = lab_new_view(l, view, changes);
    for (unsigned i = 0; i < GROUP; i++) {
        if (view % GROUP == l->self && i != l->self && is_signer(view, i))
            deliver_view_change(l, i, view);
    }
    if (view % GROUP != l->self)
        CHECK_OK(cluster_deliver(&l->c, l->self, blob_bytes(message)));
    CHECK(lab_status(l).view == view && !lab_status(l).in_view_change);
    blob_drop(message);
    while (count > 0)
        blob_drop(changes[--count]);
}

static void disks_make(void)
{
    for (unsigned i = 0; i < GROUP; i++) {
        for (unsigned state = 0; state < WIPED; state++) {
            struct disk *disk = &disks[i][state];
            struct lab l;
            lab_init(&l, GROUP, i);
            lab_start(&l);
            if (state > 0)
                leave_for(&l, view_of(state));
            if (state > 0 && !is_changing(state))
                enter(&l, view_of(state));
            disk_init(disk, NULL);
            disk_copy_records(disk, &lab_node(&l)->host.disk);
            lab_finish(&l);
        }
    }
}

static void disks_free(void)
{
    for (unsigned i = 0; i < GROUP; i++) {
        for (unsigned state = 0; state < WIPED; state++)
            disk_fini(&disks[i][state]);
    }
}

/* Has it asked for this view, or may it have and not know it any more? */
static bool has_reached(unsigned state, uint64_t view)
{
    return state == WIPED || view_of(state) >= view;
}

/* A view is entered when those have asked for it whom its NEW-VIEW names, and asked for when a quorum has reached the
 * one before. One replica may have lost its disk. */
static bool is_possible(const unsigned states[GROUP])
{
    unsigned wiped = 0;

    for (unsigned i = 0; i < GROUP; i++) {
        unsigned before = 0;
        uint64_t view = view_of(states[i]);
        wiped += states[i] == WIPED;
        if (states[i] == WIPED || view == 0)
            continue;
        for (unsigned k = 0; k < GROUP; k++) {
            before += has_reached(states[k], view - 1);
            if (!is_changing(states[i]) && is_signer(view, k) && !has_reached(states[k], view))
                return false;
        }
        if (before < 3)
            return false;
    }
    return wiped <= 1;
}

static const char *name_of(const unsigned states[GROUP])
{
    static char text[64];
    int used = 0;

    for (unsigned i = 0; i < GROUP; i++)
        used += snprintf(text + used, sizeof text - (size_t)used, states[i] == WIPED ? "%swiped" : "%s%s %u",
                         i > 0 ? ", " : "", is_changing(states[i]) ? "to" : "in", (unsigned)view_of(states[i]));
    return text;
}

/* It asked for a batch in a view that a crash took back: nobody may hold that against what it says now. */
static void ask_in_a_lost_view(struct cluster *c, unsigned to)
{
    struct digest any = digest_of(bytes_of_text("any"));

    for (unsigned from = 0; from < GROUP; from++) {
        if (from == to)
            continue;
        struct claim fetch = cluster_claim(c, from, MESSAGE_FETCH, VIEWS + 1, 1, &any);
        struct blob *message = message_make(&c->members, &fetch, bytes_of(NULL, 0));
        CHECK_ERR(cluster_deliver(c, to, blob_bytes(message)), ERR_MISSING);
        blob_drop(message);
    }
}

/* How long it takes until all have decided, and who was wiped has recovered. */
static int64_t run(const unsigned states[GROUP])
{
    struct cluster c;
    int64_t deadline = 40000 * MS;
    bool recovering = true;

    cluster_init(&c, GROUP, 1);
    c.config.verify_cache = cache;
    cluster_start(&c);
    for (unsigned i = 0; i < GROUP; i++)
        cluster_wipe(&c, i);
    for (unsigned i = 0; i < GROUP; i++) {
        struct cluster_node *node = &c.nodes[i];
        node->wiped = states[i] == WIPED;
        if (states[i] != WIPED)
            disk_copy_records(&node->host.disk, &disks[i][states[i]]);
        cluster_restart(&c, i);
        ask_in_a_lost_view(&c, i);
    }
    cluster_submit(&c, 0);
    bool decided = cluster_run_decided(&c, deadline);
    int64_t took = cluster_now(&c);
    do {
        recovering = false;
        for (unsigned i = 0; i < GROUP; i++)
            recovering = recovering || pbft_status(c.nodes[i].pbft).recovering;
    } while (recovering && cluster_now(&c) < deadline && cluster_step(&c));
    if (!decided || recovering)
        tap_complain(__FILE__, __LINE__, "%s: %s%s", name_of(states),
                     decided ? "who was wiped does not recover" : "nothing is decided", c.failure);
    cluster_free(&c);
    return took;
}

static void all_learn_what_they_lack(void)
{
    unsigned states[GROUP] = {0}, count = 0, i = 0;
    int64_t longest = 0, all = 0;

    disks_make();
    cache = verify_cache_new(1 << 18);
    while (i < GROUP) {
        if (is_possible(states)) {
            int64_t took = run(states);
            if (took > longest) {
                longest = took;
                tap_note("%s: %" PRId64 " ms", name_of(states), took / MS);
            }
            all += took;
            count++;
        }
        for (i = 0; i < GROUP && ++states[i] == STATES; i++)
            states[i] = 0;
    }
    tap_note("%u groups, decided after %" PRId64 " ms on average", count, all / MS / count);
    disks_free();
    verify_cache_free(cache);
}

int main(void)
{
    key_library_init();
    TAP_RUN(all_learn_what_they_lack);
    return tap_done();
}
