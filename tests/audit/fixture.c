#include "fixture.h"

#include <dirent.h>
#include <jansson.h>

#include "base/file.h"
#include "base/text.h"
#include "prismfed/simulation.h"
#include "tap.h"

_Noreturn static void bail_out(const char *why)
{
    printf("Bail out! %s\n", why);
    exit(1);
}

static void write_scenario(const char *path, unsigned validators, unsigned quorum, bool edge, const char *events)
{
    struct buf text = {0};
    struct diag diag = {0};

    buf_printf(&text,
               "{\"name\": \"fixture\", \"quorum\": %u, \"max_ledger_drift\": 1, \"epoch_start\": 3,"
               " \"nodes\": [",
               quorum);
    for (unsigned i = 0; i < validators; i++)
        buf_printf(&text,
                   "{\"id\": \"core-%u\", \"region\": \"r%u\", \"role\": \"core\", \"stake\": 1, "
                   "\"disclosed\": true}%s",
                   i, i, edge || i + 1 < validators ? ", " : "");
    if (edge)
        buf_add_text(&text, "{\"id\": \"edge-0\", \"region\": \"r0\", \"role\": \"edge\", \"stake\": 1}");
    buf_add_text(&text, "], \"workload\": {\"family\": \"queen\", \"instances\": 1, \"size_min\": 5},"
                        " \"policy\": {\"evaluations\": 2, \"iteration_limit\": 50, \"migrants\": 1},"
                        " \"rebalance\": {\"shards\": 2, \"workload\": {\"family\": \"queen\", \"size_min\": 5}}");
    buf_printf(&text, ", \"events\": [%s]}", events);
    if (file_write(path, bytes_of_buf(&text), &diag) != ERR_OK)
        bail_out(diag.text);
    buf_free(&text);
}

static void read_text(const char *folder, const char *name, struct buf *out)
{
    struct buf path = {0};
    struct diag diag = {0};

    buf_printf(&path, "%s/%s", folder, name);
    if (file_read(buf_text(&path), 1 << 24, out, &diag) != ERR_OK)
        bail_out(diag.text);
    unlink(buf_text(&path));
    buf_free(&path);
}

static void remove_folders(const char *folder)
{
    static const char *const parts[] = {"ledger/x", "ledger", "simulations"};
    char path[256];

    for (unsigned i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, parts[i]);
        rmdir(path);
    }
    snprintf(path, sizeof path, "%s/x.json", folder);
    unlink(path);
    rmdir(folder);
}

static void make(struct fixture *f, unsigned validators, unsigned quorum, bool edge, const char *events,
                 unsigned epochs, uint64_t seed)
{
    char folder[] = "/tmp/audit-XXXXXX", scenario[64], name[64], error[1024];
    struct federated_simulation_report report;

    if (mkdtemp(folder) == NULL)
        bail_out("no temporary folder");
    snprintf(scenario, sizeof scenario, "%s/x.json", folder);
    write_scenario(scenario, validators, quorum, edge, events);
    struct federated_simulation_options options = {.scenario = scenario,
                                                   .epochs = epochs,
                                                   .output_dir = folder,
                                                   .has_seed = true,
                                                   .seed = seed,
                                                   .threads = 1,
                                                   .write_artifacts = true};
    if (federated_simulation_run(&options, &report, error, sizeof error) != 0)
        bail_out(error);
    federated_simulation_report_free(&report);
    *f = (struct fixture){.label = "x", .seed = seed, .first_epoch = 3, .epoch_count = epochs};
    for (unsigned i = 0; i < epochs; i++) {
        snprintf(f->names[i], sizeof f->names[i], "epoch_%03u.json", 3 + i);
        snprintf(name, sizeof name, "ledger/x/%s", f->names[i]);
        read_text(folder, name, &f->epochs[i]);
    }
    read_text(folder, "ledger/x/genesis.json", &f->genesis);
    read_text(folder, "simulations/epoch_summary_x.json", &f->summary);
    remove_folders(folder);
}

void fixture_make(struct fixture *f, unsigned validators, unsigned quorum, bool edge, unsigned epochs, uint64_t seed)
{
    make(f, validators, quorum, edge, "", epochs, seed);
}

