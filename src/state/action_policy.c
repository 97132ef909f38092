#include "state/action.h"

/* POLICY: settings that hold from the next epoch on. Later ones for the same setting win. */

static enum err judge(const struct federation_state *s, const struct sign_off *b)
{
    (void)s;
    for (unsigned i = 0; i < SETTING_COUNT; i++) {
        if (b->settings.set[i] && setting_check((enum policy_setting)i, b->settings.values[i]) != ERR_OK)
            return ERR_RANGE;
    }
    return ERR_OK;
}

static void apply(struct federation_state *s, const struct sign_off *b)
{
    struct settings *next = &s->governance->next;

    for (unsigned i = 0; i < SETTING_COUNT; i++) {
        if (!b->settings.set[i])
            continue;
        next->set[i] = true;
        next->values[i] = b->settings.values[i];
    }
}

const struct action_row action_policy = {.judge = judge, .apply = apply};
