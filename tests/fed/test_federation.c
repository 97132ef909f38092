#include "federation.h"

#include <string.h>

#include "base/text.h"
#include "fed/messages.h"
#include "tap.h"

/* Whole federations. A failure prints its seed; run one seed alone with
 *     PRISMFED_SEED=N build/tests/fed/test_fed_federation
 * and COUNT from there on with PRISMFED_SEEDS=COUNT. */

static struct federation fed;

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    uint64_t v;

    return text != NULL && u64_parse(text, &v) == ERR_OK ? v : otherwise;
}

/* Runs the federation of each seed; a scenario sets it up, and says afterwards what must hold. */
struct scenario {
    unsigned validators, participants;
    uint64_t seeds;
    void (*prepare)(struct federation_options *options);
    void (*faults)(struct federation *f, struct prng *prng);
    void (*verify)(const struct federation *f);
};

static void run_seed(const struct scenario *s, uint64_t seed)
{
    struct federation_options options = federation_usual(s->validators, s->participants, seed);
    struct prng prng;

    tap_seed(seed);
    prng_stream(&prng, seed, "faults", 0);
    if (s->prepare != NULL)
        s->prepare(&options);
    federation_init(&fed, &options);
    if (s->faults != NULL)
        s->faults(&fed, &prng);
    federation_start(&fed);
    CHECK(federation_run(&fed, 600 * SECOND)); /* it comes to rest */
    CHECK_EQ_TEXT(fed.breach, "");
    CHECK(federation_agrees(&fed));
    if (s->verify != NULL)
        s->verify(&fed);
    federation_fini(&fed);
}

static void run(const struct scenario *s)
{
    uint64_t first = number_of("PRISMFED_SEED", 0), count = number_of("PRISMFED_SEEDS", s->seeds);
    unsigned before = tap.complaints;

    if (getenv("PRISMFED_SEED") != NULL && getenv("PRISMFED_SEEDS") == NULL)
        count = 1;
    for (uint64_t seed = first; seed < first + count && tap.complaints == before; seed++)
        run_seed(s, seed);
    if (tap.complaints > before)
        tap_note("replay: PRISMFED_SEED=%" PRIu64 " build/tests/fed/test_fed_federation", tap.seed);
}

static void all_is_well(const struct federation *f)
{
    const struct federation_state *s = federation_state(f);

    for (unsigned i = 0; i < f->count; i++) {
        CHECK_EQ_U64(state_member(s, i)->status, MEMBER_ACTIVE);
        CHECK_EQ_U64(f->nodes[i].anchors, f->options.last_epoch);
        CHECK_EQ_U64(fed_pbft_status(f->nodes[i].fed).view, 0);
    }
}

/* What a node scored last starts its next cycle: its own offers and what is in the archive, nothing that only others
 * have offered, cheapest first. */
static void scored_is_known(const struct federation *f)
{
    all_is_well(f);
    for (unsigned i = 0; i < f->count; i++) {
        const struct cycle_job *job = &f->nodes[i].last_cycle->cycle;

        CHECK_EQ_U64(job->epoch, f->options.last_epoch);
        CHECK(job->known_count >= 1 && job->known_count <= job->archive_count + job->migrants);
        for (unsigned k = 0; k < job->known_count; k++) {
            CHECK(job->known[k].cost >= 1000);
            CHECK(k == 0 || job->known[k - 1].cost <= job->known[k].cost);
        }
    }
}

/* A validator's disk stops, and later goes on: the node follows no further than it may without it. */
static void stop_a_disk(struct federation *f, struct prng *prng)
{
    int64_t at_ns = (int64_t)prng_below(prng, 300) * MILLISECOND;

    federation_at(f, at_ns, node_disk_stops, f->count - 1);
    federation_at(f, at_ns + 200 * SECOND, node_disk_goes_on, f->count - 1);
}

static void thirty_epochs(struct federation_options *options)
{
    options->last_epoch = 30;
    options->collect_ns = options->score_ns = 2 * SECOND;
}

