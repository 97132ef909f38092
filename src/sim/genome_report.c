#include "sim/genome_report.h"

#include <jansson.h>
#include <string.h>

#include "base/text.h"
#include "genome/schema.h"
#include "state/shared_genome.h"

static char *value_text(const struct space *space, unsigned gene, const struct gene_value *value)
{
    struct buf text = {0};
    char *copy;

    space_value_print(space, gene, value, &text);
    copy = text_copy(bytes_of_buf(&text));
    buf_free(&text);
    return copy;
}

static void fill_genes(const struct space *space, const struct genome *genome, struct federated_genome *out)
{
    const struct genome_schema *schema = &space->schema;
    struct gene_set active = genome_active(schema, genome);

    out->gene_count = schema->count;
    out->genes = mem_array(schema->count, sizeof out->genes[0]);
    for (unsigned i = 0; i < schema->count; i++) {
        struct gene_value usual = gene_default(&schema->genes[i]);

        out->genes[i] = (struct federated_gene){
            .name = text_copy(bytes_of_text(schema->genes[i].name)),
            .value = value_text(space, i, &genome->values[i]),
            .usual = value_text(space, i, &usual),
            .active = gene_set_has(active, i),
        };
    }
}

void genome_report_fill(const struct federation_state *s, const struct space *space, struct federated_genome *out)
{
    const char *origin = shared_genome_origin(s);
    struct space *bare = NULL;
    struct buf text = {0};
    json_t *object;

    if (space == NULL) {
        bare = mem_alloc(sizeof *bare);
        genome_schema_copy(&bare->schema, s->schema);
    }
    object = shared_genome_values(s);
    json_line(object, &text);
    *out = (struct federated_genome){
        .epoch = s->epoch - 1,
        .offered_by = origin != NULL ? text_copy(bytes_of_text(origin)) : NULL,
        .json = text_copy(bytes_of_buf(&text)),
    };
    memcpy(out->hash, s->incumbent_hash.b, DIGEST_SIZE);
    fill_genes(space != NULL ? space : bare, &s->incumbent, out);
    json_decref(object);
    buf_free(&text);
    mem_free(bare);
}

void genome_report_free(struct federated_genome *genome)
{
    for (uint64_t i = 0; i < genome->gene_count; i++) {
        mem_free(genome->genes[i].name);
        mem_free(genome->genes[i].value);
        mem_free(genome->genes[i].usual);
    }
    mem_free(genome->genes);
    mem_free(genome->offered_by);
    mem_free(genome->json);
    *genome = (struct federated_genome){0};
}
