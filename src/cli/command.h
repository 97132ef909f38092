#ifndef PRISMFED_CLI_COMMAND_H
#define PRISMFED_CLI_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* The verbs of `prismfed`. Each takes its own name as argv[0] and returns the exit status:
 * 0 done, 1 the thing that was checked is not right, 2 wrong usage or unusable input, 3 nothing is wrong with it, but a
 * question is open, 4 a rehearsal in which not all epochs were anchored, 5 one in which no
 * run of the sites' programs came to an end. */
enum { EXIT_FINE = 0, EXIT_WRONG = 1, EXIT_UNUSABLE = 2, EXIT_OPEN = 3, EXIT_UNANCHORED = 4, EXIT_NOTHING_RAN = 5 };

int command_sim(int argc, char **argv);
int command_audit(int argc, char **argv);
int command_admit(int argc, char **argv);
int command_aggregate(int argc, char **argv);
int command_change(int argc, char **argv);
int command_bundle(int argc, char **argv);
int command_eval(int argc, char **argv);
int command_genome(int argc, char **argv);
int command_init(int argc, char **argv);
int command_keys(int argc, char **argv);
int command_net(int argc, char **argv);
int command_node(int argc, char **argv);
int command_pick(int argc, char **argv);
int command_preflight(int argc, char **argv);
int command_prove(int argc, char **argv);
int command_prune(int argc, char **argv);
int command_replay(int argc, char **argv);
int command_govern(int argc, char **argv);
int command_root(int argc, char **argv);
int command_signer(int argc, char **argv);
int command_site(int argc, char **argv);
int command_sink(int argc, char **argv);
int command_show(int argc, char **argv);
int command_snapshot(int argc, char **argv);
int command_space(int argc, char **argv);
int command_store(int argc, char **argv);
int command_tlog(int argc, char **argv);
int command_verify(int argc, char **argv);

/* One line to standard error, "prismfed VERB: ...". Returns EXIT_UNUSABLE. */
int command_fail(const char *verb, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The same for wrong usage: the line ends with where help is. */
int command_misuse(const char *verb, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The value of an option that is a number from lo to hi, into *out; else misuse. Returns the exit status. */
int command_number(const char *verb, const char *option, const char *text, uint64_t lo, uint64_t hi, uint64_t *out);

#endif