static void did_not_outrun_its_disk(const struct federation *f)
{
    enum { ONE_STEP = 6 * 16 }; /* writes of one step: all slots of a window */
    const struct node *n = &f->nodes[f->count - 1];

    CHECK(n->host.in_flight_max >= FED_WRITES_IN_FLIGHT);
    CHECK(n->host.in_flight_max <= FED_WRITES_IN_FLIGHT + ONE_STEP);
    CHECK_EQ_U64(outbox_in_flight(&n->host.outbox), 0);
    tap_note("%u writes in flight", (unsigned)n->host.in_flight_max);
}

static void no_node_outruns_its_disk(void)
{
    run(&(struct scenario){.validators = 4,
                           .participants = 2,
                           .seeds = 2,
                           .prepare = thirty_epochs,
                           .faults = stop_a_disk,
                           .verify = did_not_outrun_its_disk});
}

static void three_nodes_agree(void)
{
    run(&(struct scenario){.validators = 3, .seeds = 4, .verify = scored_is_known});
}

static void four_nodes_agree(void)
{
    run(&(struct scenario){.validators = 4, .seeds = 4, .verify = all_is_well});
}

static void one_validator_and_participants_agree(void)
{
    run(&(struct scenario){.validators = 1, .participants = 2, .seeds = 3, .verify = all_is_well});
}

static void validators_and_participants_agree(void)
{
    run(&(struct scenario){.validators = 4, .participants = 3, .seeds = 4, .verify = all_is_well});
}

static void rough_network(struct federation_options *o)
{
    o->loss_permille = 100;
    o->duplicate_permille = 50;
    o->delay_max_ns = 300 * MILLISECOND;
}

static void loss_and_disorder_are_survived(void)
{
    run(&(struct scenario){.validators = 4, .participants = 2, .seeds = 6, .prepare = rough_network});
}

/* ---- crashes */

static void lose_participant(struct federation *f, struct prng *prng)
{
    federation_at(f, (int64_t)prng_below(prng, 500) * MILLISECOND, node_crash, f->count - 1);
}

static void participant_is_absent(const struct federation *f)
{
    CHECK(state_member(federation_state(f), f->count - 1)->status != MEMBER_ACTIVE);
}

static void crashed_participant_is_closed_out(void)
{
    run(&(struct scenario){
        .validators = 4, .participants = 1, .seeds = 4, .faults = lose_participant, .verify = participant_is_absent});
}

static void lose_primary(struct federation *f, struct prng *prng)
{
    federation_at(f, (int64_t)prng_below(prng, 500) * MILLISECOND, node_crash, 0);
}

static void view_has_changed(const struct federation *f)
{
    CHECK(fed_pbft_status(f->nodes[1].fed).view > 0);
}

static void crashed_primary_is_replaced(void)
{
    run(&(struct scenario){
        .validators = 4, .participants = 1, .seeds = 4, .faults = lose_primary, .verify = view_has_changed});
}

static void crashed_primary_of_three_is_replaced(void)
{
    run(&(struct scenario){.validators = 3, .seeds = 4, .faults = lose_primary, .verify = view_has_changed});
}

/* Every node dies in the middle of some list of effects, one after the other, and comes back. */
static void restart_each(struct federation *f, struct prng *prng)
{
    for (unsigned i = 0; i < f->count; i++) {
        node_dies_after(f, i, 1 + (unsigned)prng_below(prng, 400));
        f->nodes[i].back_after_ns = (int64_t)(1 + prng_below(prng, 3000)) * MILLISECOND;
    }
}

static void restarts_do_not_forget(void)
{
    run(&(struct scenario){.validators = 4, .participants = 2, .seeds = 12, .faults = restart_each});
}

static void restarts_with_loss_do_not_forget(void)
{
    run(&(struct scenario){
        .validators = 3, .participants = 1, .seeds = 12, .prepare = rough_network, .faults = restart_each});
}

