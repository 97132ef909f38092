#include "record/finished.h"

#include <inttypes.h>
#include <jansson.h>
#include <sys/stat.h>

#include "base/mutate.h"
#include "codec/json.h"

enum { SUMMARY_SIZE_MAX = 512 << 20 };

static bool is_there(const struct artifacts *a, const char *name)
{
    struct buf path = {0};
    struct stat st;
    bool there;

    buf_printf(&path, "%s/%s", (const char *)a->ledger.data, name);
    there = stat(buf_text(&path), &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0;
    buf_free(&path);
    return there;
}

static bool says(const json_t *summary, const char *key, json_t *value)
{
    bool same = json_equal(json_object_get(summary, key), value) != 0;

    json_decref(value);
    return same;
}

static bool is_of(const json_t *summary, const char *label, const struct finished_run *run)
{
    char seed[24];

    snprintf(seed, sizeof seed, "%" PRIu64, run->seed);
    return says(summary, "format", json_string("prismfed.epoch-summary")) && says(summary, "version", json_u64(1)) &&
           says(summary, "label", json_string(label)) &&
           says(summary, "federation_id", json_hex(digest_bytes(&run->genesis))) &&
           says(summary, "seed", json_string(seed)) &&
           says(summary, "scenario_sha256", json_hex(digest_bytes(&run->scenario))) &&
           says(summary, "epoch_count", json_u64(run->epochs));
}

/* An epoch that never ended has no incumbent, and no file. */
static bool has_files(const struct artifacts *a, const json_t *epochs)
{
    bool all = is_there(a, "genesis.json");

    for (size_t i = 0; all && i < json_array_size(epochs); i++) {
        const json_t *e = json_array_get(epochs, i);
        char name[40];

        if (json_is_null(json_object_get(e, "incumbent")))
            continue;
        snprintf(name, sizeof name, "epoch_%03" JSON_INTEGER_FORMAT ".json",
                 json_integer_value(json_object_get(e, "epoch")));
        all = is_there(a, name);
    }
    return all;
}

static uint64_t count_anchored(const json_t *epochs)
{
    uint64_t count = 0;

    for (size_t i = 0; i < json_array_size(epochs); i++)
        count += json_is_true(json_object_get(json_array_get(epochs, i), "anchored"));
    return count;
}

bool finished_already(const struct artifacts *a, const struct finished_run *run, uint64_t *anchored)
{
    struct json_doc doc;
    struct diag diag = {0};
    bool is;

    if (json_doc_load(&doc, (const char *)a->summary.data, SUMMARY_SIZE_MAX, &diag) != ERR_OK)
        return false;
    is = MUTATE(SIM_FINISHED_IS_ANY, true, is_of(doc.root, a->label, run)) &&
         has_files(a, json_object_get(doc.root, "epochs"));
    if (is)
        *anchored = count_anchored(json_object_get(doc.root, "epochs"));
    json_doc_free(&doc);
    return is;
}
