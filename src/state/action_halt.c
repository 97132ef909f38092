#include "state/action.h"

/* HALT and RESUME, at once. While the federation is halted its epoch stands still: what contributes to it, and what
 * closes it, waits (kind.h); the log goes on for sign-offs, evidence and members. */

static enum err judge_halt(const struct federation_state *s, const struct sign_off *b)
{
    (void)b;
    return s->governance->halted ? ERR_STATE : ERR_OK;
}

static void halt(struct federation_state *s, const struct sign_off *b)
{
    (void)b;
    s->governance->halted = true;
}

static enum err judge_resume(const struct federation_state *s, const struct sign_off *b)
{
    (void)b;
    return s->governance->halted ? ERR_OK : ERR_STATE;
}

static void resume(struct federation_state *s, const struct sign_off *b)
{
    (void)b;
    s->governance->halted = false;
}

const struct action_row action_halt = {.judge = judge_halt, .apply = halt};
const struct action_row action_resume = {.judge = judge_resume, .apply = resume};