/* Nobody lives for more than some effects, until it is calm at last. */
static void restart_often(struct federation *f, struct prng *prng)
{
    f->calm_ns = 20 * SECOND;
    for (unsigned i = 0; i < f->count; i++) {
        f->nodes[i].crash_spread = 20 + (unsigned)prng_below(prng, 250);
        f->nodes[i].back_after_ns = (int64_t)(1 + prng_below(prng, 2000)) * MILLISECOND;
    }
}

static void everybody_restarted(const struct federation *f)
{
    for (unsigned i = 0; i < f->count; i++)
        CHECK(f->nodes[i].restarts > 1);
}

static void many_epochs(struct federation_options *o)
{
    o->last_epoch = 12;
}

static void constant_crashes_are_survived(void)
{
    run(&(struct scenario){.validators = 4,
                           .participants = 2,
                           .seeds = 4,
                           .prepare = many_epochs,
                           .faults = restart_often,
                           .verify = everybody_restarted});
}

static void constant_crashes_of_three_are_survived(void)
{
    run(&(struct scenario){.validators = 3,
                           .participants = 1,
                           .seeds = 4,
                           .prepare = many_epochs,
                           .faults = restart_often,
                           .verify = everybody_restarted});
}

static void long_run(struct federation_options *o)
{
    o->last_epoch = 14;
}

/* What it signed reached nobody, is too late, and must be remembered all the same. */
static void mute_then_restart(struct federation *f, struct prng *prng)
{
    unsigned node = f->count - 1;
    int64_t at_ns = 4 * SECOND + (int64_t)prng_below(prng, 2000) * MILLISECOND;

    federation_at(f, 0, node_silence, node);
    federation_at(f, at_ns, node_crash, node);
    federation_at(f, at_ns + 10 * MILLISECOND, node_start, node);
    federation_at(f, at_ns + 5 * SECOND, node_reconnect, node);
}

static void unheard_entries_are_not_forgotten(void)
{
    run(&(struct scenario){
        .validators = 3, .participants = 1, .seeds = 12, .prepare = long_run, .faults = mute_then_restart});
}

/* No quorum on any side for a while. */
static void split(struct federation *f, struct prng *prng)
{
    int64_t at_ns = (int64_t)prng_below(prng, 2000) * MILLISECOND;

    for (unsigned i = 0; i < f->options.validators / 2; i++) {
        federation_at(f, at_ns, node_cut_off, i);
        federation_at(f, at_ns + 10 * SECOND, node_reconnect, i);
    }
}

static void lost_quorum_comes_back(void)
{
    run(&(struct scenario){.validators = 4, .participants = 1, .seeds = 6, .prepare = many_epochs, .faults = split});
}

/* ---- away for too long */

static void leave_and_return(struct federation *f, struct prng *prng)
{
    int64_t at_ns = (int64_t)prng_below(prng, 300) * MILLISECOND;

    f->trace_node = (int)f->count - 1;
    federation_at(f, at_ns, node_cut_off, f->count - 1);
    federation_at(f, at_ns + 7 * SECOND, node_reconnect, f->count - 1);
}

static void has_reconciled(const struct federation *f)
{
    struct buf trace = {0};

    buf_add(&trace, f->trace.data, f->trace.len);
    CHECK(strstr(buf_text(&trace), "fed.quarantined") != NULL);
    CHECK(strstr(buf_text(&trace), "fed.reconcile") != NULL);
    buf_free(&trace);
    CHECK_EQ_U64(state_member(federation_state(f), f->count - 1)->status, MEMBER_ACTIVE);
}

static void who_was_away_is_quarantined_and_reconciles(void)
{
    run(&(struct scenario){.validators = 3,
                           .participants = 1,
                           .seeds = 4,
                           .prepare = long_run,
                           .faults = leave_and_return,
                           .verify = has_reconciled});
}

/* ---- coming, going, being slow */

static void take_leave(struct federation *f, unsigned node)
{
    node_tell(f, node, FED_EVENT_LEAVE, NULL);
}

static void leaver(struct federation *f, struct prng *prng)
{
    federation_at(f, (int64_t)prng_below(prng, 1000) * MILLISECOND, take_leave, f->count - 1);
}

