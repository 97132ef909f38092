#include "tap.h"

/* The only object that knows where the sources lie: the others are the same in every folder. */
const char *tap_source_root(void)
{
    return TAP_SOURCE_ROOT;
}
