#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/key.h"
#include "experiment/experiment.h"

static const struct experiment *const experiments[] = {&experiment_federate, &experiment_liars, &experiment_optimisers};
enum { EXPERIMENTS = sizeof experiments / sizeof experiments[0], SEEDS_MAX = 1000, EXIT_MISUSE = 2 };

void experiment_progress(const char *what, unsigned done, unsigned total)
{
    if (!isatty(STDERR_FILENO))
        return;
    if (what == NULL)
        fputs("\r\033[K", stderr);
    else
        fprintf(stderr, "\r%s: %u of %u\033[K", what, done, total);
}

static int help(FILE *to)
{
    fputs("usage: experiment NAME [--seeds N] [--slice]\n\n", to);
    for (unsigned i = 0; i < EXPERIMENTS; i++)
        fprintf(to, "  %-12s %s (%u seeds)\n", experiments[i]->name, experiments[i]->summary, experiments[i]->seeds);
    fputs("\n  --seeds N    how many seeds, 1 to 1000\n"
          "  --slice      the same with much less work\n",
          to);
    return to == stdout ? 0 : EXIT_MISUSE;
}

static const struct experiment *find(const char *name)
{
    for (unsigned i = 0; i < EXPERIMENTS; i++)
        if (strcmp(experiments[i]->name, name) == 0)
            return experiments[i];
    return NULL;
}

static bool parse(int argc, char **argv, struct experiment_options *options)
{
    uint64_t seeds;

    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i], "--slice") == 0) {
            options->slice = true;
        } else if (strcmp(argv[i], "--seeds") == 0 && i + 1 < argc && u64_parse(argv[i + 1], &seeds) == ERR_OK &&
                   seeds >= 1 && seeds <= SEEDS_MAX) {
            options->seeds = (unsigned)seeds;
            i++;
        } else {
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    const struct experiment *experiment = argc > 1 ? find(argv[1]) : NULL;
    struct experiment_options options = {0};
    struct diag diag = {0};

    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return help(stdout);
    if (experiment == NULL || !parse(argc, argv, &options))
        return help(stderr);
    if (options.seeds == 0)
        options.seeds = options.slice ? 1 : experiment->seeds;
    key_library_init();
    if (experiment->run(&options, &diag) != ERR_OK) {
        experiment_progress(NULL, 0, 0);
        fprintf(stderr, "experiment %s: %s\n", experiment->name, diag.text);
        return 1;
    }
    return 0;
}
