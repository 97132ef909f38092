#include "node/enrolment.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mutate.h"

enum err enrolment_init(struct enrolment *out, const struct scenario *plan, struct diag *diag)
{
    struct enrolment a = {.plan = plan};
    enum err err = scenario_terms(plan, &a.terms, diag);

    if (err != ERR_OK)
        return err;
    a.seats = mem_array(plan->node_count, sizeof a.seats[0]);
    *out = a;
    return ERR_OK;
}

void enrolment_fini(struct enrolment *a)
{
    mem_free(a->seats);
    *a = (struct enrolment){0};
}

/* ---- one request */

static enum err check_words(const char *what, const char *asked, const char *planned, struct diag *diag)
{
    if (strcmp(asked, planned) == 0)
        return ERR_OK;
    return diag_set(diag, ERR_MISMATCH, "its %s is \"%s\", the plan says \"%s\"", what, asked, planned);
}

static enum err check_stake(uint64_t asked, uint64_t planned, struct diag *diag)
{
    if (MUTATE(REQUEST_ANY_STAKE, true, asked == planned))
        return ERR_OK;
    return diag_set(diag, ERR_MISMATCH, "its stake is %" PRIu64 ", the plan says %" PRIu64, asked, planned);
}

static enum err check_work(const struct digest *asked, const struct digest *planned, struct diag *diag)
{
    if (digest_equal(asked, planned))
        return ERR_OK;
    if (digest_is_zero(asked))
        return diag_set(diag, ERR_MISMATCH, "it discloses no work, the plan says that it does");
    return diag_set(diag, ERR_MISMATCH,
                    digest_is_zero(planned) ? "it discloses its work, the plan does not say so"
                                            : "the work that it discloses is not the one that the plan describes");
}

/* All but the key. */
static enum err check_card(const struct enrolment *a, unsigned node, const struct member_card *asked, struct diag *diag)
{
    struct member_card planned;
    enum err err = scenario_blank_card(a->plan, node, &planned, diag);

    if (err == ERR_OK)
        err = check_words("role", member_role_name(asked->role), member_role_name(planned.role), diag);
    if (err == ERR_OK)
        err = check_words("region", asked->region, planned.region, diag);
    if (err == ERR_OK)
        err = check_words("site", member_site_name(asked->site), member_site_name(planned.site), diag);
    if (err == ERR_OK)
        err = check_stake(asked->stake, planned.stake, diag);
    return err == ERR_OK ? check_work(&asked->work, &planned.work, diag) : err;
}

static enum err check_key(const struct enrolment *a, const struct member_card *card, struct diag *diag)
{
    if (MUTATE(REQUEST_SIMULATED_KEY, true, !scenario_simulates(a->plan, card->name, &card->key)))
        return ERR_OK;
    return diag_set(diag, ERR_KEY,
                    "its key is one of a rehearsal, which everybody can make; prismfed init makes a real one");
}

/* What nobody else may have. */
static enum err check_taken(const struct enrolment *a, unsigned node, const struct request *request, struct diag *diag)
{
    if (a->seats[node].taken)
        return diag_set(diag, ERR_DUPLICATE, "there is another request of \"%s\"; one of them is not from that site",
                        request->card.name);
    for (unsigned i = 0; i < a->plan->node_count; i++) {
        const struct request *other = &a->seats[i].request;

        if (!a->seats[i].taken)
            continue;
        if (MUTATE(REQUEST_SHARED_KEY, false, memcmp(&other->card.key, &request->card.key, KEY_PUBLIC_SIZE) == 0))
            return diag_set(diag, ERR_DUPLICATE, "it has the key of \"%s\"; each node needs its own", other->card.name);
        if (request->address[0] != '\0' && strcmp(other->address, request->address) == 0)
            return diag_set(diag, ERR_DUPLICATE, "its address %s is that of \"%s\"", request->address,
                            other->card.name);
    }
    return ERR_OK;
}

static enum err check_terms(const struct enrolment *a, const struct request *request, struct diag *diag)
{
    if (MUTATE(REQUEST_ANY_TERMS, true, digest_equal(&request->terms, &a->terms)))
        return ERR_OK;
    return diag_set(diag, ERR_MISMATCH,
                    "it was made for another plan: policy, search space, quorum, shards, first epoch or another node's "
                    "card differ; give all sites the same plan");
}

static enum err find_seat(const struct enrolment *a, const struct request *request, unsigned *node, struct diag *diag)
{
    int index = scenario_find_node(a->plan, request->card.name);

    if (strcmp(request->federation, a->plan->name) != 0)
        return diag_set(diag, ERR_MISMATCH, "it is for the federation \"%s\", the plan is of \"%s\"",
                        request->federation, a->plan->name);
    if (index < 0)
        return diag_set(diag, ERR_UNKNOWN, "the plan has no node \"%s\"", request->card.name);
    if (a->plan->nodes[index].joins_later)
        return diag_set(diag, ERR_STATE, "\"%s\" joins later by the plan, it is no founder", request->card.name);
    *node = (unsigned)index;
    return ERR_OK;
}

enum err enrolment_take(struct enrolment *a, const struct request *request, struct diag *diag)
{
    unsigned node = 0;
    enum err err = find_seat(a, request, &node, diag);

    if (err == ERR_OK)
        err = check_card(a, node, &request->card, diag);
    if (err == ERR_OK)
        err = check_terms(a, request, diag);
    if (err == ERR_OK)
        err = check_key(a, &request->card, diag);
    if (err == ERR_OK)
        err = check_taken(a, node, request, diag);
    if (err == ERR_OK && request->card.role == ROLE_CORE && request->address[0] == '\0')
        err = diag_set(diag, ERR_MISSING,
                       "a validator needs an address where the others dial it: prismfed init "
                       "--listen HOST:PORT");
    if (err != ERR_OK)
        return err;
    a->seats[node] = (struct enrolment_seat){.taken = true, .request = *request};
    return ERR_OK;
}

bool enrolment_misses(const struct enrolment *a, unsigned node)
{
    return !a->plan->nodes[node].joins_later && !a->seats[node].taken;
}

/* ---- all of them */

enum err enrolment_genesis(const struct enrolment *a, struct buf *out, struct diag *diag)
{
    struct member_card *cards = mem_array(a->plan->node_count, sizeof cards[0]);
    struct genesis *decoded = mem_alloc(sizeof *decoded);
    struct buf document = {0};
    enum err err;

    for (unsigned i = 0; i < a->plan->node_count; i++) {
        ASSERT(!enrolment_misses(a, i));
        cards[i] = a->seats[i].request.card;
    }
    err = scenario_found(a->plan, cards, &document, diag);
    if (err == ERR_OK)
        err = genesis_decode(bytes_of_buf(&document), decoded, diag);
    if (err == ERR_OK) {
        genesis_fini(decoded);
        buf_add(out, document.data, document.len);
    }
    buf_free(&document);
    mem_free(decoded);
    mem_free(cards);
    return err;
}

void enrolment_members(const struct enrolment *a, struct bytes genesis, struct members *out)
{
    *out = (struct members){.federation_id = digest_of(genesis),
                            .rows = mem_array(a->plan->node_count, sizeof out->rows[0])};
    for (unsigned i = 0; i < a->plan->node_count; i++) {
        const struct request *request = &a->seats[i].request;
        struct members_row *row = &out->rows[out->count];

        if (!a->seats[i].taken)
            continue;
        snprintf(row->name, sizeof row->name, "%s", request->card.name);
        snprintf(row->address, sizeof row->address, "%s", request->address);
        row->fingerprint = key_fingerprint(&request->card.key);
        out->count++;
    }
}
