#ifndef PRISMFED_EVOLVE_WORKLOAD_H
#define PRISMFED_EVOLVE_WORKLOAD_H

#include "evolve/evaluator.h"
#include "evolve/graph.h"

/* The built-in workload: colour graphs with TabuCol (Hertz and de Werra 1987;
 * dynamic tenure of Galinier and Hao 1999) and count iterations. An instance is
 * a graph and a number of colours; its cost for a genome is the iterations until a
 * proper colouring, or WORKLOAD_PAR times the limit without one. */

/* Of a site; and of the shards that it may have besides. */
enum { WORKLOAD_INSTANCES_MAX = 1024, WORKLOAD_SHARDS_MAX = 64, WORKLOAD_PAR = 2, WORKLOAD_FAMILY_MAX = 31 };

/* What a scenario says of a node's (or the shared shards') work. */
struct program_spec;

struct workload_spec {
    struct program_spec *program; /* the user's own (program/program.h), owned by whoever filled the spec; NULL: graphs,
                                     as said below */
    char family[WORKLOAD_FAMILY_MAX + 1]; /* "queen", "mycielski", "insertions", "full_insertions", "rook",
                                             "random", "planted", "geometric", or "files" */
    unsigned instances;
    unsigned size_min, size_max; /* vertices, or the family's own parameter (queen: side);
                                    0, 0: the family's usual sizes */
    unsigned file_count;
    char **files; /* .col paths, owned by whoever filled the spec */
};

struct instance {
    struct evaluator *evaluator; /* who tries genomes on it; borrowed */
    struct digest hash;          /* of the canonical graph bytes and the colours; of a program's file */
    struct graph *graph;         /* owned by the workload; NULL for a program's instance */
    unsigned colours;
    char *name; /* a program's: as the program is told; owned by the workload */
};

struct workload {
    unsigned count;
    struct instance *instances; /* owned */
};

/* Is this a spec that can be built (but for its files, which are not read)? */
enum err workload_check(const struct workload_spec *spec, struct diag *diag) MUST_CHECK;

/* Builds spec.instances instances from (seed, label): the same arguments give the
 * same graphs anywhere. diag names a missing or malformed .col (file, line). */
enum err workload_build(const struct workload_spec *spec, uint64_t seed, const char *label, struct workload *out,
                        struct diag *diag) MUST_CHECK;
void workload_fini(struct workload *w);

/* One shard of shared work: instance number `index` of the spec, alone. */
enum err workload_build_shard(const struct workload_spec *spec, uint64_t seed, unsigned index, struct instance *out,
                              struct diag *diag) MUST_CHECK;
void instance_fini(struct instance *instance);

/* The eight mixed genes of the solver. */
const struct genome_schema *workload_schema(void);

/* One run, by the instance's evaluator. */
struct evaluation instance_evaluate(const struct instance *instance, const struct genome_schema *schema,
                                    const struct genome *genome, uint64_t epoch, uint64_t limit);

#endif
