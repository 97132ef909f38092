#ifndef PRISMFED_EVOLVE_GRAPH_H
#define PRISMFED_EVOLVE_GRAPH_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/prng.h"
#include "crypto/digest.h"

/* Simple undirected graphs, vertices 0..n-1, adjacency sorted, no loops, no
 * repeated edges. */

enum { GRAPH_VERTICES_MAX = 4096, GRAPH_EDGES_MAX = 1 << 21, GRAPH_FILE_MAX = 64 << 20 };

struct graph {
    uint32_t vertices;
    uint32_t edges;
    uint32_t *offsets;   /* vertices + 1 */
    uint32_t *neighbors; /* 2 * edges */
};

void graph_free(struct graph *g);

/* DIMACS .col ("c", "p edge|col N M", "e U V"). Files in the wild list edges
 * twice or doubled counts in the header: edges are a set, the header's edge count
 * is not believed; vertices out of range, missing or second "p" lines, loops and garbage
 * are errors that name file and line. */
enum err graph_parse_col(const char *name, struct bytes text, struct graph **out, struct diag *diag) MUST_CHECK;
enum err graph_load_col(const char *path, struct graph **out, struct diag *diag) MUST_CHECK;

/* Exactly constructed families (definitions in graph_families.c). NULL never: the
 * arguments must be in range (asserted). */
struct graph *graph_queen(unsigned rows, unsigned columns);
struct graph *graph_mycielski(unsigned k);                   /* chi = k + 1 */
struct graph *graph_insertions(unsigned k, unsigned n);      /* k-Insertions_n, chi = n + 1 */
struct graph *graph_full_insertions(unsigned k, unsigned n); /* k-FullIns_n, chi = n + k */
struct graph *graph_rook(unsigned order);                    /* qg.orderN, chi = N */
struct graph *graph_random(unsigned n, unsigned edge_permille, struct prng *prng);
struct graph *graph_planted(unsigned n, unsigned colours, unsigned edge_permille, struct prng *prng);
struct graph *graph_geometric(unsigned n, unsigned radius_permille, struct prng *prng);

/* The same graph with its vertices numbered anew, a draw of the stream. */
struct graph *graph_renumber(const struct graph *g, struct prng *prng);

/* SHA-256 over vertices and sorted edges: the graph's name. */
struct digest graph_hash(const struct graph *g);
/* Does colour[] (one entry a vertex) colour every edge with two colours? */
bool graph_is_proper(const struct graph *g, const uint32_t *colour);

#endif
