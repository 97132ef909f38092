#include "base/mutate.h"
#include "state/action.h"
#include "state/membership.h"

/* QUARANTINE and RELEASE of a member, at once. Unlike one that the rules put into quarantine, it cannot RECONCILE
 * before it is released. It keeps its vote, if it has one: who votes is the validators' business (RECONFIGURE). */

static enum err judge_quarantine(const struct federation_state *s, const struct sign_off *b)
{
    int member = membership_find(s, b->member);

    if (member < 0)
        return ERR_UNKNOWN;
    if (!membership_stays(state_member(s, (unsigned)member)))
        return ERR_STATE;
    if (governance_barred(s, (unsigned)member))
        return ERR_DUPLICATE;
    return s->governance->barred_count < BARRED_MAX ? ERR_OK : ERR_LIMIT;
}

static void quarantine(struct federation_state *s, const struct sign_off *b)
{
    unsigned member = (unsigned)membership_find(s, b->member);
    struct governance *g = s->governance;
    unsigned at = g->barred_count++;

    for (; at > 0 && g->barred[at - 1] > member; at--)
        g->barred[at] = g->barred[at - 1];
    g->barred[at] = member;
    state_member_change(s, member)->status = MEMBER_QUARANTINED;
    MUTATE(STATE_QUARANTINED_COUNTS, (void)0, contribution_drop(s, member));
}

static enum err judge_release(const struct federation_state *s, const struct sign_off *b)
{
    int member = membership_find(s, b->member);

    if (member < 0)
        return ERR_UNKNOWN;
    return governance_barred(s, (unsigned)member) ? ERR_OK : ERR_STATE;
}

static void release(struct federation_state *s, const struct sign_off *b)
{
    unsigned member = (unsigned)membership_find(s, b->member), kept = 0;
    struct governance *g = s->governance;

    for (unsigned i = 0; i < g->barred_count; i++) {
        if (g->barred[i] != member)
            g->barred[kept++] = g->barred[i];
    }
    g->barred_count = kept;
}

const struct action_row action_quarantine = {.judge = judge_quarantine, .apply = quarantine};
const struct action_row action_release = {.judge = judge_release, .apply = release};
