#include "base/effect.h"

#include "tap.h"

static unsigned bodies_freed;

static void count_body(struct effect_body *body)
{
    (void)body;
    bodies_freed++;
}

static void effects_keep_their_order(void)
{
    struct effects e = {0};
    struct effect_body outcome = {1, count_body};
    struct blob *blob = blob_new(bytes_of_text("message"));

    effects_persist(&e, 7, bytes_of_text("record"));
    effects_append(&e, 7, blob);
    effects_send(&e, PEER_OTHERS, blob);
    effects_timer_set(&e, 3, 99);
    effects_timer_stop(&e, 4);
    effects_forget(&e, 6);
    effects_note(&e, "a.name", 1, 2);
    effects_anchor(&e, 5, &outcome);
    CHECK_EQ_U64(e.count, 8);
    static const enum effect_kind kinds[] = {EFFECT_PERSIST,    EFFECT_APPEND, EFFECT_SEND, EFFECT_TIMER_SET,
                                             EFFECT_TIMER_STOP, EFFECT_FORGET, EFFECT_NOTE, EFFECT_ANCHOR};
    for (size_t i = 0; i < e.count; i++)
        CHECK_EQ_U64(e.items[i].kind, kinds[i]);
    CHECK_EQ_BYTES(blob_bytes(e.items[0].blob), bytes_of_text("record"));
    CHECK_EQ_I64(e.items[2].to, PEER_OTHERS);
    CHECK_EQ_I64(e.items[3].at_ns, 99);
    CHECK_EQ_TEXT(e.items[6].name, "a.name");
    effects_free(&e);
    CHECK_EQ_U64(outcome.holders, 1);
    blob_drop(blob);
}

static void what_pbft_sends_names_the_membership_epoch(void)
{
    struct effects e = {0};
    struct blob *blob = blob_new(bytes_of_text("message"));

    effects_send_replica(&e, 9, PEER_OTHERS, blob);
    CHECK(e.items[0].to == PEER_OTHERS && e.items[0].number == 9);
    effects_free(&e);
    CHECK_EQ_U64(blob->holders, 1);
    blob_drop(blob);
}

static void blobs_outlive_their_sender(void)
{
    struct effects e = {0};
    struct blob *blob = blob_new(bytes_of_text("shared"));

    for (int i = 0; i < 100; i++)
        effects_send(&e, i, blob);
    CHECK_EQ_U64(blob->holders, 101);
    blob_drop(blob);
    CHECK_EQ_BYTES(blob_bytes(e.items[99].blob), bytes_of_text("shared"));
    effects_clear(&e);
    CHECK_EQ_U64(e.count, 0);
    effects_free(&e);
}

static void bodies_go_with_the_last_holding(void)
{
    struct effects e = {0};
    struct effect_body first = {1, count_body}, second = {1, count_body};

    bodies_freed = 0;
    effects_job(&e, &first);
    effects_job(&e, effect_body_hold(&second));
    effects_cut(&e, 1);
    CHECK_EQ_U64(bodies_freed, 0);
    effect_body_drop(&second);
    CHECK_EQ_U64(bodies_freed, 1);
    effects_free(&e);
    CHECK_EQ_U64(bodies_freed, 2);
}

int main(void)
{
    TAP_RUN(bodies_go_with_the_last_holding);
    TAP_RUN(effects_keep_their_order);
    TAP_RUN(what_pbft_sends_names_the_membership_epoch);
    TAP_RUN(blobs_outlive_their_sender);
    return tap_done();
}
