#include "cluster.h"
#include "pbft/internal.h"

#include "tap.h"

/* What a store gives back is what was persisted, or the replica notices. */

/* A replica with records before and after its last snapshot, in view 1. */
static void run(struct cluster *c)
{
    cluster_init(c, 4, 5);
    c->config.batch_max = 1;
    cluster_start(c);
    for (unsigned k = 0; k < 2 * c->config.checkpoint_interval + 1; k++)
        cluster_submit(c, k);
    CHECK(cluster_run_decided(c, 5000 * MS));
    cluster_crash(c, 0);
    cluster_submit(c, 40);
    cluster_submit(c, 41);
    CHECK(cluster_run_decided(c, cluster_now(c) + 9000 * MS));
    CHECK_EQ_U64(pbft_status(c->nodes[1].pbft).view, 1);
    CHECK(pbft_status(c->nodes[1].pbft).stable > 0);
    CHECK(c->failure[0] == '\0');
}

static struct pbft *machine(const struct cluster *c)
{
    const struct cluster_node *node = &c->nodes[1];
    struct pbft_config config = c->config;
    struct pbft_app app = {0};

    config.self = 1;
    config.key = c->keys[1];
    return pbft_new(&config, &app, node->decided, &node->blocks[node->decided - 1].id);
}

/* With record `out` left out, `twice` read again right away, and one byte of `bad` changed; -1: none. */
static enum err restore(const struct cluster *c, size_t count, int64_t out, int64_t twice, int64_t bad, size_t byte)
{
    const struct cluster_node *node = &c->nodes[1];
    struct pbft *p = machine(c);
    enum err err = ERR_OK;

    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        struct blob *copy = blob_new(blob_bytes(node->host.disk.records[i].blob));
        if ((int64_t)i == bad)
            copy->data[byte % copy->len] ^= 1;
        if ((int64_t)i != out)
            err = pbft_restore(p, blob_bytes(copy));
        if ((int64_t)i == twice && err == ERR_OK)
            err = pbft_restore(p, blob_bytes(copy));
        blob_drop(copy);
    }
    if (err == ERR_OK)
        err = pbft_restored(p);
    pbft_free(p);
    return err;
}

static void what_was_written_is_read(void)
{
    struct cluster c;

    run(&c);
    for (size_t count = 0; count <= c.nodes[1].host.disk.count; count++) {
        enum err err = restore(&c, count, -1, -1, -1, 0);
        /* Of what is older than the last snapshot not a part alone. */
        CHECK(err == ERR_OK || (err == ERR_MISSING && count < c.nodes[1].host.disk.count));
    }
    CHECK_ERR(restore(&c, c.nodes[1].host.disk.count, -1, -1, -1, 0), ERR_OK);
    cluster_free(&c);
}

static void every_lost_record_is_missed_but_the_last(void)
{
    struct cluster c;
    size_t kinds[RECORD_DECIDED + 1] = {0};

    run(&c);
    size_t count = c.nodes[1].host.disk.count;
    for (size_t i = 0; i + 1 < count; i++) {
        struct record_head head;
        struct cbor_reader r;
        CHECK_ERR(record_open(blob_bytes(c.nodes[1].host.disk.records[i].blob), &head, &r), ERR_OK);
        CHECK_EQ_U64(head.number, c.nodes[1].host.disk.records[i].number);
        kinds[head.kind]++;
        CHECK_ERR(restore(&c, count, (int64_t)i, -1, -1, 0), ERR_MISSING);
    }
    for (unsigned kind = RECORD_SNAPSHOT; kind <= RECORD_DECIDED; kind++)
        CHECK(kinds[kind] > 0);
    CHECK_ERR(restore(&c, count, (int64_t)count - 1, -1, -1, 0), ERR_OK);
    cluster_free(&c);
}

static void damage_and_repetition_are_noticed(void)
{
    struct cluster c;

    run(&c);
    size_t count = c.nodes[1].host.disk.count;
    for (size_t i = 0; i < count; i++) {
        for (size_t byte = 0; byte < c.nodes[1].host.disk.records[i].blob->len; byte += 1 + byte / 7)
            CHECK(restore(&c, count, -1, -1, (int64_t)i, byte) != ERR_OK);
        CHECK_ERR(restore(&c, count, -1, (int64_t)i, -1, 0), ERR_DUPLICATE);
    }
    cluster_free(&c);
}

/* The bytes of one record in the place of another. */
/* A record with a sum that, as a text, is as well formed as it is as bytes. */
static void put_record(uint64_t number, struct buf *out)
{
    struct cbor_writer w;

    buf_clear(out);
    cbor_writer_init(&w, out);
    cbor_put_array(&w, 5);
    cbor_put_uint(&w, RECORD_CLAIM);
    for (unsigned i = 0; i < 2; i++)
        cbor_put_uint(&w, 1);
    cbor_put_uint(&w, number);
    struct digest sum = digest_of(bytes_of_buf(out));
    cbor_put_bytes(&w, bytes_of(sum.b, RECORD_SUM_SIZE));
    cbor_writer_done(&w);
}

static bool is_text(struct bytes in)
{
    for (size_t i = 0; i < in.len; i++)
        if (in.data[i] >= 0x80)
            return false;
    return true;
}

static void every_flipped_bit_is_noticed(void)
{
    struct buf record = {0};
    struct record_head head;
    struct cbor_reader r;

    for (uint64_t number = 0; number < 100000; number++) {
        put_record(number, &record);
        if (is_text(bytes_of(record.data + record.len - RECORD_SUM_SIZE, RECORD_SUM_SIZE)))
            break;
    }
    REQUIRE_OK(record_open(bytes_of_buf(&record), &head, &r));
    for (size_t i = 0; i < 8 * record.len; i++) {
        record.data[i / 8] ^= (uint8_t)(1U << i % 8);
        CHECK(record_open(bytes_of_buf(&record), &head, &r) != ERR_OK);
        record.data[i / 8] ^= (uint8_t)(1U << i % 8);
    }
    buf_free(&record);
}

static void a_misdirected_record_is_noticed(void)
{
    struct cluster c;

    run(&c);
    size_t count = c.nodes[1].host.disk.count;
    for (size_t from = 0; from < count; from++) {
        for (size_t to = 0; to < count; to++) {
            struct pbft *p = machine(&c);
            enum err err = ERR_OK;
            for (size_t i = 0; i < count && err == ERR_OK; i++)
                err = pbft_restore(p, blob_bytes(c.nodes[1].host.disk.records[i == to ? from : i].blob));
            if (err == ERR_OK)
                err = pbft_restored(p);
            CHECK((err == ERR_OK) == (from == to));
            pbft_free(p);
        }
    }
    cluster_free(&c);
}

int main(void)
{
    TAP_RUN(what_was_written_is_read);
    TAP_RUN(every_lost_record_is_missed_but_the_last);
    TAP_RUN(damage_and_repetition_are_noticed);
    TAP_RUN(every_flipped_bit_is_noticed);
    TAP_RUN(a_misdirected_record_is_noticed);
    return tap_done();
}
