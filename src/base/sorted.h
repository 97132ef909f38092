#ifndef PRISMFED_BASE_SORTED_H
#define PRISMFED_BASE_SORTED_H

#include <stddef.h>

/* Arrays of items that ascend by a number in each of them. */

/* The place of the first item whose number is `number` or above; count, when there is none. items: so many of `size`
 * bytes, each with an unsigned at `offset`; may be NULL when there are none. */
unsigned sorted_place(const void *items, unsigned count, size_t size, size_t offset, unsigned number);

#endif
