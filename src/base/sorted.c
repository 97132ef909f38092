#include "base/sorted.h"

#include <stdint.h>
#include <string.h>

unsigned sorted_place(const void *items, unsigned count, size_t size, size_t offset, unsigned number)
{
    unsigned low = 0, high = count;

    while (low < high) {
        unsigned middle = low + (high - low) / 2, here;
        memcpy(&here, (const uint8_t *)items + middle * size + offset, sizeof here);
        if (here < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
