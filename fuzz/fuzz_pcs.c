/* PCS files. */

#include "space_property.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    space_property(SPACE_PCS, SPACE_PCS_NEW, data, size);
    return 0;
}