static void has_left(const struct federation *f)
{
    CHECK_EQ_U64(state_member(federation_state(f), f->count - 1)->status, MEMBER_LEFT);
    CHECK_EQ_U64(fed_outcome(f->nodes[0].fed)->update_count, f->count - 1);
}

static void who_leaves_is_not_waited_for(void)
{
    run(&(struct scenario){.validators = 3, .participants = 2, .seeds = 4, .faults = leaver, .verify = has_left});
}

static void one_newcomer(struct federation_options *o)
{
    o->newcomers = 1;
    o->last_epoch = 6;
}

/* The operator of this validator signs a newcomer off, sponsored by validator 1. */
static void sign_off(struct federation *f, unsigned node, const struct member_card *card, const struct secret_key *key)
{
    const struct federation_state *s = federation_state(f);
    struct change change = {.kind = CHANGE_JOIN, .card = *card};
    struct buf body = {0};

    snprintf(change.sponsor, sizeof change.sponsor, "%s", state_member(s, 1)->card.name);
    change_body_encode(&change, 60, &s->federation_id, key, &body);
    struct blob *blob = blob_new(bytes_of_buf(&body));
    node_tell(f, node, FED_EVENT_SIGN_OFF, blob);
    blob_drop(blob);
    buf_free(&body);
}

static void invite(struct federation *f, unsigned node)
{
    struct member_card card = federation_card(f, node);

    for (unsigned i = 0; i < f->options.validators; i++)
        sign_off(f, i, &card, &f->nodes[node].key);
    node_start(f, node);
}

static void newcomer(struct federation *f, struct prng *prng)
{
    federation_at(f, (int64_t)prng_below(prng, 1000) * MILLISECOND, invite, f->count - 1);
}

static void has_joined(const struct federation *f)
{
    REQUIRE(federation_state(f)->member_count == f->count);
    CHECK_EQ_U64(state_member(federation_state(f), f->count - 1)->status, MEMBER_ACTIVE);
    CHECK_EQ_U64(fed_outcome(f->nodes[0].fed)->update_count, f->count);
}

static void who_joins_takes_part(void)
{
    run(&(struct scenario){.validators = 3,
                           .participants = 1,
                           .seeds = 4,
                           .prepare = one_newcomer,
                           .faults = newcomer,
                           .verify = has_joined});
}

/* Its cycle takes a little longer than anybody waits. */
static void slow_site(struct federation *f, struct prng *prng)
{
    f->nodes[f->count - 1].cycle_ns = 4000 * MILLISECOND + (int64_t)prng_below(prng, 300) * MILLISECOND;
}

static void was_heard_late(const struct federation *f)
{
    CHECK(f->most_stale[f->count - 1] > 0);
    CHECK(state_member(federation_state(f), f->count - 1)->status != MEMBER_CONVICTED);
}

static void slow_site_is_heard_late(void)
{
    run(&(struct scenario){.validators = 3,
                           .participants = 1,
                           .seeds = 4,
                           .prepare = long_run,
                           .faults = slow_site,
                           .verify = was_heard_late});
}

/* ---- liars */

static struct blob *signed_entry(const struct federation *f, unsigned node, struct envelope e)
{
    struct buf bytes = {0};

    e.federation_id = federation_state(f)->federation_id;
    e.ledger_block_id = federation_state(f)->block_id;
    envelope_sign(&f->nodes[node].key, &e, &bytes);
    struct blob *message = message_entry(bytes_of_buf(&bytes));
    buf_free(&bytes);
    return message;
}

static struct blob *update_of(const struct federation *f, unsigned node, int64_t delta_ppm)
{
    const struct federation_state *s = federation_state(f);
    struct update_body body = {.delta_ppm = delta_ppm, .evaluations = 1, .iterations = 1, .count = 1, .costs = {1}};
    struct buf genome = {0}, encoded = {0};

