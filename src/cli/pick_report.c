#include "cli/pick_report.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/dmath.h"
#include "cli/say.h"
#include "codec/decimal.h"
#include "genome/genome_json.h"

static unsigned usual_of(const struct pick_report *r)
{
    unsigned i = 0;

    while (!r->rows[i].usual)
        i++;
    return i;
}

static double ratio(const struct pick_report *r, unsigned row, unsigned to)
{
    return dmath_exp(r->logs[row] - r->logs[to]);
}

/* As the work counts: what is federated is a mean of cost + 1, in thousandths. */
static double own_cost(const struct pick_report *r, unsigned i)
{
    double mean = dmath_exp(r->logs[i]) / 1000 - 1;

    return r->program != NULL ? program_mean_cost(r->program, mean) : (double)(uint64_t)(mean * 10 + 0.5) / 10;
}

static const char *unit_of(const struct pick_report *r)
{
    return r->program != NULL ? r->program->unit : "iterations";
}

static void print_row(const struct pick_report *r, unsigned i)
{
    const struct pick_row *row = &r->rows[i];
    const char *first = row->incumbent ? ", incumbent" : row->archived ? ", archive" : "";
    char hash[2 * DIGEST_SIZE + 1], what[64];
    struct buf cost = {0};

    digest_hex(&row->hash, hash);
    decimal_print(own_cost(r, i), &cost);
    snprintf(what, sizeof what, "%s%s%s", first, row->own ? ", own offer" : "", row->usual ? ", default" : "");
    say(stdout, "%c %.12s  %-20s  %-16s %12s %11.3f %9.3f\n", i == r->best ? '*' : ' ', hash, what + 2,
        row->from != NULL ? row->from : "-", buf_text(&cost), ratio(r, i, 0), ratio(r, i, usual_of(r)));
    buf_free(&cost);
}

static void print_genome(const struct pick_report *r)
{
    json_t *genome = genome_json(r->schema, &r->genomes[r->best]);
    struct buf text = {0};

    json_line(genome, &text);
    say(stdout, "%s\n", buf_text(&text));
    buf_free(&text);
    json_decref(genome);
    if (r->words != NULL)
        say(stdout, "%s\n", r->words);
}

void pick_report_text(const struct pick_report *r)
{
    char hash[2 * DIGEST_SIZE + 1];

    say(stdout, "%s: %u run%s of each genome on its own work, %u instance%s (%s)%s%s\n", r->node, r->runs,
        r->runs == 1 ? "" : "s", r->instances, r->instances == 1 ? "" : "s", r->work,
        unit_of(r)[0] != '\0' ? ", costs in " : "", unit_of(r));
    say(stdout, "the ledger of %s (label %s) verifies; its last epoch is %" PRIu64 "\n", r->state->name, r->label,
        r->state->epoch - 1);
    say(stdout, "  %-12s  %-20s  %-16s %12s %11s %9s\n", "genome", "what", "from", "cost", "/ incumbent", "/ default");
    for (unsigned i = 0; i < r->count; i++)
        print_row(r, i);
    digest_hex(&r->rows[r->best].hash, hash);
    if (r->best == 0)
        say(stdout, "picked: %s, the incumbent: nothing here is better on this work\n", hash);
    else
        say(stdout, "picked: %s, %.1f %% below the incumbent on this work\n", hash, (1 - ratio(r, r->best, 0)) * 100);
    print_genome(r);
}

static json_t *ppm(double value)
{
    return json_u64(value < 1e12 ? (uint64_t)(value * 1e6 + 0.5) : UINT64_C(1000000000000000000));
}

static json_t *row_json(const struct pick_report *r, unsigned i)
{
    const struct pick_row *row = &r->rows[i];
    json_t *o = json_object();

    json_put(o, "hash", json_hex(digest_bytes(&row->hash)));
    json_put(o, "incumbent", json_boolean(row->incumbent));
    json_put(o, "archive", json_boolean(row->archived));
    json_put(o, "own", json_boolean(row->own));
    json_put(o, "default", json_boolean(row->usual));
    json_put(o, "from", row->from != NULL ? json_string(row->from) : json_null());
    json_put(o, "cost", json_real(own_cost(r, i)));
    json_put(o, "unit", unit_of(r)[0] != '\0' ? json_string(unit_of(r)) : json_null());
    json_put(o, "cost_thousandths", json_u64((uint64_t)(dmath_exp(r->logs[i]) + 0.5)));
    json_put(o, "to_incumbent_ppm", ppm(ratio(r, i, 0)));
    json_put(o, "to_default_ppm", ppm(ratio(r, i, usual_of(r))));
    return o;
}

void pick_report_json(const struct pick_report *r)
{
    json_t *o = json_object(), *rows = json_array(), *picked = json_object();
    struct buf out = {0};

    for (unsigned i = 0; i < r->count; i++)
        json_push(rows, row_json(r, i));
    json_put(picked, "hash", json_hex(digest_bytes(&r->rows[r->best].hash)));
    json_put(picked, "genome", genome_json(r->schema, &r->genomes[r->best]));
    json_put(picked, "words", r->words != NULL ? json_string(r->words) : json_null());
    json_put(o, "node", json_string(r->node));
    json_put(o, "work", json_string(r->work));
    json_put(o, "instances", json_u64(r->instances));
    json_put(o, "runs", json_u64(r->runs));
    json_put(o, "federation_id", json_hex(digest_bytes(&r->state->federation_id)));
    json_put(o, "label", json_string(r->label));
    json_put(o, "epoch", json_u64(r->state->epoch - 1));
    json_put(o, "candidates", rows);
    json_put(o, "picked", picked);
    json_render(o, &out);
    fwrite(out.data, 1, out.len, stdout);
    buf_free(&out);
    json_decref(o);
}
