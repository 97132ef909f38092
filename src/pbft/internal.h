#ifndef PRISMFED_PBFT_INTERNAL_H
#define PRISMFED_PBFT_INTERNAL_H

#include "base/mutate.h"
#include "pbft/checkpoint.h"
#include "pbft/executions.h"
#include "pbft/log.h"
#include "pbft/normal.h"
#include "pbft/outgoing.h"
#include "pbft/peers.h"
#include "pbft/pool.h"
#include "pbft/record_read.h"
#include "pbft/record_write.h"
#include "pbft/recovery.h"
#include "pbft/retransmit.h"
#include "pbft/status.h"
#include "pbft/timers.h"
#include "pbft/view_change.h"

/* The replica, shared by the files of this folder and by nobody else. Each part of it has an owner, the file of the
 * part's header, which alone writes it; all may read. What is here itself belongs to pbft.c. */

struct peer {
    struct heard heard;
    struct peer_change change;
    struct peer_answers answers;
    struct peer_status status;
    struct peer_recovery recovery;
};

struct pbft {
    struct pbft_config config;
    struct pbft_app app;
    struct members members;
    struct claim_forms *own_forms; /* NULL: config.claim_forms are used */

    struct executions executions;
    struct view view;
    struct checkpoints checkpoints;
    struct log log;
    struct proposing proposing;
    struct recovery recovery;
    struct timers timers;
    struct peer *peers;
    struct heard_of_all heard;
    struct retransmission retransmission;
    struct records_written written;
    struct records_read read;
    struct pool pool;

    bool started;
    bool held;      /* pbft_hold */
    int64_t now_ns; /* of the running step, as is out */
    struct effects *out;
    struct bytes requests[PBFT_BATCH_MAX]; /* scratch: a decoded batch */
};

#endif
