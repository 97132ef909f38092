#include <jansson.h>

#include "genome/genome_json.h"

static json_t *value_json(const struct genome_schema *schema, const struct gene_spec *gene,
                          const struct gene_value *value)
{
    switch (gene->type) {
    case GENE_CONTINUOUS:
        return json_real(value->real);
    case GENE_DISCRETE:
        return json_integer(value->integer);
    case GENE_TOGGLE:
        return json_boolean(value->integer != 0);
    default:
        return json_string(gene_choice(schema, gene, (unsigned)value->integer));
    }
}

json_t *genome_json(const struct genome_schema *schema, const struct genome *genome)
{
    struct gene_set active = genome_active(schema, genome);
    json_t *o = json_object();

    for (unsigned i = 0; i < schema->count; i++) {
        if (gene_set_has(active, i))
            json_put(o, schema->genes[i].name, value_json(schema, &schema->genes[i], &genome->values[i]));
    }
    return o;
}
