#ifndef PRISMFED_PBFT_VIEW_CHANGE_H
#define PRISMFED_PBFT_VIEW_CHANGE_H

#include "pbft/view_change_format.h"

struct pbft;

/* The present view, and how it changes (OSDI'99 section 4.4).
 *
 *              .------------ time is over, or f+1 others want later views <-------------.
 *              v                                                                        |
 *     .---- CHANGING ----- the whole NEW-VIEW is here, or we are its primary -----> ACTIVE (view 0 to begin with)
 *     |        ^                                                                      ^
 *     |        '------- a VIEW-CHANGE has come: the NEW-VIEW is tried again --.       |
 *     |                                                                       |       |
 *     '--- a NEW-VIEW that names VIEW-CHANGEs that are not here -------> SHORT, UNMATCHED
 *
 * UNMATCHED: it names other ones than are here, so that only the whole helps. Each of these leaves for a later view as
 * ACTIVE does, and enters a later view whose NEW-VIEW comes. */
enum view_state { VIEW_ACTIVE, VIEW_CHANGING, VIEW_SHORT, VIEW_UNMATCHED };

/* The fields are the view's own. */
struct view {
    uint64_t number;
    enum view_state state;
    struct blob *new_view;   /* the message that opened the view; NULL in view 0 */
    struct blob *short_view; /* SHORT, UNMATCHED: the NEW-VIEW that waits */
    int64_t said_ns;         /* when the view was left or entered */
    uint64_t top;            /* highest sequence proposed in this view */
    uint64_t planned_top;    /* highest that the NEW-VIEW proposed */
    uint64_t entered;        /* views, in this life */
};

/* The VIEW-CHANGE of a replica. The fields are the view's own. */
struct peer_change {
    struct blob *message; /* NULL: none */
    uint64_t to;
};

static inline bool view_is_active(const struct view *v)
{
    return v->state == VIEW_ACTIVE;
}
void view_fini(struct pbft *p);
void view_raise_top(struct pbft *p, uint64_t sequence); /* something is proposed there */

enum err view_change_receive(struct pbft *p, struct bytes message);
enum err view_change_receive_new_view(struct pbft *p, struct bytes message);
void view_change_start(struct pbft *p, uint64_t view);
/* Where it goes when the time of the present view is over: to none that it may have asked for already. */
uint64_t view_change_next(const struct pbft *p);
unsigned view_change_count(const struct pbft *p); /* replicas that want this view or a later one */
/* Sends the NEW-VIEW of this view. changes: the view of the VIEW-CHANGE of each replica that the peer has; NULL: send
 * it all of them. */
void new_view_answer(struct pbft *p, unsigned peer, const uint64_t *changes);
/* Takes up what the (checked) NEW-VIEW of this view re-proposes; again after the window has moved. */
void new_view_install(struct pbft *p);
/* From own records: moves on to the view of this message without a word. */
enum err view_change_restore(struct pbft *p, struct bytes message) MUST_CHECK;
enum err new_view_restore(struct pbft *p, struct bytes message) MUST_CHECK;

#endif
