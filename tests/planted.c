/* Which planted defect (base/mutate.h) this process has. Only a build with the option `mutants` compiles this file. */

#include "base/mutate.h"

#include <stdlib.h>

const char *mutate_planted = "";

__attribute__((constructor)) static void mutate_read(void)
{
    const char *name = getenv("PLANTED");
    if (name)
        mutate_planted = name;
}
