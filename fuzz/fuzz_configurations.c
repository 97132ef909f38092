/* Configurations that a search starts from, behind one byte that says whether as a table or as a list in JSON: what is
 * accepted are genomes of the space, each once. */

#include "fuzz.h"
#include "genome/configurations.h"

static const char space_text[] = "rate \"--rate \" r,log (0.001, 1)\n"
                                 "steps \"--steps \" i (1, 90)\n"
                                 "mode \"--mode \" c (fast, \"slow one\", NA)\n"
                                 "deep \"--deep \" i (-5, 5) | mode == \"fast\"\n"
                                 "[forbidden]\n"
                                 "steps == 13\n";

static void each_is_a_genome(const struct space *space, const struct configurations *c)
{
    for (unsigned i = 0; i < c->count; i++) {
        struct digest hash = genome_hash(&space->schema, &c->items[i]);
        struct genome back;
        struct buf bytes = {0};
        genome_encode(&space->schema, &c->items[i], &bytes);
        ASSERT(genome_decode(&space->schema, bytes_of_buf(&bytes), &back) == ERR_OK);
        buf_free(&bytes);
        for (unsigned k = 0; k < i; k++) {
            struct digest other = genome_hash(&space->schema, &c->items[k]);
            ASSERT(!digest_equal(&hash, &other));
        }
    }
}

static enum err read_list(struct bytes text, const struct space *space, struct configurations *out, struct diag *diag)
{
    struct json_doc doc;
    struct json_reader r = {.doc = &doc, .diag = diag};
    enum err err = json_doc_parse(&doc, "fuzz", text, diag);
    if (err != ERR_OK)
        return err;
    configurations_read(&r, doc.root, space, out);
    buf_free(&r.pointer);
    json_doc_free(&doc);
    return r.err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct space space;
    static bool begun;
    struct configurations c = {0};
    struct diag diag = {0};
    if (!begun)
        ASSERT(space_parse(SPACE_IRACE, "space", bytes_of_text(space_text), &space, NULL) == ERR_OK);
    begun = true;
    if (size == 0)
        return 0;
    struct bytes text = bytes_of(data + 1, size - 1);
    enum err err =
        (data[0] & 1) == 0 ? configurations_parse("fuzz", text, &space, &c, &diag) : read_list(text, &space, &c, &diag);
    if (err == ERR_OK)
        each_is_a_genome(&space, &c);
    else
        ASSERT(diag.text[0] != '\0');
    configurations_free(&c);
    return 0;
}
