#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "crypto/key.h"
#include "experiment/experiment.h"

static const struct experiment *const experiments[] = {&experiment_cohorts, &experiment_federate,
                                                       &experiment_liars,   &experiment_optimisers,
                                                       &experiment_picks,   &experiment_topologies};
enum { EXPERIMENTS = sizeof experiments / sizeof experiments[0], SEEDS_MAX = 1000, EXIT_MISUSE = 2 };

static int help(FILE *to)
{
    fputs("usage: experiment NAME [--seeds N] [--threads T] [--slice]\n\n", to);
    for (unsigned i = 0; i < EXPERIMENTS; i++)
        fprintf(to, "  %-12s %s (%u seeds)\n", experiments[i]->name, experiments[i]->summary, experiments[i]->seeds);
    fprintf(to,
            "\n  --seeds N    how many seeds, 1 to %d\n"
            "  --threads T  that seeds are spread over, 1 to %d; changes no result\n"
            "  --slice      the same with much less work\n",
            SEEDS_MAX, EXPERIMENT_THREADS_MAX);
    return to == stdout ? 0 : EXIT_MISUSE;
}

static const struct experiment *find(const char *name)
{
    for (unsigned i = 0; i < EXPERIMENTS; i++)
        if (strcmp(experiments[i]->name, name) == 0)
            return experiments[i];
    return NULL;
}

static bool number(const char *text, uint64_t most, unsigned *out)
{
    uint64_t value;

    if (u64_parse(text, &value) != ERR_OK || value < 1 || value > most)
        return false;
    *out = (unsigned)value;
    return true;
}

static bool parse(int argc, char **argv, struct experiment_options *options)
{
    for (int i = 2; i < argc; i++) {
        bool more = i + 1 < argc;

        if (strcmp(argv[i], "--slice") == 0)
            options->slice = true;
        else if (strcmp(argv[i], "--seeds") == 0 && more && number(argv[i + 1], SEEDS_MAX, &options->seeds))
            i++;
        else if (strcmp(argv[i], "--threads") == 0 && more &&
                 number(argv[i + 1], EXPERIMENT_THREADS_MAX, &options->threads))
            i++;
        else
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    const struct experiment *experiment = argc > 1 ? find(argv[1]) : NULL;
    struct experiment_options options = {.threads = 1};
    struct diag diag = {0};

    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return help(stdout);
    if (experiment == NULL || !parse(argc, argv, &options))
        return help(stderr);
    if (options.seeds == 0)
        options.seeds = options.slice ? 1 : experiment->seeds;
    key_library_init();
    if (experiment->run(&options, &diag) != ERR_OK) {
        fprintf(stderr, "experiment %s: %s\n", experiment->name, diag.text);
        return 1;
    }
    return 0;
}
