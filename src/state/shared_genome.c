#include "state/shared_genome.h"

#include <jansson.h>
#include <stdlib.h>

#include "genome/genome_json.h"

const char *shared_genome_origin(const struct federation_state *s)
{
    for (unsigned i = 0; i < s->archive_count; i++) {
        const struct anchor *a = &s->archive[i];

        if (digest_equal(&a->hash, &s->incumbent_hash))
            return a->origin > 0 ? state_member(s, a->origin - 1)->card.name : NULL;
    }
    return NULL;
}

json_t *shared_genome_values(const struct federation_state *s)
{
    json_t *out = genome_json(s->schema, &s->incumbent), *value;
    const char *key;

    json_object_foreach(out, key, value)
    {
        struct buf text = {0};

        if (!json_is_integer(value) || llabs(json_integer_value(value)) <= (json_int_t)1 << 53)
            continue;
        json_line(value, &text);
        json_object_set_new(out, key, json_string(buf_text(&text)));
        buf_free(&text);
    }
    return out;
}

json_t *shared_genome_json(const struct federation_state *s)
{
    const char *origin = shared_genome_origin(s);
    json_t *out = json_object();

    json_put(out, "hash", json_hex(digest_bytes(&s->incumbent_hash)));
    json_put(out, "offered_by", origin != NULL ? json_string(origin) : json_null());
    json_put(out, "genes", shared_genome_values(s));
    return out;
}
