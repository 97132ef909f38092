#include "pbft/internal.h"

void timer_arm(struct pbft *p, uint32_t timer, int64_t delay_ns)
{
    struct timer *t = &p->timers[timer];

    t->armed = true;
    t->at_ns = p->now_ns > INT64_MAX - delay_ns ? INT64_MAX : p->now_ns + delay_ns;
    effects_timer_set(p->out, timer, t->at_ns);
}

void timer_stop(struct pbft *p, uint32_t timer)
{
    if (!p->timers[timer].armed)
        return;
    p->timers[timer].armed = false;
    effects_timer_stop(p->out, timer);
}

bool has_work(struct pbft *p)
{
    if (p->closing != 0)
        return p->closing > p->decided;
    return p->expecting || p->top > p->decided || wiped_waits(p) || pool_proposable(p);
}

/* Progress restarts the view timer (section 4.5.2), but a primary that orders everything except the
 * oldest request that it could order does not live on that for ever. */
static int64_t view_delay(struct pbft *p)
{
    int64_t patience = p->timeout_ns > INT64_MAX / PATIENCE ? INT64_MAX : PATIENCE * p->timeout_ns;

    if (!p->active || !pool_proposable(p)) {
        p->watching = false;
        return p->timeout_ns;
    }
    if (!p->watching || !digest_equal(&p->watched, &p->pool_oldest)) {
        p->watching = true;
        p->watched = p->pool_oldest;
        p->watched_until_ns = p->now_ns > INT64_MAX - patience ? INT64_MAX : p->now_ns + patience;
    }
    int64_t until = MUTATE(PBFT_ENDLESS_PATIENCE, INT64_MAX, p->watched_until_ns);
    int64_t left = until > p->now_ns ? until - p->now_ns : 0;
    return left < p->timeout_ns ? left : p->timeout_ns;
}

/* Doubles while nothing comes of it, but leaves room for two within the present view time-out. Where the view timer
 * does not run, it is for others to move: then at least for eight within the longest one. */
static int64_t resend_delay(struct pbft *p)
{
    int64_t delay = p->config.resend_ns, timeout = p->timeout_ns, longest = p->config.view_timeout_max_ns / 4;

    if (!p->timers[PBFT_TIMER_VIEW].armed && timeout < longest)
        timeout = longest;
    timeout = MUTATE(PBFT_RESEND_BY_FIRST_TIMEOUT, p->config.view_timeout_ns, timeout);
    for (unsigned i = 0; i < MUTATE(PBFT_RESEND_STEADY, 0, p->fruitless) && delay <= timeout / 4; i++)
        delay *= 2;
    return delay;
}

static void want(struct pbft *p, uint32_t timer, bool wanted, int64_t (*delay_ns)(struct pbft *p))
{
    if (!wanted)
        timer_stop(p, timer);
    else if (!p->timers[timer].armed)
        timer_arm(p, timer, delay_ns(p));
}

/* Section 4.5.2: the view timer runs while the primary owes something, and, between views, once a quorum
 * has come along; every decision restarts it from the shortest delay. Who can catch up has nothing to hold
 * against the primary: what seems to be owed may be decided long ago. A request that cannot be proposed yet may mean
 * that we missed what it follows, so we ask. A replica that left the view alone and waits for nothing is quiet: whoever
 * moves next asks it (STATUS) or hears it. */
void timers_update(struct pbft *p)
{
    bool waiting = has_work(p) && !can_catch_up(p);
    bool work = p->active && waiting;
    bool wondering = p->pool.free_count > 0 && p->closing == 0;
    bool leaving = !p->active && (waiting || view_change_count(p) > 1);

    if (p->progress) {
        p->fruitless /= 2;  /* what it took to get here it may take again */
        if (!p->recovering) /* no decision answers what it asks */
            timer_stop(p, PBFT_TIMER_RESEND);
    }
    if (MUTATE(PBFT_TIMER_NOT_RESET, false, p->progress && p->active)) {
        p->timeout_ns = p->config.view_timeout_ns;
        p->left_in_vain = false;
        timer_stop(p, PBFT_TIMER_VIEW);
    }
    bool moving = MUTATE(PBFT_TIMER_ALONE, true, view_change_count(p) >= p->members.quorum);
    want(p, PBFT_TIMER_VIEW, !p->recovering && (p->active ? work : moving), view_delay);
    want(p, PBFT_TIMER_RESEND, work || leaving || wondering || p->recovering || checkpoint_waits(p) || is_behind(p),
         resend_delay);
}

/* What is lacking in another view was never asked for: the first question comes soon. A view lasts at least a time-out,
 * so that the questions of a view are as few as the back-off has steps. */
void timers_ask_anew(struct pbft *p)
{
    p->fruitless = MUTATE(PBFT_QUESTIONS_STAY_LATE, p->fruitless, 0);
    timer_stop(p, PBFT_TIMER_RESEND);
}
