#ifndef PRISMFED_TESTS_PROGRAM_MARK_H
#define PRISMFED_TESTS_PROGRAM_MARK_H

#include "tap.h"

/* A number of seconds that no other process has in its command line: what test programs sleep for ($TEST_MARK), so that
 * those they leave behind can be found. */

static inline void mark_init(void)
{
    char mark[32];

    snprintf(mark, sizeof mark, "7400%ld", (long)getpid());
    setenv("TEST_MARK", mark, 1);
}

static inline bool mark_is_alive(void)
{
    return system("cat /proc/[0-9]*/cmdline 2> /dev/null | tr '\\0' ' ' | grep -q -w \"[7]${TEST_MARK#7}\"") == 0;
}

#endif
