#include "audit/offers.h"

#include <string.h>

#include "base/mutate.h"
#include "state/body.h"

struct collecting {
    struct offers *offers;
    const struct replay *replay;
    struct update_body *body; /* room for one */
};

/* Takes number i out. */
static void drop(struct offers *o, unsigned i)
{
    o->count--;
    for (; i < o->count; i++)
        o->best[i] = o->best[i + 1];
}

void offers_add(struct offers *o, const struct genome_schema *schema, const struct genome *genome, uint64_t epoch,
                uint64_t cost)
{
    struct digest hash = genome_hash(schema, genome);
    unsigned at = 0;

    for (unsigned i = 0; i < o->count; i++) {
        if (digest_equal(&o->best[i].hash, &hash)) {
            drop(o, i);
            break;
        }
    }
    while (at < o->count && o->best[at].cost <= cost)
        at++;
    if (at == OFFERS_MAX)
        return;
    if (o->count == OFFERS_MAX)
        o->count--;
    for (unsigned i = o->count; i > at; i--)
        o->best[i] = o->best[i - 1];
    o->best[at] = (struct offer){*genome, hash, epoch, cost};
    o->count++;
}

static void see_entry(void *context, const struct replayed_epoch *in, uint64_t number, struct bytes entry)
{
    const struct collecting *c = context;
    const struct genome_schema *schema = c->replay->state.schema;
    struct envelope envelope;
    struct cose_sign1 cose;

    (void)number;
    if (envelope_parse(entry, &envelope, &cose) != ERR_OK || envelope.kind != ENTRY_UPDATE)
        return;
    const char *name = names_find(&c->replay->names, &envelope.node_fingerprint);
    bool is_own = MUTATE(PICK_OFFERS_OF_ALL, true, name != NULL && strcmp(name, c->offers->node) == 0);
    if (!is_own || update_body_decode(envelope.body, c->body) != ERR_OK)
        return;
    for (unsigned i = 0; i < c->body->count; i++) {
        struct genome genome;

        if (genome_decode(schema, c->body->genomes[i], &genome) == ERR_OK)
            offers_add(c->offers, schema, &genome, in->epoch, c->body->costs[i]);
    }
}

void offers_collect(struct offers *o, const struct replay *r)
{
    struct collecting c = {o, r, mem_alloc(sizeof *c.body)};

    replay_entries(r, see_entry, &c);
    mem_free(c.body);
}
