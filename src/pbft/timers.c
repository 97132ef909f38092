#include "pbft/internal.h"

void timers_arm(struct pbft *p, uint32_t timer, int64_t delay_ns)
{
    struct timer *t = &p->timers.of[timer];

    t->armed = true;
    t->at_ns = p->now_ns > INT64_MAX - delay_ns ? INT64_MAX : p->now_ns + delay_ns;
    effects_timer_set(p->out, timer, t->at_ns);
}

bool timers_fire(struct pbft *p, uint32_t timer)
{
    struct timer *t = &p->timers.of[timer];

    if (MUTATE(TIMER_BEFORE_ITS_TIME, false, p->now_ns < t->at_ns)) {
        effects_timer_set(p->out, timer, t->at_ns);
        return false;
    }
    t->armed = false;
    return true;
}

void timers_stop(struct pbft *p, uint32_t timer)
{
    if (!p->timers.of[timer].armed)
        return;
    p->timers.of[timer].armed = false;
    effects_timer_stop(p->out, timer);
}

void timers_init(struct pbft *p)
{
    p->timers.timeout_ns = p->config.view_timeout_ns;
}

/* Proposable requests, undecided proposals or an expectation: something that the primary owes us. */
static bool has_work(struct pbft *p)
{
    if (p->executions.closing != 0)
        return p->executions.closing > p->executions.decided;
    return p->proposing.expecting || p->view.top > p->executions.decided || recovery_of_another_waits(p) ||
           normal_proposable(p);
}

/* Progress restarts the view timer (section 4.5.2), but a primary that orders everything except the
 * oldest request that it could order does not live on that for ever. */
static int64_t view_delay(struct pbft *p)
{
    int64_t patience = p->timers.timeout_ns > INT64_MAX / PATIENCE ? INT64_MAX : PATIENCE * p->timers.timeout_ns;

    if (!view_is_active(&p->view) || !normal_proposable(p)) {
        p->timers.watched_until_ns = 0;
        return p->timers.timeout_ns;
    }
    if (p->timers.watched_until_ns == 0 || !digest_equal(&p->timers.watched, &p->proposing.oldest)) {
        p->timers.watched = p->proposing.oldest;
        p->timers.watched_until_ns = p->now_ns > INT64_MAX - patience ? INT64_MAX : p->now_ns + patience;
    }
    int64_t until = MUTATE(PBFT_ENDLESS_PATIENCE, INT64_MAX, p->timers.watched_until_ns);
    int64_t left = until > p->now_ns ? until - p->now_ns : 0;
    return left < p->timers.timeout_ns ? left : p->timers.timeout_ns;
}

/* Doubles while nothing comes of it, but leaves room for two within the present view time-out. Where the view timer
 * does not run, it is for others to move: then at least for eight within the longest one. */
static int64_t resend_delay(struct pbft *p)
{
    int64_t delay = p->config.resend_ns, timeout = p->timers.timeout_ns, longest = p->config.view_timeout_max_ns / 4;

    if (!p->timers.of[PBFT_TIMER_VIEW].armed && timeout < longest)
        timeout = longest;
    timeout = MUTATE(PBFT_RESEND_BY_FIRST_TIMEOUT, p->config.view_timeout_ns, timeout);
    for (unsigned i = 0; i < MUTATE(PBFT_RESEND_STEADY, 0, p->timers.fruitless) && delay <= timeout / 4; i++)
        delay *= 2;
    return delay;
}

static void want(struct pbft *p, uint32_t timer, bool wanted, int64_t (*delay_ns)(struct pbft *p))
{
    if (!wanted)
        timers_stop(p, timer);
    else if (!p->timers.of[timer].armed)
        timers_arm(p, timer, delay_ns(p));
}

/* The time-out halves with every decision. Where links are slower than the shortest one allows for, one that went back
 * to it at once would have to be doubled anew for each decision, and the view changes would take the links from what is
 * to be decided. */
static void shrink(struct pbft *p)
{
    int64_t least = p->config.view_timeout_ns, shrunk = p->timers.timeout_ns;

    for (uint64_t i = 0; i < p->executions.progress && shrunk > least; i++)
        shrunk /= 2;
    p->timers.timeout_ns = MUTATE(PBFT_TIMEOUT_FALLS_BACK, least, shrunk > least ? shrunk : least);
}

/* Something was decided, here or elsewhere. */
static void progress(struct pbft *p)
{
    shrink(p);
    p->timers.left_in_vain = false;
    if (view_is_active(&p->view))
        timers_stop(p, PBFT_TIMER_VIEW);
    p->timers.fruitless /= 2;          /* what it took to get here it may take again */
    if (!recovery_is_on(&p->recovery)) /* no decision answers what it asks */
        timers_stop(p, PBFT_TIMER_RESEND);
}

/* Section 4.5.2: the view timer runs while the primary owes something, and, between views, once a quorum
 * has come along; every decision restarts it. Who can catch up has nothing to hold
 * against the primary: what seems to be owed may be decided long ago. A request that cannot be proposed yet may mean
 * that we missed what it follows, so we ask. A replica that left the view alone and waits for nothing is quiet: whoever
 * moves next asks it (STATUS) or hears it. */
void timers_update(struct pbft *p)
{
    bool waiting = has_work(p) && !peers_have_more(p);
    bool work = view_is_active(&p->view) && waiting;
    bool wondering = p->pool.free_count > 0 && p->executions.closing == 0;
    bool leaving = !view_is_active(&p->view) && (waiting || view_change_count(p) > 1);

    if (MUTATE(PBFT_TIMER_NOT_RESET, false, p->executions.progress > 0))
        progress(p);
    bool moving =
        view_is_active(&p->view) ? work : MUTATE(PBFT_TIMER_ALONE, true, view_change_count(p) >= p->members.quorum);
    want(p, PBFT_TIMER_VIEW, !recovery_is_on(&p->recovery) && moving, view_delay);
    want(p, PBFT_TIMER_RESEND,
         work || leaving || wondering || recovery_is_on(&p->recovery) || checkpoint_waits(p) || peers_are_ahead(p),
         resend_delay);
}

/* What is lacking in another view was never asked for: the first question comes soon. A view lasts at least a time-out,
 * so that the questions of a view are as few as the back-off has steps. */
static void ask_anew(struct pbft *p)
{
    p->timers.fruitless = MUTATE(PBFT_QUESTIONS_STAY_LATE, p->timers.fruitless, 0);
    timers_stop(p, PBFT_TIMER_RESEND);
}

void timers_leave_view(struct pbft *p)
{
    p->timers.watched_until_ns = 0;
    timers_stop(p, PBFT_TIMER_VIEW);
    timers_stop(p, PBFT_TIMER_BATCH);
    ask_anew(p);
}

void timers_enter_view(struct pbft *p)
{
    ask_anew(p);
}

void timers_asked(struct pbft *p)
{
    p->timers.fruitless++;
}

void timers_grow(struct pbft *p)
{
    struct timers *t = &p->timers;

    if (t->left_in_vain && t->timeout_ns > p->config.view_timeout_max_ns / 2)
        t->timeout_ns = p->config.view_timeout_max_ns;
    else if (t->left_in_vain)
        t->timeout_ns *= 2;
    t->left_in_vain = true;
}
