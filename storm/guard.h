#ifndef PRISMFED_STORM_GUARD_H
#define PRISMFED_STORM_GUARD_H

#include <stdbool.h>

/* Calls body(context). False: an assertion failed inside of it. Then its memory is in an unknown state and must be left
 * alone. One at a time in a thread. */
bool guard_call(void (*body)(void *context), void *context);

#endif
