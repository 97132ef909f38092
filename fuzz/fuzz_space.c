/* Search spaces in JSON. */

#include "space_property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    space_property(SPACE_JSON, SPACE_JSON, data, size);
    return 0;
}