    genome_encode(s->schema, &s->incumbent, &genome);
    body.genomes[0] = bytes_of_buf(&genome);
    update_body_encode(&body, &encoded);
    struct blob *message = signed_entry(
        f, node,
        (struct envelope){
            .kind = ENTRY_UPDATE, .sequence = 1, .federated_epoch = s->epoch, .body = bytes_of_buf(&encoded)});
    buf_free(&genome);
    buf_free(&encoded);
    return message;
}

/* One UPDATE for half of the validators, another with the same number for the rest. */
static void sign_twice(struct federation *f, unsigned node)
{
    for (unsigned to = 0; to < f->options.validators; to++)
        federation_send(f, node, to, update_of(f, node, to % 2));
}

static void double_signer(struct federation *f, struct prng *prng)
{
    f->nodes[f->count - 1].played = true;
    federation_at(f, (int64_t)(1 + prng_below(prng, 400)) * MILLISECOND, sign_twice, f->count - 1);
}

static void liar_is_convicted(const struct federation *f)
{
    const struct federation_state *s = federation_state(f);

    for (unsigned i = 0; i + 1 < f->count; i++)
        CHECK(state_member(s, i)->status != MEMBER_CONVICTED);
    CHECK_EQ_U64(state_member(s, f->count - 1)->status, MEMBER_CONVICTED);
}

static void double_signer_is_convicted(void)
{
    run(&(struct scenario){
        .validators = 4, .participants = 2, .seeds = 6, .faults = double_signer, .verify = liar_is_convicted});
}

/* Two EVIDENCE entries under one number, each as large as an envelope may be: who reports them needs room for both. */
static void report_twice(struct federation *f, unsigned node)
{
    struct buf content = {0}, text = {0}, statements[2] = {{0}}, body = {0};
    struct cbor_writer w;

    for (unsigned i = 0; i < 2; i++) {
        buf_clear(&content);
        buf_clear(&text);
        for (size_t k = 0; k < ENVELOPE_STATEMENT_MAX - ENVELOPE_ROOM; k++)
            buf_add_byte(&content, (uint8_t)i);
        cbor_writer_init(&w, &text);
        cbor_put_bytes(&w, bytes_of_buf(&content));
        cbor_writer_done(&w);
        struct envelope e = {.kind = ENTRY_UPDATE, .sequence = 1, .federation_id = federation_state(f)->federation_id};
        e.ledger_block_id = federation_state(f)->block_id;
        e.body = bytes_of_buf(&text);
        envelope_sign(&f->nodes[node].key, &e, &statements[i]);
    }
    for (unsigned i = 0; i < 2; i++) {
        struct evidence_body b = {bytes_of_buf(&statements[i]), bytes_of_buf(&statements[1 - i])};
        struct envelope e = {.sequence = 2, .federated_epoch = federation_state(f)->epoch};
        buf_clear(&body);
        evidence_body_encode(&b, &body, &e);
        for (unsigned to = 0; to < f->options.validators; to++)
            federation_send(f, node, to, signed_entry(f, node, e));
    }
    buf_free(&content);
    buf_free(&text);
    buf_free(&statements[0]);
    buf_free(&statements[1]);
    buf_free(&body);
}

static void large_reporter(struct federation *f, struct prng *prng)
{
    f->nodes[f->count - 1].played = true;
    federation_at(f, (int64_t)(1 + prng_below(prng, 400)) * MILLISECOND, report_twice, f->count - 1);
}

static void evidence_of_any_size_kills_nobody(void)
{
    run(&(struct scenario){
        .validators = 4, .participants = 2, .seeds = 2, .faults = large_reporter, .verify = liar_is_convicted});
}

