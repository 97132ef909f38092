#ifndef PRISMFED_CLI_SAY_H
#define PRISMFED_CLI_SAY_H

#include <stdio.h>

#include "base/bytes.h"

/* Output for people: whatever comes from outside and stands among the arguments does nothing to a terminal and forges
 * no line (text_escape). Errors of writing are left to whoever flushes. */

/* printf(), but only newlines at the end of fmt end a line; any other control character is escaped. */
void say(FILE *to, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* A text of several lines, each escaped. Whoever composed it has seen to it that no newline in it is a stranger's. */
void say_lines(FILE *to, struct bytes text);

#endif
