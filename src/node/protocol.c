/* Which versions this program speaks, by number and by name. */
#include "node/protocol.h"

#include <string.h>

#include "base/mutate.h"

static const char *const names[] = {"prismfed/2", "prismfed/1", NULL};

enum { NAMED = sizeof names / sizeof names[0] - 1 };

const char *const *protocol_names(void)
{
    ASSERT(protocol_newest >= PROTOCOL_OLDEST && protocol_newest <= NAMED);
    return &names[NAMED - protocol_newest];
}

unsigned protocol_of_name(const char *name)
{
    for (unsigned i = PROTOCOL_OLDEST; i <= protocol_newest; i++) {
        if (strcmp(names[NAMED - i], name) == 0)
            return i;
    }
    return 0;
}

enum err protocol_check(const struct federation_state *s, struct diag *diag)
{
    if (MUTATE(NODE_SPEAKS_ANYTHING, true, s->protocol <= protocol_newest))
        return ERR_OK;
    return diag_set(
        diag, ERR_STATE,
        "the federation speaks protocol %llu since epoch %llu at the latest, and this program none above %u; "
        "install one that does, and start the node again",
        (unsigned long long)s->protocol, (unsigned long long)s->epoch, protocol_newest);
}
