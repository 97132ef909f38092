#include "federation.h"

#include <string.h>

#include "base/file.h"
#include "fed/messages.h"
#include "replica/messages.h"
#include "transfer/transfer.h"
#include "tap.h"

/* The inputs with which fuzz/fuzz_step.c and fuzz/fuzz_genesis.c begin: what member 1 receives in small federations.
 * They hold a genesis document, so a change of its format makes them useless; this test says so.
 *
 *     test_fed_corpus --write       after such a change */

enum { INPUT_MAX = 60 << 10, MEMBER = 1 };

static struct federation fed;
static struct buf input;
static bool recording, catching_up; /* catching_up: without what consensus says */
static unsigned blocks;             /* messages of blocks that are still to be recorded: they are long */

static void frame(struct bytes bytes)
{
    if (bytes.len > 0xffff || input.len + bytes.len + 2 > INPUT_MAX)
        return;
    buf_add_byte(&input, (uint8_t)(bytes.len >> 8));
    buf_add_byte(&input, (uint8_t)bytes.len);
    buf_add(&input, bytes.data, bytes.len);
}

static void watch(struct federation *f, unsigned from, unsigned to, struct bytes message)
{
    (void)f;
    if (!recording || to != MEMBER || from == MEMBER || (catching_up && pbft_owns(message)))
        return;
    bool has_blocks = message.len > 1 && message.data[1] == REPLICA_BLOCKS;
    if (!has_blocks || blocks > 0)
        frame(message);
    blocks -= has_blocks && blocks > 0;
}

static void begin_with(struct federation_options *options, uint64_t last_epoch)
{
    options->last_epoch = last_epoch;
    options->collect_ns = options->score_ns = SECOND;
    federation_init(&fed, options);
    fed.watch = watch;
    recording = true;
    blocks = 1;
    buf_clear(&input);
    frame(bytes_of_buf(&fed.genesis));
}

static void begin(unsigned validators, unsigned participants, uint64_t last_epoch)
{
    struct federation_options options = federation_usual(validators, participants, 1);

    begin_with(&options, last_epoch);
}

static void end(void)
{
    CHECK(federation_run(&fed, 600 * SECOND));
    CHECK_EQ_TEXT(fed.breach, "");
    federation_fini(&fed);
}

static void normal(void)
{
    begin(4, 1, 1);
    federation_start(&fed);
    end();
}

static void pair(void)
{
    begin(2, 0, 1);
    federation_start(&fed);
    end();
}

static void view_change(void)
{
    begin(4, 0, 1);
    federation_at(&fed, 20 * MILLISECOND, node_crash, 0);
    federation_start(&fed);
    end();
}

/* The participant's claims are false, and others say so. */
static void recount(void)
{
    struct federation_options options = federation_usual(4, 1, 1);

    options.spot_checks = 8;
    options.shards = 3;
    begin_with(&options, 2);
    fed.nodes[4].inflates = true;
    federation_start(&fed);
    end();
}

static void lose_disk(struct federation *f, unsigned node)
{
    recording = true;
    node_wipe(f, node);
}

static void transfer(void)
{
    begin(4, 0, 30);
    recording = false;
    catching_up = true;
    federation_at(&fed, 20 * SECOND, lose_disk, MEMBER);
    federation_start(&fed);
    end();
    catching_up = false;
}

static const struct {
    const char *name;
    void (*make)(void);
} inputs[] = {
    {"normal", normal}, {"pair", pair}, {"view_change", view_change}, {"recount", recount}, {"transfer", transfer}};
enum { INPUTS = sizeof inputs / sizeof inputs[0] };

static const char *path_of(const char *target, const char *name)
{
    static char path[128];

    snprintf(path, sizeof path, "fuzz/corpus/%s/%s", target, name);
    return tap_source(path);
}

static int write_all(void)
{
    struct diag diag = {0};
    int status = 0;

    for (unsigned i = 0; i < INPUTS; i++) {
        inputs[i].make();
        status |= file_write(path_of("step", inputs[i].name), bytes_of_buf(&input), &diag) != ERR_OK;
    }
    begin(3, 0, 1);
    status |= file_write(path_of("genesis", "three_sites"), bytes_of_buf(&fed.genesis), &diag) != ERR_OK;
    federation_fini(&fed);
    return status;
}

static bool is_genesis(struct bytes bytes)
{
    struct federation_state s;
    bool is = state_genesis(bytes, &s, NULL) == ERR_OK;

    if (is)
        state_free(&s);
    return is;
}

static void they_are_of_this_format(void)
{
    struct diag diag = {0};
    struct buf text = {0};

    REQUIRE_OK(file_read(path_of("genesis", "three_sites"), 1 << 20, &text, &diag));
    CHECK(is_genesis(bytes_of_buf(&text)));
    for (unsigned i = 0; i < INPUTS; i++) {
        buf_clear(&text);
        REQUIRE_OK(file_read(path_of("step", inputs[i].name), 1 << 20, &text, &diag));
        REQUIRE(text.len > 2);
        size_t len = (size_t)text.data[0] << 8 | text.data[1];
        CHECK(len < text.len - 2 && is_genesis(bytes_of(text.data + 2, len)));
    }
    buf_free(&text);
}

/* What somebody receives who is given a state. */
static void a_transfer_is_among_them(void)
{
    struct diag diag = {0};
    struct buf text = {0};
    unsigned chunks = 0;

    REQUIRE_OK(file_read(path_of("step", "transfer"), 1 << 20, &text, &diag));
    for (size_t at = 0; at + 2 < text.len; at += 2 + ((size_t)text.data[at] << 8 | text.data[at + 1]))
        chunks += transfer_owns(bytes_of(text.data + at + 2, text.len - at - 2)) && text.data[at + 3] == TRANSFER_CHUNK;
    CHECK(chunks > 0);
    buf_free(&text);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--write") == 0) {
        int status = write_all();
        buf_free(&input);
        return status;
    }
    key_library_init();
    TAP_RUN(they_are_of_this_format);
    TAP_RUN(a_transfer_is_among_them);
    return tap_done();
}
