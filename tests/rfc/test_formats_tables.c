#include "base/file.h"
#include "document.h"
#include "ledger/certificate.h"
#include "ledger/end.h"
#include "ledger/epoch_file.h"
#include "merkle/chunks.h"
#include "node/request.h"
#include "state/execute.h"
#include "tap.h"

/* The tables of docs/rfc/formats.md say what the sources say. */

static struct buf document;

static void limits(void)
{
    static const uint64_t values[] = {
        CBOR_DEPTH_MAX,   GENESIS_SIZE_MAX,     ENVELOPE_SIZE_MAX,  ENVELOPE_STATEMENT_MAX,
        ENTRY_LOGGED_MAX, BLOCK_ENTRIES_MAX,    BLOCK_SIZE_MAX,     CERTIFICATE_VOTES_MAX,
        MEMBERS_MAX,      CYCLE_CANDIDATES_MAX, CYCLE_MIGRANTS_MAX, STATE_CHUNK_SIZE,
    };
    enum { COUNT = sizeof values / sizeof values[0] };
    const char *at = NULL;
    char cells[2][64];
    unsigned rows = 0;

    while (document_row(buf_text(&document), "limits", &at, cells, 2) == 2) {
        if (CHECK(rows < COUNT) && !CHECK_EQ_U64(strtoull(cells[1], NULL, 10), values[rows]))
            tap_note("%s", cells[0]);
        rows++;
    }
    CHECK_EQ_U64(rows, COUNT);
}

/* Without the backticks that every verdict has. */
static bool is_row(const char *cell, const char *text)
{
    size_t n = strlen(text);

    return cell[0] == '`' && strncmp(cell + 1, text, n) == 0 && strcmp(cell + 1 + n, "`") == 0;
}

static void verdicts(void)
{
    static const enum err reasons[] = {
        ERR_SYNTAX, ERR_CANONICAL, ERR_TRUNCATED, ERR_RANGE,    ERR_TYPE,  ERR_UNKNOWN, ERR_DUPLICATE, ERR_MISSING,
        ERR_LIMIT,  ERR_KEY,       ERR_SIGNATURE, ERR_MISMATCH, ERR_STATE, ERR_STALE,   ERR_REVOKED,
    };
    enum { COUNT = sizeof reasons / sizeof reasons[0] };
    const char *at = NULL;
    char cells[1][64];
    unsigned rows = 0;

    while (document_row(buf_text(&document), "verdicts", &at, cells, 1) == 1) {
        const char *text = rows == 0 ? VERDICT_ACCEPTED : rows <= COUNT ? err_text(reasons[rows - 1]) : "";
        if (!CHECK(is_row(cells[0], text)))
            tap_note("%s is not %s", cells[0], text);
        rows++;
    }
    CHECK_EQ_U64(rows, COUNT + 1);
}

static void messages(void)
{
    static const char *const types[] = {ENVELOPE_CONTENT_TYPE,   VOTE_CONTENT_TYPE, ANCHOR_CONTENT_TYPE,
                                        POSSESSION_CONTENT_TYPE, END_CONTENT_TYPE,  REQUEST_CONTENT_TYPE};
    const char *at = NULL;
    char cells[4][64];
    unsigned found = 0;

    while (document_row(buf_text(&document), "messages", &at, cells, 4) == 4) {
        for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
            found += is_row(cells[1], types[i]);
    }
    CHECK_EQ_U64(found, sizeof types / sizeof types[0]);
}

int main(void)
{
    struct diag diag = {0};

    if (file_read(tap_source("docs/rfc/formats.md"), 1 << 20, &document, &diag) != ERR_OK)
        printf("# %s\n", diag.text);
    TAP_RUN(limits);
    TAP_RUN(verdicts);
    TAP_RUN(messages);
    buf_free(&document);
    return tap_done();
}
