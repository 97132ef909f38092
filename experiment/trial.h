#ifndef PRISMFED_EXPERIMENT_TRIAL_H
#define PRISMFED_EXPERIMENT_TRIAL_H

#include "audit/offers.h"
#include "evolve/local_cycle.h"
#include "experiment/cache.h"
#include "scenario/scenario.h"

/* One rehearsal of the product, from a scenario written as its users write them. */

enum { TRIAL_SITES_MAX = 16 };

struct trial_plan {
    uint64_t epochs;
    unsigned instances;   /* private ones of each site */
    unsigned evaluations; /* of each site in each epoch */
    uint64_t limit;       /* iterations of one run */
    unsigned migrants, archive;
    enum rank_rule rule;
    const char *more; /* further members of the policy, each with a comma before it; or "" */
};

struct trial {
    const struct trial_plan *plan;
    uint64_t seed;
    uint64_t search; /* 0: the sites search as the seed has it; else with other draws, on the same work */
    unsigned sites;
    unsigned validators;                   /* the first ones of the sites; 0: all founders */
    unsigned numbers[TRIAL_SITES_MAX];     /* of the sites: a site's name, and with it its private work, goes by it */
    const char *families[TRIAL_SITES_MAX]; /* of their private work */
    unsigned regions;                      /* they go round; 0: SCENARIO_REGIONS_MAX */
    uint64_t stakes[TRIAL_SITES_MAX];      /* 0: 10, like everybody else */
    int sponsors[TRIAL_SITES_MAX];         /* site, counted from 1, by whose wish this one joins; 0: a founder */
    enum lie lies[TRIAL_SITES_MAX];        /* from lie_epoch on */
    uint64_t lie_epoch;
    const struct workload *pooled;                 /* all sites' work, for a trial of one site; NULL: its own */
    struct cache *cache;                           /* of evaluations, borrowed; NULL: none; changes no result */
    struct evaluator *evaluators[TRIAL_SITES_MAX]; /* of a site's instances, borrowed; NULL: the built-in solver */
    struct offers *offers;                         /* of each site: gets what it has offered; zeroed; or NULL */
    struct federation_state *undecided; /* gets the state before the last decision, the caller's to free; or NULL */
};

struct trial_result {
    struct genome genome; /* the shared one in the end */
    unsigned archive_count;
    struct genome archive[CYCLE_ARCHIVE_MAX]; /* the best by the federation's own scores, the shared one included */
    uint64_t iterations;                      /* all work done, scoring included */
    uint64_t evaluations;
    uint64_t bytes; /* that reached a node */
};

enum err trial_run(const struct trial *t, struct trial_result *out, struct diag *diag) MUST_CHECK;

/* The private work of site `number`, as trial_run() gives it to the site. */
enum err trial_workload(const struct trial *t, unsigned site, struct workload *out, struct diag *diag) MUST_CHECK;

#endif
