#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/say.h"
#include "cli/start.h"
#include "prismfed/simulation.h"

/* prismfed VERB ...: all verbs in one program. */

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *does;
} verbs[] = {
    {"sim", command_sim, "rehearse a federation from a scenario file"},
    {"eval", command_eval, "run the sites' programs once, to see whether a rehearsal can"},
    {"audit", command_audit, "check a folder of artifacts: yes or no, and why"},
    {"prove", command_prove, "make the proof that one entry is in the log, in one file"},
    {"verify", command_verify, "check such a proof with a trust policy, or the genesis, alone"},
    {"govern", command_govern, "make and sign what the governors of a federation decide"},
    {"root", command_root, "make, sign, inspect, verify or renew a trust root"},
    {"tlog", command_tlog, "hand the log to others: tiles, checkpoints, a trust policy"},
    {"genome", command_genome, "print the genome that a federation shares"},
    {"pick", command_pick, "choose the genome of a federation that is best on one site's own work"},
    {"show", command_show, "print an artifact, an envelope or a certificate for reading"},
    {"space", command_space, "check or convert a search space"},
    {"aggregate", command_aggregate, "reduce vectors (updates of federated learning) by a robust rule"},
    {"init", command_init, "make a node's key, its request to found a federation, and its configuration"},
    {"admit", command_admit, "make a real federation out of its founders' requests"},
    {"net", command_net, "run a whole federation on this machine"},
    {"node", command_node, "run a node of a federation, or ask one that runs"},
    {"site", command_site, "take part once, without a daemon: from cron or a batch job"},
    {"preflight", command_preflight, "look whether a node could run: PASSED, or what to do"},
    {"change", command_change, "make the file by which members join, leave, or get another stake or key"},
    {"replay", command_replay, "run what a node has recorded once more, and compare"},
    {"bundle", command_bundle, "collect what a maintainer needs to help with a node"},
    {"signer", command_signer, "sign for a validator, and never a second statement for one place"},
    {"keys", command_keys, "make and look at keys"},
    {"store", command_store, "check, and mend, the store of a node"},
    {"sink", command_sink, "bring ledgers into a database for queries, and out again for an audit"},
    {"snapshot", command_snapshot, "save, verify and restore what a node has of its federation's ledger"},
    {"prune", command_prune, "drop old blocks from the store of a node"},
};
enum { VERB_COUNT = sizeof verbs / sizeof verbs[0] };

static int help(void)
{
    puts("prismfed: evolve one configuration across sites that do not trust each other\n"
         "\n"
         "usage: prismfed VERB [OPTION...]\n");
    for (unsigned i = 0; i < VERB_COUNT; i++)
        printf("  %-9s  %s\n", verbs[i].name, verbs[i].does);
    puts("  help       this text; prismfed VERB --help explains a verb\n"
         "  version    the version\n"
         "\n"
         "Exit status: 0 all is well, 1 a check failed, 2 wrong usage or unusable input, 3 of audit: a question is "
         "open, 4 of sim: not all epochs were anchored, 5 of sim: no run of the sites' programs came to an end.");
    return EXIT_FINE;
}

static int run_verb(int argc, char **argv)
{
    for (unsigned i = 0; i < VERB_COUNT; i++) {
        if (strcmp(argv[0], verbs[i].name) == 0)
            return verbs[i].run(argc, argv);
    }
    say(stderr, "prismfed: there is no verb \"%s\" (prismfed help lists them)\n", argv[0]);
    return EXIT_UNUSABLE;
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        fputs("prismfed: which verb? (prismfed help lists them)\n", stderr);
        return EXIT_UNUSABLE;
    }
    if (strcmp(argv[1], "version") == 0 || strcmp(argv[1], "--version") == 0) {
        puts("prismfed " PRISMFED_VERSION);
        return EXIT_FINE;
    }
    if (strcmp(argv[1], "help") == 0 && argc > 2 && strcmp(argv[2], "help") != 0) {
        static char option[] = "--help";
        char *with_help[] = {argv[2], option, NULL};
        return run_verb(2, with_help);
    }
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return help();
    return run_verb(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    return start(argc, argv, run);
}
