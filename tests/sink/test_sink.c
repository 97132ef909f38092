/* The promises of a sink that no command shows: two writers, gaps, and one that fails in the middle of an epoch. */
#include "sink/sink.h"

#include <stdlib.h>

#include "base/file.h"
#include "tap.h"

static const struct patience patience = {.seconds = 10};
static char url[256];
static struct buf genesis, epochs[4];

static void read_shipped(void)
{
    struct buf path = {0};

    buf_printf(&path, "%s/artifacts/mec/M5/ledger/genesis.json", tap_source_root());
    ASSERT(file_read(buf_text(&path), 1 << 24, &genesis, NULL) == ERR_OK);
    for (unsigned i = 1; i < 4; i++) {
        buf_clear(&path);
        buf_printf(&path, "%s/artifacts/mec/M5/ledger/epoch_%03u.json", tap_source_root(), i);
        ASSERT(file_read(buf_text(&path), 1 << 24, &epochs[i], NULL) == ERR_OK);
    }
    buf_free(&path);
}

static struct sink *begin(const char *label, uint64_t *last)
{
    struct sink *s = NULL;

    ASSERT(sink_open(url, SINK_WRITE, &patience, &s, NULL) == ERR_OK);
    ASSERT(sink_begin(s, label, bytes_of_buf(&genesis), last, NULL) == ERR_OK);
    return s;
}

static enum err put(struct sink *s, unsigned epoch, struct diag *diag)
{
    return sink_put_epoch(s, epoch, bytes_of_buf(&epochs[epoch]), (struct bytes){0}, diag);
}

static void of_two_writers_one_is_refused(void)
{
    uint64_t last = 9;
    struct diag diag = {0};
    struct sink *a = begin("two", &last), *b = begin("two", &last);

    CHECK_EQ_U64(last, 0);
    CHECK(put(a, 1, &diag) == ERR_OK);
    CHECK(put(b, 1, &diag) == ERR_IO);
    CHECK(strstr(diag.text, "somebody else writes the ledger \"two\"") != NULL);
    sink_close(b);
    b = begin("two", &last);
    CHECK_EQ_U64(last, 1);
    CHECK(put(b, 2, &diag) == ERR_OK);
    sink_close(a);
    sink_close(b);
}

static void a_gap_is_refused(void)
{
    uint64_t last;
    struct diag diag = {0};
    struct sink *s = begin("gap", &last);

    CHECK(put(s, 1, &diag) == ERR_OK);
    CHECK(put(s, 3, &diag) == ERR_STATE);
    CHECK(put(s, 2, &diag) == ERR_OK);
    CHECK(put(s, 3, &diag) == ERR_OK);
    sink_close(s);
    s = begin("gap", &last);
    CHECK_EQ_U64(last, 3);
    sink_close(s);
}

/* What contradicts itself leaves no trace, and the right one comes in afterwards. */
static void an_epoch_is_there_whole_or_not_at_all(void)
{
    uint64_t last;
    struct diag diag = {0};
    struct sink *s = begin("whole", &last);

    CHECK(put(s, 1, &diag) == ERR_OK);
    CHECK(sink_put_epoch(s, 2, bytes_of_buf(&epochs[3]), (struct bytes){0}, &diag) == ERR_MISMATCH);
    CHECK(strstr(diag.text, "epoch 2: its anchor is that of epoch 3") != NULL);
    sink_close(s);
    s = begin("whole", &last);
    CHECK_EQ_U64(last, 1);
    CHECK(put(s, 2, &diag) == ERR_OK);
    sink_close(s);
}

int main(void)
{
    char folder[] = "/tmp/sink-XXXXXX";
    struct buf command = {0};

    ASSERT(mkdtemp(folder) != NULL);
    snprintf(url, sizeof url, "sqlite:%s/sink.db", folder);
    read_shipped();
    TAP_RUN(of_two_writers_one_is_refused);
    TAP_RUN(a_gap_is_refused);
    TAP_RUN(an_epoch_is_there_whole_or_not_at_all);
    buf_printf(&command, "rm -rf %s", folder);
    ASSERT(system(buf_text(&command)) == 0);
    buf_free(&command);
    buf_free(&genesis);
    for (unsigned i = 1; i < 4; i++)
        buf_free(&epochs[i]);
    return tap_done();
}
