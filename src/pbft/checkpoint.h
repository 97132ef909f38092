#ifndef PRISMFED_PBFT_CHECKPOINT_H
#define PRISMFED_PBFT_CHECKPOINT_H

#include "pbft/messages.h"

struct pbft;

/* A checkpoint that a quorum vouches for. */
struct stable {
    uint64_t sequence;
    struct digest block_id;
    struct blob *signatures; /* NULL: the beginning of the membership epoch, which needs none */
};

/* The fields are the checkpoint's own. */
struct checkpoints {
    struct stable base;   /* where the membership epoch began */
    struct stable stable; /* h; never above what is decided */
    struct stable proven; /* a later one that we have not caught up with */
    unsigned kept;        /* latest votes of each replica */
    struct claim *marks;  /* these; of type 0: none */
};

void checkpoint_init(struct pbft *p);
void checkpoint_fini(struct pbft *p);
/* The membership epoch began at this block. */
void checkpoint_begin_at(struct pbft *p, uint64_t sequence, const struct digest *block_id);
enum err checkpoint_receive(struct pbft *p, struct bytes message);
enum err checkpoint_receive_stable(struct pbft *p, struct bytes message);
void checkpoint_vote(struct pbft *p, uint64_t sequence, const struct digest *block_id);
/* After a restart: those that the crash came before. */
void checkpoint_vote_again(struct pbft *p);
/* A quorum vouches for it (the caller checked): moves the window as soon as we are there too. Takes over s. */
void checkpoint_prove(struct pbft *p, struct stable *s);
void checkpoint_adopt(struct pbft *p);
bool checkpoint_waits(const struct pbft *p); /* our own latest one is not stable yet */
struct blob *checkpoint_message(const struct pbft *p);
struct blob *checkpoint_stable_message(const struct pbft *p); /* of h, which has signatures */
/* From own records: an own vote, and where the window was (takes over stable). */
void checkpoint_restore(struct pbft *p, const struct claim *vote);
void checkpoint_restore_stable(struct pbft *p, const struct stable *base, const struct stable *stable);

#endif
