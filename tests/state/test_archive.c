#include "state/archive.h"

#include "fixture.h"

/* What the archive keeps, and who starts from what. Genome number n costs 10 n everywhere; the genome of genesis is
 * number 0 and costs 1000. */

enum { SITES = 3 };

static void setup(struct fixture *f, enum topology topology, unsigned archive_max)
{
    struct policy policy;
    policy_default(&policy);
    policy.topology = topology;
    policy.archive_max = archive_max;
    fixture_init(f, SITES, 0, &policy);
    for (unsigned i = 0; i < SITES; i++)
        snprintf(state_member_change(&f->state, i)->card.region, MEMBER_NAME_MAX + 1, i < 2 ? "north" : "south");
}

/* Site m offers two genomes. */
static void epoch(struct fixture *f, const uint64_t offers[SITES][2])
{
    uint64_t costs[CYCLE_CANDIDATES_MAX];
    for (unsigned m = 0; m < SITES; m++) {
        struct buf body = {0};
        fixture_update_body(f, offers[m], 2, &body);
        fixture_entry(f, m, ENTRY_UPDATE, bytes_of_buf(&body));
        buf_free(&body);
    }
    fixture_run(f);
    for (unsigned i = 0; i < f->state.candidate_count; i++) {
        costs[i] = 1000;
        for (uint64_t number = 1; number < 10; number++) {
            struct digest hash = fixture_hash(f, number);
            if (digest_equal(&f->state.candidates[i].hash, &hash))
                costs[i] = 10 * number;
        }
    }
    for (unsigned m = 0; m < SITES; m++)
        fixture_row(f, m, costs);
    fixture_run(f);
    CHECK(f->last.epoch_ended);
}

static const uint64_t offers[SITES][2] = {{1, 2}, {3, 4}, {5, 6}};

/* The numbers of these genomes, as digits. */
static const char *numbers(const struct fixture *f, const struct genome *genomes, unsigned count)
{
    static char text[CYCLE_ARCHIVE_MAX + 1];
    for (unsigned i = 0; i < count; i++) {
        struct digest hash = genome_hash(f->state.schema, &genomes[i]);
        text[i] = '?';
        for (unsigned n = 0; n < 10; n++) {
            struct digest other = fixture_hash(f, n);
            if (digest_equal(&hash, &other))
                text[i] = (char)('0' + n);
        }
    }
    text[count] = '\0';
    return text;
}

static const char *kept(const struct fixture *f)
{
    struct genome genomes[CYCLE_ARCHIVE_MAX];
    for (unsigned i = 0; i < f->state.archive_count; i++)
        genomes[i] = f->state.archive[i].incumbent;
    return numbers(f, genomes, f->state.archive_count);
}

static const char *start_of(const struct fixture *f, unsigned member)
{
    struct genome genomes[CYCLE_ARCHIVE_MAX];
    return numbers(f, genomes, archive_of(&f->state, member, genomes));
}

static void what_scores_best_stays(void)
{
    struct fixture f;
    setup(&f, TOPOLOGY_ALL, 4);
    epoch(&f, offers);
    CHECK_EQ_TEXT(kept(&f), "1234");
    for (unsigned i = 0; i < 4; i++) {
        CHECK_EQ_U64(f.state.archive[i].epoch, 1);
        CHECK_EQ_U64(f.state.archive[i].origin, i < 2 ? 1 : 2);
    }
    for (unsigned m = 0; m < SITES; m++)
        CHECK_EQ_TEXT(start_of(&f, m), "1234");
    fixture_fini(&f);
}

/* A better genome comes in, whoever offers one of the archive again changes nothing of where it came from. */
static void the_archive_is_scored_anew(void)
{
    static const uint64_t later[SITES][2] = {{7, 8}, {1, 7}, {8, 3}};
    struct fixture f;
    setup(&f, TOPOLOGY_ALL, 3);
    epoch(&f, offers);
    CHECK_EQ_TEXT(kept(&f), "123");
    epoch(&f, later);
    CHECK_EQ_TEXT(kept(&f), "123");
    CHECK_EQ_U64(f.state.archive[0].origin, 1);
    CHECK_EQ_U64(f.state.archive[2].origin, 2);
    CHECK_EQ_U64(f.state.archive[2].epoch, 2);
    fixture_fini(&f);
}

