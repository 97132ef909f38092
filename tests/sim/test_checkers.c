#include "fed/messages.h"
#include "run.h"
#include "tap.h"

/* A checker that never complains proves nothing: each is shown what it must notice. */

static bool open_run(struct run *run)
{
    run_federation(run, 3, 1, 2, "", 1, 31);
    return CHECK(run_anchored(run)) && CHECK(!run->rehearsal->checkers.violated);
}

static void two_blocks_at_one_height(void)
{
    struct height_seen *seen;
    struct checkers *c;
    struct run run;

    REQUIRE(open_run(&run));
    c = &run.rehearsal->checkers;
    CHECK(
        c->statements.count >
        6 * fed_state(run.rehearsal->nodes[1].fed)->height); /* a PREPARE and a COMMIT of each replica for each block */
    check_agreement(c, run.rehearsal, &run.rehearsal->nodes[1]);
    CHECK(!c->violated);
    seen = &c->heights[fed_state(run.rehearsal->nodes[1].fed)->height];
    seen->height += HEIGHTS_SEEN; /* out of the ring: by a ledger */
    check_agreement(c, run.rehearsal, &run.rehearsal->nodes[1]);
    CHECK(!c->violated);
    seen->height -= HEIGHTS_SEEN;
    seen->block_id.b[3] ^= 1;
    check_agreement(c, run.rehearsal, &run.rehearsal->nodes[1]);
    CHECK(c->violated && strstr(c->diag.text, "v1") != NULL);
    run_free(&run);
}

static void a_height_that_falls(void)
{
    struct run run;

    REQUIRE(open_run(&run));
    run.rehearsal->nodes[2].height += 1;
    check_agreement(&run.rehearsal->checkers, run.rehearsal, &run.rehearsal->nodes[2]);
    CHECK(run.rehearsal->checkers.violated);
    run_free(&run);
}

static void say_entry(struct checkers *c, const struct sim_node *n, uint64_t sequence, int64_t delta_ppm)
{
    struct update_body update = {.delta_ppm = delta_ppm};
    struct envelope e = {.kind = ENTRY_UPDATE, .sequence = sequence};
    struct buf body = {0}, text = {0};
    struct blob *message;

    update_body_encode(&update, &body);
    e.body = bytes_of_buf(&body);
    envelope_sign(&n->key, &e, &text);
    message = message_entry(bytes_of_buf(&text));
    check_signing(c, n, blob_bytes(message), 1);
    blob_drop(message);
    buf_free(&body);
    buf_free(&text);
}

static void two_entries_with_one_sequence(void)
{
    struct checkers c = {0};
    struct sim_node n = {.name = "n"};

    checkers_init(&c, 1);
    key_library_init();
    key_simulated(1, "n", &n.key);
    for (uint64_t i = 1; i <= 3000; i++) /* makes room on the way */
        say_entry(&c, &n, i, (int64_t)i);
    CHECK(c.statements.count < 3000 && c.statements.room <= 4096); /* what is over has gone */
    say_entry(&c, &n, 3000 - STATEMENTS_BACK, 3000 - STATEMENTS_BACK);
    CHECK(!c.violated);
    say_entry(&c, &n, 3000 - STATEMENTS_BACK, 17);
    CHECK(c.violated);
    checkers_fini(&c);
}

static void say_commit(struct checkers *c, const struct sim_node *n, uint64_t view, uint8_t block)
{
    struct vote vote = {.view = view, .sequence = 9, .block_id = {{block}}};
    struct buf cose = {0}, message = {0};
    struct cbor_writer w;

    vote_sign(&n->key, &vote, &cose);
    cbor_writer_init(&w, &message);
    cbor_put_array(&w, 2);
    cbor_put_uint(&w, 3);
    cbor_put_raw(&w, bytes_of_buf(&cose));
    cbor_writer_done(&w);
    check_signing(c, n, bytes_of_buf(&message), 1);
    buf_free(&cose);
    buf_free(&message);
}

static void two_commits_in_one_view(void)
{
    struct checkers c = {0};
    struct sim_node n = {.name = "n"};

    checkers_init(&c, 1);
    key_library_init();
    key_simulated(1, "n", &n.key);
    say_commit(&c, &n, 0, 1);
    say_commit(&c, &n, 0, 1);
    say_commit(&c, &n, 1, 2);
    CHECK(!c.violated);
    say_commit(&c, &n, 1, 3);
    CHECK(c.violated);
    checkers_fini(&c);
}

static void a_conviction_of_somebody_honest(void)
{
    struct checkers c = {0};
    struct sim_node n = {.name = "n"}, liar = {.name = "liar", .lied = true};
    struct member good = {.status = MEMBER_QUARANTINED}, convicted = {.status = MEMBER_CONVICTED};

    check_evidence(&c, &n, &liar, &convicted, 1);
    check_evidence(&c, &n, &n, &good, 1);
    CHECK(!c.violated);
    check_evidence(&c, &n, &n, &convicted, 1);
    CHECK(c.violated);
}

static void a_false_claim_of_somebody_honest(void)
{
    struct checkers c = {0};
    struct sim_node n = {.name = "n"}, liar = {.name = "liar", .lied = true};
    struct member found = {.status = MEMBER_ACTIVE, .false_claims = 1};

    check_evidence(&c, &n, &liar, &found, 1);
    CHECK(!c.violated);
    check_evidence(&c, &n, &n, &found, 1);
    CHECK(c.violated);
}

static void a_federation_that_stands_still(void)
{
    struct checkers *c;
    struct run run;

    REQUIRE(open_run(&run));
    c = &run.rehearsal->checkers;
    CHECK(c->calm);
    agenda_wait(&run.rehearsal->agenda, c->moved_ns + c->patience_ns);
    check_progress(c, run.rehearsal);
    CHECK(!c->violated);
    agenda_wait(&run.rehearsal->agenda, run.rehearsal->agenda.now_ns + 1);
    c->calm = false;
    check_progress(c, run.rehearsal);
    CHECK(!c->violated);
    c->calm = true;
    check_progress(c, run.rehearsal);
    CHECK(c->violated);
    run_free(&run);
}

/* A run with a violation ends and says so. */
static void a_violation_ends_the_run(void)
{
    struct rehearsal_options options = {.seed = 1, .epochs = 3, .threads = 1};
    struct rehearsal *r = NULL;
    struct buf text = {0};
    struct scenario scenario;
    struct diag diag = {0};

    federation_text(&text, 3, 0, 2, "");
    REQUIRE_OK(scenario_parse("test.json", bytes_of_buf(&text), &scenario, &diag));
    REQUIRE_OK(rehearsal_new(&scenario, &options, &r, &diag));
    checkers_violation(&r->checkers, 1234567, "v1", "it is %s", "odd");
    CHECK_ERR(rehearsal_run(r, &diag), ERR_MISMATCH);
    CHECK_EQ_TEXT(diag.text, "violation at 1.234567 ms at v1: it is odd");
    rehearsal_free(r);
    scenario_fini(&scenario);
    buf_free(&text);
}

int main(void)
{
    TAP_RUN(two_blocks_at_one_height);
    TAP_RUN(a_height_that_falls);
    TAP_RUN(two_entries_with_one_sequence);
    TAP_RUN(two_commits_in_one_view);
    TAP_RUN(a_conviction_of_somebody_honest);
    TAP_RUN(a_false_claim_of_somebody_honest);
    TAP_RUN(a_federation_that_stands_still);
    TAP_RUN(a_violation_ends_the_run);
    return tap_done();
}
