/* irace's parameters.txt. */

#include "space_property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    space_property(SPACE_IRACE, SPACE_IRACE, data, size);
    return 0;
}
