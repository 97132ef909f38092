#include "cli/genome_text.h"

#include <inttypes.h>
#include <string.h>

#include "codec/decimal.h"
#include "crypto/digest.h"

void genome_text(const char *federation, const struct federated_genome *genome, struct buf *out)
{
    struct digest hash;
    char hex[2 * DIGEST_SIZE + 1];

    memcpy(hash.b, genome->hash, DIGEST_SIZE);
    digest_hex(&hash, hex);
    buf_printf(out, "the genome of %s after epoch %" PRIu64 ": %s, offered by %s\n", federation, genome->epoch, hex,
               genome->offered_by != NULL ? genome->offered_by
                                          : "nobody: it is the one that the federation began with");
    for (uint64_t i = 0; i < genome->gene_count; i++) {
        const struct federated_gene *g = &genome->genes[i];

        if (!g->active)
            continue;
        buf_printf(out, "  %-24s  %s", g->name, g->value);
        if (strcmp(g->value, g->usual) != 0)
            buf_printf(out, "  (default %s)", g->usual);
        buf_add_byte(out, '\n');
    }
}

void genome_text_costs(const struct federated_site_cost *costs, uint64_t count, uint64_t most, struct buf *out)
{
    if (count == 0)
        return;
    buf_add_text(out, "what it costs each site, on its own work\n");
    for (uint64_t i = 0; i < count && i < most; i++) {
        const struct federated_site_cost *c = &costs[i];
        struct buf last = {0}, first = {0};

        decimal_print(c->last, &last);
        decimal_print(c->first, &first);
        buf_printf(out, "  %-24s  %s%s%s  (the first genome %s)\n", c->node_id, buf_text(&last),
                   c->unit[0] != '\0' ? " " : "", c->unit, buf_text(&first));
        buf_free(&last);
        buf_free(&first);
    }
    if (count > most)
        buf_printf(out, "  and %" PRIu64 " more sites (--json has them)\n", count - most);
}