/* Number 1 again with the next depth would be another genome at next to no distance. */
static void the_close_ones_wait(void)
{
    struct fixture f;
    setup(&f, TOPOLOGY_ALL, 2);
    fixture_collect(&f, SITES, 3);
    struct candidate *c = f.state.candidates;
    REQUIRE(f.state.candidate_count == 2);
    struct genome twin = c[1].genome;
    twin.values[1].integer += twin.values[1].integer > 1 ? -1 : 1;
    c = shared_new(3, sizeof c[0]);
    c[0] = f.state.candidates[0];
    c[2] = c[1] = f.state.candidates[1];
    shared_drop(f.state.candidates);
    f.state.candidates = c;
    c[2].genome = twin;
    c[2].hash = genome_hash(f.state.schema, &twin);
    f.state.candidate_count = 3;
    const uint64_t costs[] = {500, 10, 20};
    for (unsigned m = 0; m < SITES; m++)
        fixture_row(&f, m, costs);
    fixture_run(&f);
    CHECK_EQ_TEXT(kept(&f), "30"); /* not the twin, which scored better than 0 */
    fixture_fini(&f);
}

static void round_the_ring(void)
{
    struct fixture f;
    setup(&f, TOPOLOGY_RING, 5);
    epoch(&f, offers);
    CHECK_EQ_TEXT(kept(&f), "13524");
    CHECK_EQ_TEXT(start_of(&f, 0), "152");
    CHECK_EQ_TEXT(start_of(&f, 1), "1324");
    CHECK_EQ_TEXT(start_of(&f, 2), "354");
    state_member_change(&f.state, 1)->status = MEMBER_ABSENT;
    CHECK_EQ_TEXT(start_of(&f, 2), "152"); /* the ring closes over a gap */
    state_member_change(&f.state, 0)->status = MEMBER_LEFT;
    CHECK_EQ_TEXT(start_of(&f, 2), "5");
    fixture_fini(&f);
}

static void by_region(void)
{
    struct fixture f;
    setup(&f, TOPOLOGY_REGION, 4);
    epoch(&f, offers);
    CHECK_EQ_TEXT(kept(&f), "1526");
    CHECK_EQ_TEXT(start_of(&f, 0), "12");
    CHECK_EQ_TEXT(start_of(&f, 1), "12");
    CHECK_EQ_TEXT(start_of(&f, 2), "56");
    fixture_fini(&f);
}

/* What the federation began with belongs to everybody. */
static void genesis_reaches_everybody(void)
{
    for (unsigned t = 0; t < TOPOLOGY_COUNT; t++) {
        struct fixture f;
        setup(&f, (enum topology)t, 4);
        for (unsigned m = 0; m < SITES; m++)
            CHECK_EQ_TEXT(start_of(&f, m), "0");
        fixture_fini(&f);
    }
}

static void nothing_is_kept_without_room(void)
{
    struct fixture f;
    setup(&f, TOPOLOGY_RING, 0);
    epoch(&f, offers);
    CHECK_EQ_U64(f.state.archive_count, 0);
    CHECK_EQ_U64(f.state.anchors[f.state.anchor_count - 1].origin, 1);
    fixture_fini(&f);
}

int main(void)
{
    TAP_RUN(what_scores_best_stays);
    TAP_RUN(the_archive_is_scored_anew);
    TAP_RUN(the_close_ones_wait);
    TAP_RUN(round_the_ring);
    TAP_RUN(by_region);
    TAP_RUN(genesis_reaches_everybody);
    TAP_RUN(nothing_is_kept_without_room);
    return tap_done();
}
