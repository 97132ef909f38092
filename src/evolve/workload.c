#include "evolve/workload.h"

#include <string.h>

#include "evolve/family.h"
#include "evolve/sequential.h"
#include "evolve/solver.h"

/* Steps that the reference search has for each number of colours. */
enum { REFERENCE_LIMIT = 2000 };

static bool is_files(const struct workload_spec *spec)
{
    return strcmp(spec->family, "files") == 0;
}

static enum err sizes_check(const struct workload_spec *spec, const struct family *family, struct diag *diag)
{
    if (spec->size_min == 0 && spec->size_max == 0)
        return ERR_OK; /* the usual ones */
    if (spec->size_min > spec->size_max)
        return diag_set(diag, ERR_RANGE, "sizes %u to %u: the larger comes last", spec->size_min, spec->size_max);
    if (spec->size_min < family->size_lo || spec->size_max > family->size_hi)
        return diag_set(diag, ERR_RANGE, "sizes %u to %u: the family \"%s\" has %u to %u", spec->size_min,
                        spec->size_max, family->name, family->size_lo, family->size_hi);
    return ERR_OK;
}

enum err workload_check(const struct workload_spec *spec, struct diag *diag)
{
    const struct family *family = family_find(spec->family);
    if (spec->instances < 1 || spec->instances > WORKLOAD_INSTANCES_MAX)
        return diag_set(diag, ERR_LIMIT, "%u instances: 1 to %d are possible", spec->instances, WORKLOAD_INSTANCES_MAX);
    if (is_files(spec))
        return spec->file_count > 0 ? ERR_OK : diag_set(diag, ERR_MISSING, "the family \"files\" needs files");
    if (family == NULL)
        return diag_set(diag, ERR_UNKNOWN, "no family \"%s\"; there are %s, files", spec->family, family_names());
    return sizes_check(spec, family, diag);
}

/* The fewest colours with which one run of a fixed search, started from the graph's own
 * hash, succeeds; DSATUR's number where it never does. So a target is always within
 * reach, and seldom trivial. */
static unsigned reference_colours(const struct graph *g, unsigned at_least)
{
    const struct tabucol_params reference = {
        .tenure_base = 0,
        .tenure_alpha = 0.6,
        .tenure_random = 10, /* Galinier and Hao 1999 */
        .start = TABUCOL_RANDOM,
        .scope = TABUCOL_ALL,
        .aspiration = true,
        .stagnation = REFERENCE_LIMIT,
    };
    struct prng prng;
    struct digest hash = graph_hash(g);
    uint32_t *colour = mem_array(g->vertices, sizeof colour[0]);
    unsigned colours = sequential_dsatur(g, g->vertices < UINT16_MAX ? g->vertices : UINT16_MAX, colour);
    bool solved = true;
    prng_seed(&prng, be64_get(hash.b));
    while (colours > 1 && colours > at_least) {
        (void)tabucol_run(g, colours - 1, &reference, &prng, REFERENCE_LIMIT, &solved, NULL);
        if (!solved)
            break;
        colours--;
    }
    mem_free(colour);
    return colours;
}

/* Iterations until a proper colouring, of the run whose random numbers are evaluation_seed()'s. */
static void colour_evaluate(struct evaluator *self, const struct evaluation_task *task, struct evaluation *out)
{
    (void)self;
    struct tabucol_params params = solver_params(task->schema, task->genome);
    struct digest hash = genome_hash(task->schema, task->genome);
    const struct instance *instance = task->instance;
    struct prng prng;
    bool found;
    prng_seed(&prng, evaluation_seed(task, &hash));
    uint64_t steps = tabucol_run(instance->graph, instance->colours, &params, &prng, task->limit, &found, NULL);
    if (found)
        *out = (struct evaluation){EVALUATION_SUCCESS, steps, steps};
    else
        *out = (struct evaluation){EVALUATION_TIMEOUT, WORKLOAD_PAR * task->limit, task->limit};
}

static void instance_init(struct instance *instance, const struct drawing *drawing)
{
    static struct evaluator solver = {.evaluate = colour_evaluate};
    struct digest_context c;
    struct digest hash = graph_hash(drawing->graph);
    uint8_t colours[8];
    *instance = (struct instance){
        .evaluator = &solver,
        .graph = drawing->graph,
        .colours = drawing->colours ? drawing->colours : reference_colours(drawing->graph, drawing->at_least),
    };
    be64_put(colours, instance->colours);
    digest_init(&c);
    digest_add(&c, hash.b, sizeof hash.b);
    digest_add(&c, colours, sizeof colours);
    instance->hash = digest_final(&c);
}

/* The files in turn; from the second turn on with other numbers for the vertices. */
static enum err drawing_from_file(const struct workload_spec *spec, unsigned index, struct prng *prng,
                                  struct drawing *out, struct diag *diag)
{
    struct graph *g;
    enum err err = graph_load_col(spec->files[index % spec->file_count], &g, diag);
    if (err != ERR_OK)
        return err;
    if (index >= spec->file_count) {
        struct graph *other = graph_renumber(g, prng);
        graph_free(g);
        g = other;
    }
    *out = (struct drawing){g, 0, sequential_clique(g)};
    return ERR_OK;
}

static enum err instance_build(const struct workload_spec *spec, uint64_t seed, const char *label, unsigned index,
                               struct instance *out, struct diag *diag)
{
    struct drawing drawing;
    struct prng prng;
    prng_stream(&prng, seed, label, index);
    if (is_files(spec)) {
        enum err err = drawing_from_file(spec, index, &prng, &drawing, diag);
        if (err != ERR_OK)
            return err;
    } else {
        const struct family *family = family_find(spec->family);
        bool is_usual = spec->size_max == 0;
        unsigned lo = is_usual ? family->usual_lo : spec->size_min, hi = is_usual ? family->usual_hi : spec->size_max;
        drawing = family->draw(lo + (unsigned)prng_below(&prng, (uint64_t)(hi - lo) + 1), &prng);
    }
    instance_init(out, &drawing);
    return ERR_OK;
}

enum err workload_build(const struct workload_spec *spec, uint64_t seed, const char *label, struct workload *out,
                        struct diag *diag)
{
    enum err err = workload_check(spec, diag);
    if (err != ERR_OK)
        return err;
    struct workload w = {.instances = mem_array(spec->instances, sizeof w.instances[0])};
    for (; w.count < spec->instances; w.count++) {
        err = instance_build(spec, seed, label, w.count, &w.instances[w.count], diag);
        if (err != ERR_OK) {
            workload_fini(&w);
            return err;
        }
    }
    *out = w;
    return ERR_OK;
}

enum err workload_build_shard(const struct workload_spec *spec, uint64_t seed, unsigned index, struct instance *out,
                              struct diag *diag)
{
    enum err err = workload_check(spec, diag);
    return err == ERR_OK ? instance_build(spec, seed, "shard", index, out, diag) : err;
}

void instance_fini(struct instance *instance)
{
    graph_free(instance->graph);
    mem_free(instance->name);
    *instance = (struct instance){0};
}

void workload_fini(struct workload *w)
{
    for (unsigned i = 0; i < w->count; i++)
        instance_fini(&w->instances[i]);
    mem_free(w->instances);
    *w = (struct workload){0};
}

struct evaluation instance_evaluate(const struct instance *instance, const struct genome_schema *schema,
                                    const struct genome *genome, uint64_t epoch, uint64_t limit)
{
    struct evaluation_task task = {schema, genome, instance, epoch, limit, 0};
    struct evaluation out;
    instance->evaluator->evaluate(instance->evaluator, &task, &out);
    return out;
}