void fixture_make_eventful(struct fixture *f, unsigned validators, unsigned quorum, bool edge, const char *events,
                           unsigned epochs, uint64_t seed)
{
    make(f, validators, quorum, edge, events, epochs, seed);
}

void fixture_copy(struct fixture *to, const struct fixture *from)
{
    *to = *from;
    to->genesis = to->summary = (struct buf){0};
    buf_add(&to->genesis, from->genesis.data, from->genesis.len);
    buf_add(&to->summary, from->summary.data, from->summary.len);
    for (unsigned i = 0; i < FIXTURE_EPOCHS_MAX; i++) {
        to->epochs[i] = (struct buf){0};
        buf_add(&to->epochs[i], from->epochs[i].data, from->epochs[i].len);
    }
}

void fixture_free(struct fixture *f)
{
    buf_free(&f->genesis);
    buf_free(&f->summary);
    for (unsigned i = 0; i < FIXTURE_EPOCHS_MAX; i++)
        buf_free(&f->epochs[i]);
}

void fixture_audit(const struct fixture *f, struct audit_report *report)
{
    fixture_audit_with(f, &(struct audit_options){0}, report);
}

void fixture_audit_with(const struct fixture *f, const struct audit_options *options, struct audit_report *report)
{
    struct audit_epoch_file epochs[FIXTURE_EPOCHS_MAX];
    unsigned count = 0;

    for (unsigned i = 0; i < f->epoch_count; i++) {
        if (f->epochs[i].len > 0) /* an empty one was removed */
            epochs[count++] = (struct audit_epoch_file){
                .epoch = f->first_epoch + i, .file = {.path = f->names[i], .text = bytes_of_buf(&f->epochs[i])}};
    }
    struct audit_input in = {.label = f->label,
                             .genesis = {.path = "genesis.json", .text = bytes_of_buf(&f->genesis)},
                             .summary = {.path = "summary.json", .text = bytes_of_buf(&f->summary)},
                             .epoch_count = count,
                             .epochs = epochs};
    audit_label(&in, options, report);
}

void summary_sign_anew(json_t *summary, const struct secret_key *key)
{
    struct buf signature = {0};

    json_object_del(summary, "summary_signature");
    struct digest digest = summary_digest(summary);
    summary_sign(key, &digest, &signature);
    json_object_set_new(summary, "summary_signature", json_base64(bytes_of_buf(&signature)));
    buf_free(&signature);
}

void fixture_sign_summary(const struct fixture *f, json_t *summary)
{
    struct secret_key key;

    key_simulated(f->seed, json_string_value(json_object_get(json_object_get(summary, "recorder"), "node_id")), &key);
    summary_sign_anew(summary, &key);
}

static struct digest get_digest(const struct buf *text, const char *key)
{
    json_t *value = text_open(text);
    struct buf bytes = {0};

    if (hex_decode(bytes_of_text(json_string_value(json_object_get(value, key))), &bytes) != ERR_OK)
        bail_out("an artifact without a digest");
    struct digest out = digest_from(bytes_of_buf(&bytes));
    buf_free(&bytes);
    json_decref(value);
    return out;
}

struct audit_rehearsal fixture_rehearsal(const struct fixture *f, const struct claim_work *work)
{
    return (struct audit_rehearsal){
        .path = "x.json",
        .federation_id = get_digest(&f->genesis, "federation_id"),
        .scenario = get_digest(&f->summary, "scenario_sha256"),
        .seed = f->seed,
        .work = work,
    };
}

bool report_has(const struct audit_report *r, enum audit_rule rule)
{
    for (size_t i = 0; i < r->finding_count; i++) {
        if (r->findings[i].rule == rule)
            return true;
    }
    return false;
}

void report_note(const struct audit_report *r)
{
    for (size_t i = 0; i < r->finding_count; i++)
        tap_note("%s %s %s: %s", audit_rule_info(r->findings[i].rule)->code, r->findings[i].file,
                 r->findings[i].pointer, r->findings[i].text);
}

json_t *text_open(const struct buf *text)
{
    json_t *value = json_loadb((const char *)text->data, text->len, 0, NULL);

    if (value == NULL)
        bail_out("an artifact is not JSON");
    return value;
}

void text_close(struct buf *text, json_t *value)
{
    buf_clear(text);
    json_render(value, text);
    json_decref(value);
}
