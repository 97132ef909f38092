#ifndef PRISMFED_PBFT_TIMERS_H
#define PRISMFED_PBFT_TIMERS_H

#include "pbft/pbft.h"

/* The fields are this file's own. */
struct timer {
    bool armed;
    int64_t at_ns;
};

/* The fields are this file's own. */
struct timers {
    struct timer of[PBFT_TIMER_RESEND + 1];
    int64_t timeout_ns;       /* of the view timer: doubled in vain, halved with progress */
    bool left_in_vain;        /* a view, since the last progress: leaving another one doubles the time-out */
    struct digest watched;    /* progress does not excuse passing over this request, */
    int64_t watched_until_ns; /* longer than until then; 0: none is watched */
    unsigned fruitless;       /* times that the RESEND timer fired without progress since */
};

void timers_init(struct pbft *p);
void timers_update(struct pbft *p); /* at the end of a step */
void timers_arm(struct pbft *p, uint32_t timer, int64_t delay_ns);
void timers_stop(struct pbft *p, uint32_t timer);
/* Its time has come, says the driver. False: not yet, or it is not armed. */
bool timers_fire(struct pbft *p, uint32_t timer);
void timers_asked(struct pbft *p); /* RESEND has fired, and all was asked for */
/* The view is left for another one, or another one is entered: questions begin anew. */
void timers_leave_view(struct pbft *p);
void timers_enter_view(struct pbft *p);
/* Section 4.5.2: the first wait for a NEW-VIEW is no longer than that for a decision was; each further one that nothing
 * has come of doubles. */
void timers_grow(struct pbft *p);

#endif
