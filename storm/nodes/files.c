#include <jansson.h>

#include "storm/nodes/run.h"

/* What a rehearsal leaves behind, as `prismfed sim` would write it. */

void run_files_begin(struct run_files *f)
{
    summary_file_init(&f->spooled, NULL);
}

static void render(json_t *json, struct buf *out)
{
    json_render(json, out);
    json_decref(json);
}

void run_files_epoch(struct run_files *f, const struct results *t)
{
    json_t *element = results_summary_epoch(t);

    summary_file_add(&f->spooled, element);
    json_decref(element);
    if (t->epoch.log == NULL)
        return;
    f->epochs = mem_resize(f->epochs, f->epoch_count + 1, sizeof *f->epochs);
    f->epochs[f->epoch_count] = (struct run_epoch_file){.epoch = t->epoch.epoch};
    results_ledger(t, &f->epochs[f->epoch_count++].text);
}

void run_files_whole(struct run_files *f, const struct results *t)
{
    json_t *document = results_summary(t);
    struct bytes part;
    enum err err = summary_file_finish(&f->spooled, document, t->recorder_key, NULL);

    ASSERT(err == ERR_OK);
    json_decref(document);
    do {
        err = summary_file_give(&f->spooled, &part, NULL);
        ASSERT(err == ERR_OK);
        buf_add(&f->summary, part.data, part.len);
    } while (part.len > 0);
    render(results_genesis(t), &f->genesis);
}

void run_files_free(struct run_files *f)
{
    for (unsigned i = 0; i < f->epoch_count; i++)
        buf_free(&f->epochs[i].text);
    mem_free(f->epochs);
    buf_free(&f->genesis);
    buf_free(&f->summary);
    summary_file_fini(&f->spooled);
}

struct digest run_files_digest(const struct run_files *f)
{
    struct digest_context c;

    digest_init(&c);
    digest_add(&c, f->genesis.data, f->genesis.len);
    digest_add(&c, f->summary.data, f->summary.len);
    for (unsigned i = 0; i < f->epoch_count; i++)
        digest_add(&c, f->epochs[i].text.data, f->epochs[i].text.len);
    return digest_final(&c);
}
