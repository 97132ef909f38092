/* Scenario files: whatever they hold, the loader answers with a scenario or with one
 * line that names the place. */

#include <string.h>

#include "fuzz.h"
#include "scenario/scenario.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scenario scenario;
    struct diag diag = {0};
    if (scenario_parse("fuzz", bytes_of(data, size), &scenario, &diag) != ERR_OK) {
        ASSERT(strncmp(diag.text, "fuzz:", 5) == 0 && strchr(diag.text, '\n') == NULL);
        return 0;
    }
    ASSERT(scenario.node_count > 0 && scenario.node_count <= SCENARIO_NODES_MAX && scenario.quorum > 0);
    scenario_fini(&scenario);
    return 0;
}
