#include "base/prng.h"
#include "merkle/chunks.h"
#include "state/registry.h"
#include "tap.h"

/* The registry beside a plain array, in which everything is made anew. */

enum { MOST = 300, COPIES = 6, ROUNDS = 4000 };

struct model {
    unsigned count;
    struct member members[MOST];
};

struct lab {
    struct prng prng;
    uint64_t names;
    struct registry registries[COPIES];
    struct model models[COPIES];
};

/* With a key that is no key: nothing here looks at it. */
static struct member another(struct lab *l)
{
    struct member m = {.card.stake = 1, .status = MEMBER_ACTIVE};
    uint64_t name = ++l->names;

    snprintf(m.card.name, sizeof m.card.name, "m%llu", (unsigned long long)name);
    snprintf(m.card.region, sizeof m.card.region, "r");
    m.fingerprint = digest_of(bytes_of(&name, sizeof name));
    return m;
}

static struct digest root_of(const struct registry *r)
{
    struct merkle_frontier tree;

    registry_frontier(r, &tree);
    return merkle_frontier_root(&tree);
}

/* Over the pages as they are, without a hash that was kept. */
static struct digest root_anew(const struct model *m)
{
    struct registry r = {0};
    struct buf bytes = {0};
    uint8_t page[PAGE_SIZE];

    for (unsigned i = 0; i < m->count; i++)
        registry_add(&r, &m->members[i]);
    for (unsigned i = 0; i < registry_pages(&r); i++) {
        registry_page_encode(&r, i, page);
        buf_add(&bytes, page, sizeof page);
    }
    struct digest root = chunks_root(bytes_of_buf(&bytes), PAGE_SIZE);
    buf_free(&bytes);
    registry_free(&r);
    return root;
}

static void check_same(const struct registry *r, const struct model *m)
{
    struct digest kept = root_of(r), anew = root_anew(m);

    CHECK_EQ_U64(r->count, m->count);
    CHECK(digest_equal(&kept, &anew));
    for (unsigned i = 0; i < m->count; i++) {
        const struct member *have = registry_member(r, i), *want = &m->members[i];
        CHECK(have->sequence == want->sequence && digest_equal(&have->fingerprint, &want->fingerprint));
        CHECK_EQ_U64((uint64_t)registry_find(r, &want->fingerprint), i);
        CHECK_EQ_U64((uint64_t)registry_find_name(r, want->card.name), i);
    }
}

static void change(struct lab *l, struct registry *r, struct model *m)
{
    unsigned i = (unsigned)prng_below(&l->prng, m->count);
    struct member *now = registry_change(r, i);

    if (prng_below(&l->prng, 8) > 0) {
        m->members[i].sequence = now->sequence = prng_next(&l->prng);
        return;
    }
    struct digest old = now->fingerprint;
    m->members[i].fingerprint = now->fingerprint = another(l).fingerprint; /* another key */
    registry_new_key(r, i);
    CHECK(registry_find(r, &old) < 0);
}

static void step(struct lab *l)
{
    unsigned k = (unsigned)prng_below(&l->prng, COPIES), from = (unsigned)prng_below(&l->prng, COPIES);
    struct registry *r = &l->registries[k];
    struct model *m = &l->models[k];
    uint64_t what = prng_below(&l->prng, 16);

    if (what == 0 && from != k) {
        registry_free(r);
        registry_copy(r, &l->registries[from]);
        *m = l->models[from];
    } else if (what < 6 && m->count < MOST) {
        m->members[m->count] = another(l);
        registry_add(r, &m->members[m->count++]);
    } else if (what < 14 && m->count > 0) {
        change(l, r, m);
    } else if (what == 14) {
        (void)root_of(r); /* hashes are kept from here on */
    } else {
        check_same(r, m);
    }
}

static void it_is_what_an_array_would_be(void)
{
    struct lab *l = mem_alloc(sizeof *l);

    for (uint64_t seed = 1; seed <= 4; seed++) {
        *l = (struct lab){.names = seed << 32};
        prng_seed(&l->prng, seed);
        for (unsigned i = 0; i < ROUNDS; i++)
            step(l);
        for (unsigned i = 0; i < COPIES; i++) {
            check_same(&l->registries[i], &l->models[i]);
            registry_free(&l->registries[i]);
        }
    }
    mem_free(l);
}

/* A copy has the same pages, until one of both changes one; then only that one is another. */
static void copies_share_pages(void)
{
    struct lab *l = mem_alloc(sizeof *l);
    struct registry *a = &l->registries[0], *b = &l->registries[1];
    unsigned count;

    for (unsigned i = 0; i < 100; i++) {
        struct member m = another(l);
        registry_add(a, &m);
    }
    struct digest before = root_of(a);
    registry_copy(b, a);
    for (unsigned page = 0; page < registry_pages(a); page++)
        CHECK(registry_page(a, page, &count) == registry_page(b, page, &count));
    registry_change(b, 50)->sequence = 7;
    CHECK_EQ_U64(registry_member(a, 50)->sequence, 0);
    CHECK_EQ_U64(registry_member(b, 50)->sequence, 7);
    for (unsigned page = 0; page < registry_pages(a); page++)
        CHECK((registry_page(a, page, &count) == registry_page(b, page, &count)) == (page != 50 / PAGE_MEMBERS));
    struct digest of_a = root_of(a), of_b = root_of(b);
    CHECK(digest_equal(&before, &of_a) && !digest_equal(&before, &of_b));
    registry_change(a, 50)->sequence = 7;
    of_a = root_of(a);
    CHECK(digest_equal(&of_a, &of_b));
    struct member m = another(l);
    registry_add(b, &m); /* on the last page, which is shared */
    CHECK(a->count == 100 && b->count == 101 && registry_find(a, &m.fingerprint) < 0);
    of_b = root_of(b);
    CHECK(!digest_equal(&of_a, &of_b));
    registry_free(a);
    CHECK_EQ_U64(registry_member(b, 50)->sequence, 7);
    registry_free(b);
    mem_free(l);
}

/* The longest of all members, eight of them, find room on a page. */
static void a_page_has_room(void)
{
    struct registry r = {0};
    uint8_t page[PAGE_SIZE];

    for (unsigned i = 0; i < PAGE_MEMBERS; i++) {
        struct member m = {.card = {.role = ROLE_EDGE, .site = SITE_REMOTE, .stake = MEMBER_STAKE_MAX}};
        memset(m.card.name, 'a' + (int)i, MEMBER_NAME_MAX);
        memset(m.card.region, 'r', MEMBER_NAME_MAX);
        m.fingerprint = m.card.work = digest_of(bytes_of_text(m.card.name));
        m.status = MEMBER_QUARANTINED;
        m.sponsor = MEMBERS_MAX;
        m.sequence = m.first_epoch = m.last_epoch = m.counted_epoch = m.found_epoch = m.false_claims = UINT64_MAX;
        registry_add(&r, &m);
    }
    registry_page_encode(&r, 0, page);
    CHECK(page[PAGE_SIZE - 1] == 0);
    registry_free(&r);
}

int main(void)
{
    TAP_RUN(it_is_what_an_array_would_be);
    TAP_RUN(copies_share_pages);
    TAP_RUN(a_page_has_room);
    return tap_done();
}
