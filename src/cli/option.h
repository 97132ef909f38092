#ifndef PRISMFED_CLI_OPTION_H
#define PRISMFED_CLI_OPTION_H

#include <stddef.h>

#include "cli/command.h"

/* The options of a verb, each in one row of a table that gives what is read from the command line and what --help says.
 * The man page says more about the same options; a test compares names and arguments. */

enum option_kind {
    OPTION_FLAG,     /* takes no value; target: bool */
    OPTION_TEXT,     /* target: const char *, borrowed from the command line */
    OPTION_NUMBER,   /* target: uint64_t, from low to high */
    OPTION_UNSIGNED, /* target: unsigned, likewise */
    OPTION_FORMAT,   /* "text" or "json"; target: bool, true for JSON */
    OPTION_TAKE      /* handed to take(), which complains itself and returns the exit status */
};

/* --help is in every verb and in no table. */
struct option_row {
    const char *name;     /* without the two dashes */
    const char *argument; /* in --help; NULL for a flag, and for one whose take() needs no value */
    enum option_kind kind;
    size_t target; /* its place in the verb's struct of arguments: offsetof() */
    uint64_t low, high;
    size_t given; /* place of a bool that says whether it was there; 0: none (nobody's first field is one) */
    int (*take)(void *arguments, const char *value); /* value: NULL for one without */
    const char *help;
};

struct option_table {
    const char *verb;
    const char *usage; /* its lines, each with a newline */
    const char *about; /* what it does */
    const char *after; /* what follows the options; NULL: nothing */
    const struct option_row *rows;
    unsigned count;
};

/* Reads the options into *arguments, up to argv[*operands], the first word that is none (words that are no options may
 * stand between them: they are moved behind). *helped: --help was asked for and printed, the verb is done. Returns the
 * exit status; what is wrong was said. */
int option_read(const struct option_table *table, int argc, char **argv, void *arguments, int *operands,
                bool *helped) MUST_CHECK;

#endif