static void send_vote(struct federation *f, unsigned node, uint64_t sequence, uint8_t block)
{
    struct vote vote = {
        .federation_id = federation_state(f)->federation_id,
        .membership_epoch = federation_state(f)->membership_epoch,
        .sequence = sequence,
        .block_id = {{block}},
    };
    struct buf signed_vote = {0}, message = {0};
    struct cbor_writer w;

    vote_sign(&f->nodes[node].key, &vote, &signed_vote);
    cbor_writer_init(&w, &message);
    cbor_put_array(&w, 2);
    cbor_put_uint(&w, 3); /* PBFT's COMMIT */
    cbor_put_raw(&w, bytes_of_buf(&signed_vote));
    cbor_writer_done(&w);
    for (unsigned to = 0; to < f->options.validators; to++)
        federation_send(f, node, to, blob_new(bytes_of_buf(&message)));
    buf_free(&signed_vote);
    buf_free(&message);
}

static void vote_twice(struct federation *f, unsigned node)
{
    uint64_t sequence = federation_state(f)->height + 2;

    send_vote(f, node, sequence, 1);
    send_vote(f, node, sequence, 2);
}

static void double_voter(struct federation *f, struct prng *prng)
{
    f->nodes[f->count - 1].played = true;
    federation_at(f, (int64_t)(1 + prng_below(prng, 400)) * MILLISECOND, vote_twice, f->count - 1);
}

static void double_voter_is_convicted(void)
{
    run(&(struct scenario){.validators = 4, .seeds = 6, .faults = double_voter, .verify = liar_is_convicted});
}

static void much_noise(struct federation_options *o)
{
    o->garble_permille = 500;
}

static void nobody_is_convicted(const struct federation *f)
{
    unsigned refused = 0;

    for (unsigned i = 0; i < f->count; i++) {
        CHECK_EQ_U64(state_member(federation_state(f), i)->status, MEMBER_ACTIVE);
        for (unsigned err = ERR_OK + 1; err < ERR_COUNT; err++)
            refused += f->nodes[i].errors[err];
    }
    CHECK(refused > 0);
}

static void damaged_messages_are_refused(void)
{
    run(&(struct scenario){
        .validators = 4, .participants = 2, .seeds = 6, .prepare = much_noise, .verify = nobody_is_convicted});
}

/* The primary's clock is four times too fast: it thinks that every deadline has passed. */
static void hasty_primary(struct federation *f, struct prng *prng)
{
    (void)prng;
    node_clock(f, 0, 400);
    f->nodes[f->count - 1].played = true; /* silent: nobody can close the phase without a CLOSE */
}

static void one_epoch(struct federation_options *o)
{
    o->last_epoch = 1;
}

static void nothing_closed_early(const struct federation *f)
{
    for (unsigned i = 1; i < f->options.validators; i++)
        CHECK(f->nodes[i].anchored_ns >= f->options.collect_ns - f->options.tolerance_ns);
}

static void early_close_is_refused(void)
{
    run(&(struct scenario){.validators = 4,
                           .participants = 1,
                           .seeds = 3,
                           .prepare = one_epoch,
                           .faults = hasty_primary,
                           .verify = nothing_closed_early});
}

/* The primary's clock is slow: it will not say that the deadline passed. Others always have something for it to order,
 * so that it makes progress all the same. */
static void sponsor_another(struct federation *f, unsigned node)
{
    struct member_card card = federation_card(f, f->count - 1);
    struct secret_key key;

    snprintf(card.name, sizeof card.name, "guest-%" PRId64, federation_now(f) / MILLISECOND);
    key_simulated(f->options.seed, card.name, &key);
    card.key = key.public;
    sign_off(f, node, &card, &key);
    if (federation_now(f) < 30 * SECOND)
        federation_at(f, federation_now(f) + 700 * MILLISECOND, sponsor_another, node);
}

static void slow_primary(struct federation *f, struct prng *prng)
{
    node_clock(f, 0, 10);
    f->nodes[f->count - 1].played = true; /* silent */
    federation_at(f, (int64_t)(1 + prng_below(prng, 500)) * MILLISECOND, sponsor_another, 1);
}

static void closed_in_time(const struct federation *f)
{
    CHECK(f->nodes[1].anchored_ns > f->options.collect_ns - f->options.tolerance_ns);
    CHECK(f->nodes[1].anchored_ns < 25 * SECOND);
}

