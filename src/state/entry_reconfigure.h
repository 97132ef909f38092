#ifndef PRISMFED_STATE_ENTRY_RECONFIGURE_H
#define PRISMFED_STATE_ENTRY_RECONFIGURE_H

#include "state/state.h"

/* Would the member get on by signing this change off? until and ballot: of the body, which was decoded
 * (state/change.h). ERR_OK: yes, now. ERR_AGAIN: not now; it is signed off or agreed already, or has no room at
 * present. Any other error is for good: ERR_STALE: its time is over; ERR_RANGE: that is too far away; else
 * membership_lost's. */
enum err reconfigure_prospect(const struct federation_state *s, unsigned member, const struct change *change,
                              uint64_t until, const struct digest *ballot) MUST_CHECK;

#endif
