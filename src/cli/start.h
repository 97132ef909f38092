#ifndef PRISMFED_CLI_START_H
#define PRISMFED_CLI_START_H

/* What every program of ours does around its work: libraries made ready, and no success while what was printed did not
 * arrive. Returns the exit status, of run() or EXIT_UNUSABLE. */
int start(int argc, char **argv, int (*run)(int argc, char **argv));

#endif