static void withheld_close_is_made_up_for(void)
{
    run(&(struct scenario){.validators = 4,
                           .participants = 1,
                           .seeds = 3,
                           .prepare = one_epoch,
                           .faults = slow_primary,
                           .verify = closed_in_time});
}

/* ---- the straight line of one genome update, as the validator that found it sees it */

static const char *const straight_line[] = {
    "fed.load_meta",    "fed.cycle_start", "fed.meta_update", "fed.sign",       "fed.admit",
    "pbft.pre_prepare", "pbft.prepared",   "pbft.decided",    "fed.decided",    "fed.merkle_append",
    "fed.align",        "fed.aggregate",   "fed.guard",       "fed.meta_state", "fed.anchor",
};

static void trace_primary(struct federation *f, struct prng *prng)
{
    (void)prng;
    f->trace_node = 0;
}

static void trace_is_the_line(const struct federation *f)
{
    struct buf trace = {0};
    const char *at;

    buf_add(&trace, f->trace.data, f->trace.len);
    at = buf_text(&trace);
    for (size_t i = 0; i < sizeof straight_line / sizeof straight_line[0]; i++) {
        const char *found = strstr(at, straight_line[i]);
        CHECK(found != NULL);
        if (found == NULL) {
            tap_note("no %s in its place", straight_line[i]);
            break;
        }
        at = found + 1;
    }
    buf_free(&trace);
}

static void trace_shows_the_straight_line(void)
{
    run(&(struct scenario){
        .validators = 3, .seeds = 1, .prepare = one_epoch, .faults = trace_primary, .verify = trace_is_the_line});
}

/* ---- same inputs, same effects */

static void same_seed_same_history(void)
{
    struct federation_options options = federation_usual(4, 2, 7);
    struct digest ids[2];
    uint64_t steps[2];

    rough_network(&options);
    for (unsigned i = 0; i < 2; i++) {
        federation_init(&fed, &options);
        if (i == 1) { /* a driver may remember verdicts on signatures: that must not show */
            verify_cache_free(fed.verify_cache);
            fed.verify_cache = NULL;
        }
        federation_start(&fed);
        CHECK(federation_run(&fed, 600 * SECOND));
        ids[i] = federation_state(&fed)->block_id;
        steps[i] = fed.hosts.steps;
        federation_fini(&fed);
    }
    CHECK(digest_equal(&ids[0], &ids[1]));
    CHECK_EQ_U64(steps[0], steps[1]);
}

int main(void)
{
    TAP_RUN(no_node_outruns_its_disk);
    TAP_RUN(three_nodes_agree);
    TAP_RUN(four_nodes_agree);
    TAP_RUN(one_validator_and_participants_agree);
    TAP_RUN(validators_and_participants_agree);
    TAP_RUN(loss_and_disorder_are_survived);
    TAP_RUN(crashed_participant_is_closed_out);
    TAP_RUN(crashed_primary_is_replaced);
    TAP_RUN(crashed_primary_of_three_is_replaced);
    TAP_RUN(restarts_do_not_forget);
    TAP_RUN(restarts_with_loss_do_not_forget);
    TAP_RUN(constant_crashes_are_survived);
    TAP_RUN(constant_crashes_of_three_are_survived);
    TAP_RUN(unheard_entries_are_not_forgotten);
    TAP_RUN(lost_quorum_comes_back);
    TAP_RUN(who_was_away_is_quarantined_and_reconciles);
    TAP_RUN(who_leaves_is_not_waited_for);
    TAP_RUN(who_joins_takes_part);
    TAP_RUN(slow_site_is_heard_late);
    TAP_RUN(double_signer_is_convicted);
    TAP_RUN(evidence_of_any_size_kills_nobody);
    TAP_RUN(double_voter_is_convicted);
    TAP_RUN(damaged_messages_are_refused);
    TAP_RUN(early_close_is_refused);
    TAP_RUN(withheld_close_is_made_up_for);
    TAP_RUN(trace_shows_the_straight_line);
    TAP_RUN(same_seed_same_history);
    return tap_done();
}
