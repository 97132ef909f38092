/* What the other replicas are known to have said, of themselves and against themselves. */
#include "pbft/internal.h"

#include <string.h>

void peers_heard(struct pbft *p, const struct claim *claim)
{
    struct heard *heard = &p->peers[claim->signer].heard;

    if (claim->says.view > heard->view)
        heard->view = claim->says.view;
    if (heard->view > p->heard.view)
        p->heard.view = heard->view;
}

bool peers_is_news(const struct pbft *p, const struct claim *claim)
{
    const struct heard *heard = &p->peers[claim->signer].heard;

    return claim->says.view > heard->view || claim->says.sequence > heard->decided;
}

void peers_heard_decided(struct pbft *p, unsigned peer, uint64_t decided)
{
    struct heard *heard = &p->peers[peer].heard;

    if (decided > heard->decided)
        heard->decided = decided;
    if (heard->decided > p->heard.decided)
        p->heard.decided = heard->decided;
}

void peers_convict(struct pbft *p, const struct claim *first, const struct claim *second)
{
    struct heard *heard = &p->peers[first->signer].heard;

    if (MUTATE(CONVICTED_TWICE, false, heard->convicted))
        return;
    heard->convicted = true;
    heard->evidence[0] = *first;
    heard->evidence[1] = *second;
    p->heard.evidence_count++;
    effects_note(p->out, "pbft.equivocation", first->signer, first->says.sequence);
}

int peers_take_evidence(struct pbft *p, struct claim pair[2])
{
    for (unsigned i = 0; p->heard.evidence_count > 0 && i < p->members.n; i++) {
        struct heard *heard = &p->peers[i].heard;
        if (heard->evidence[0].says.type == 0)
            continue;
        memcpy(pair, heard->evidence, sizeof heard->evidence);
        memset(heard->evidence, 0, sizeof heard->evidence);
        p->heard.evidence_count--;
        return (int)i;
    }
    return -1;
}

/* The highest number above `best` that more than f others claim at least: one of them does not lie. */
static uint64_t claimed_decided(const struct pbft *p, uint64_t best)
{
    for (unsigned i = 0; i < p->members.n && p->heard.decided > best; i++) {
        uint64_t claimed = p->peers[i].heard.decided;
        unsigned supporters = 0;
        if (i == p->config.self || claimed <= best)
            continue;
        for (unsigned k = 0; k < p->members.n; k++)
            supporters += k != p->config.self && p->peers[k].heard.decided >= claimed;
        if (supporters > MUTATE(PBFT_STATUS_BELIEVED, 0, p->members.f))
            best = claimed;
    }
    return best;
}

uint64_t peers_known_decided(const struct pbft *p)
{
    return claimed_decided(p,
                           p->executions.proved > p->executions.decided ? p->executions.proved : p->executions.decided);
}

bool peers_have_more(const struct pbft *p)
{
    uint64_t proved = MUTATE(PBFT_LATE_COMMITS_BELIEVED, p->executions.proved, p->checkpoints.proven.sequence);

    return proved > p->executions.decided || claimed_decided(p, p->executions.decided) > p->executions.decided;
}

bool peers_are_ahead(const struct pbft *p)
{
    unsigned ahead = 0;

    for (unsigned i = 0; i < p->members.n && p->heard.view > p->view.number; i++)
        ahead += i != p->config.self && p->peers[i].heard.view > p->view.number;
    return ahead > MUTATE(BEHIND_BY_ONE_WORD, 0, p->members.f) || peers_known_decided(p) > p->executions.decided ||
           p->checkpoints.proven.sequence > p->checkpoints.stable.sequence;
}
