/* What this replica signs and sends. */
#include "pbft/internal.h"

void outgoing_sign(struct pbft *p, enum message_type type, uint64_t view, uint64_t sequence,
                   const struct digest *digest, struct claim *out)
{
    struct statement s = {type, view, sequence, *digest};

    if (type <= MESSAGE_COMMIT)
        recovery_signed(p, sequence);
    statement_sign(&p->members, p->config.self, &p->config.key, &s, out);
}

void outgoing_send(struct pbft *p, int32_t to, struct blob *message)
{
    effects_send_replica(p->out, p->members.membership_epoch, to, message);
}

void outgoing_broadcast(struct pbft *p, struct blob *message)
{
    outgoing_send(p, PEER_OTHERS, message);
    blob_drop(message);
}
