#ifndef PRISMFED_BASE_SHARED_H
#define PRISMFED_BASE_SHARED_H

#include <stddef.h>

/* Arrays with a count of holders: filled in by whoever made them, and not written any more once somebody else holds
 * them. Not shared between threads. */

void *shared_new(size_t count, size_t size); /* zeroed; one holding */
void *shared_hold(void *array);              /* one more; NULL is fine, like in the next ones */
void shared_drop(void *array);
/* A copy that only the caller holds, in place of the caller's holding. */
void *shared_own(void *array);

#endif
