#include "world/network.h"

enum { STRAGGLER_TIMES = 10 };

/* A message under way on a link. */
struct parcel {
    struct event message;
    uint64_t place;      /* on the agenda, as of when it was sent */
    int64_t latency_ns;  /* once it has left the link */
    int64_t again_ns;    /* then it comes once more; < 0: it does not */
    struct parcel *next; /* behind it on the link */
};

struct network_link {
    struct link_traits traits;
    int64_t clogged_until_ns, last_arrival_ns;
    struct parcel *first,
        **last; /* what waits: the first is being sent; last: where the next goes, unless first is NULL */
    size_t waiting;
    uint64_t serial; /* of the event that the first has left */
};

void network_init(struct network *n, struct agenda *agenda, unsigned nodes, unsigned groups, network_draw *draw,
                  void *context)
{
    *n = (struct network){.agenda = agenda, .draw = draw, .context = context, .factor_ppm = PPM};
    n->nodes = nodes;
    n->groups = groups;
    n->link_count = groups * groups;
    n->group = mem_array(nodes, sizeof *n->group);
    n->links = mem_array(n->link_count, sizeof *n->links);
}

static void drop_first(struct network *n, struct network_link *link)
{
    struct parcel *p = link->first;

    link->first = p->next;
    link->waiting--;
    blob_drop(p->message.blob);
    p->next = n->spare;
    n->spare = p;
}

void network_fini(struct network *n)
{
    for (unsigned i = 0; i < n->link_count; i++) {
        while (n->links[i].first != NULL)
            drop_first(n, &n->links[i]);
    }
    while (n->spare != NULL) {
        struct parcel *p = n->spare;

        n->spare = p->next;
        mem_free(p);
    }
    mem_free(n->group);
    mem_free(n->links);
    mem_free(n->cuts);
    mem_free(n->sides);
    mem_free(n->part_of);
    *n = (struct network){0};
}

static unsigned link_of(const struct network *n, unsigned from, unsigned to)
{
    ASSERT(from < n->nodes && to < n->nodes);
    return n->group[from] * n->groups + n->group[to];
}

void network_join(struct network *n, unsigned node, unsigned group)
{
    ASSERT(node < n->nodes && group < n->groups);
    n->group[node] = group;
}

/* ---- on the way */

static void arrive(struct network *n, const struct event *message, int64_t at_ns, uint64_t place)
{
    struct event *e = agenda_add_at(n->agenda, at_ns, place, EVENT_MESSAGE), *next = e->next;

    *e = *message;
    e->kind = EVENT_MESSAGE;
    e->next = next;
    e->blob = blob_hold(message->blob);
}

/* It has left its link. */
static void depart(struct network *n, struct network_link *link, const struct parcel *p)
{
    int64_t at_ns = n->agenda->now_ns + p->latency_ns;

    if (at_ns < link->clogged_until_ns) {
        n->clogged++;
        at_ns = link->clogged_until_ns;
    }
    if (at_ns < link->last_arrival_ns)
        n->late++;
    else
        link->last_arrival_ns = at_ns;
    arrive(n, &p->message, at_ns, p->place);
    if (p->again_ns >= 0) {
        n->duplicates++;
        arrive(n, &p->message, at_ns + p->again_ns, agenda_place(n->agenda));
    }
}

/* The first that waits begins to leave. */
static void begin_sending(struct network *n, unsigned number)
{
    struct network_link *link = &n->links[number];
    int64_t size = (int64_t)link->first->message.blob->len;
    int64_t takes_ns = dmath_muldiv(size, link->traits.per_ns, (int64_t)link->traits.carries);
    struct event *e = agenda_add(n->agenda, n->agenda->now_ns + takes_ns, EVENT_LINK);

    e->number = number;
    e->serial = ++link->serial;
}

static struct parcel *parcel_new(struct network *n, const struct parcel *from)
{
    struct parcel *p = n->spare;

    if (p == NULL)
        p = mem_alloc(sizeof *p);
    else
        n->spare = p->next;
    *p = *from;
    return p;
}

static enum network_fate wait_behind(struct network *n, unsigned number, const struct parcel *p)
{
    struct network_link *link = &n->links[number];
    struct parcel *waiting = parcel_new(n, p);
    bool idle = link->first == NULL;

    waiting->message.blob = blob_hold(p->message.blob);
    *(idle ? &link->first : link->last) = waiting;
    link->last = &waiting->next;
    link->waiting++;
    if (idle) {
        begin_sending(n, number);
        return NETWORK_SENT;
    }
    n->waits++;
    return NETWORK_WAITS;
}

void network_left(struct network *n, const struct event *event)
{
    struct network_link *link = &n->links[event->number];

    if (link->first == NULL || event->serial != link->serial)
        return; /* its speed has changed since */
    depart(n, link, link->first);
    drop_first(n, link);
    if (link->first != NULL)
        begin_sending(n, event->number);
}

void network_set_traits(struct network *n, unsigned number, const struct link_traits *traits)
{
    struct network_link *link = &n->links[number];
    bool as_fast = link->traits.carries == traits->carries && link->traits.per_ns == traits->per_ns;

    ASSERT(number < n->link_count && (traits->carries == 0 || traits->per_ns > 0));
    link->traits = *traits;
    if (as_fast)
        return;
    if (traits->carries > 0 && link->first != NULL)
        begin_sending(n, number);
    for (; traits->carries == 0 && link->first != NULL; drop_first(n, link))
        depart(n, link, link->first);
}

const struct link_traits *network_traits(const struct network *n, unsigned link)
{
    ASSERT(link < n->link_count);
    return &n->links[link].traits;
}

/* ---- chance */

static uint64_t draw(const struct network *n, const struct event *message, enum chance chance, uint64_t bound)
{
    return n->draw(n->context, message->from, message->node, chance, bound);
}

static bool happens(const struct network *n, const struct event *message, enum chance chance, uint64_t ppm)
{
    return ppm > 0 && draw(n, message, chance, PPM) < ppm;
}

/* again: of a copy. */
static int64_t latency(const struct network *n, const struct event *message, const struct link_traits *traits,
                       bool again)
{
    enum chance jitter = again ? CHANCE_JITTER_AGAIN : CHANCE_JITTER;
    enum chance straggle = again ? CHANCE_STRAGGLE_AGAIN : CHANCE_STRAGGLE;
    int64_t takes_ns = traits->latency_ns + (int64_t)draw(n, message, jitter, (uint64_t)traits->jitter_ns + 1);

    if (happens(n, message, straggle, traits->straggle_ppm))
        takes_ns *= STRAGGLER_TIMES;
    return n->factor_ppm == PPM ? takes_ns : dmath_muldiv(takes_ns, n->factor_ppm, PPM);
}

enum network_fate network_send(struct network *n, const struct event *message, int64_t later_ns)
{
    unsigned link = link_of(n, message->from, message->node);
    const struct link_traits *traits = &n->links[link].traits;
    bool hears = network_hears(n, message->from, message->node);
    uint64_t luck = draw(n, message, CHANCE_LOSS, PPM);
    struct parcel p = {.message = *message, .again_ns = -1};

    p.latency_ns = latency(n, message, traits, false) + later_ns;
    if (happens(n, message, CHANCE_DUPLICATE, traits->duplicate_ppm))
        p.again_ns = latency(n, message, traits, true);
    if (!hears || luck < traits->loss_ppm + n->burst_ppm) {
        n->dropped++;
        return hears ? NETWORK_LOST : NETWORK_CUT;
    }
    p.place = agenda_place(n->agenda);
    if (traits->carries > 0)
        return wait_behind(n, link, &p);
    depart(n, &n->links[link], &p);
    return NETWORK_SENT;
}

bool network_deliver(struct network *n, const struct event *message, bool up)
{
    if (!up || !network_hears(n, message->from, message->node)) {
        n->dropped++;
        return false;
    }
    n->messages++;
    n->bytes += message->blob->len;
    return true;
}

/* ---- faults */

bool network_hears(const struct network *n, unsigned from, unsigned to)
{
    ASSERT(from < n->nodes && to < n->nodes);
    if (n->cuts != NULL && n->cuts[(size_t)from * n->nodes + to] > 0)
        return false;
    if (n->side_count == 0 && !n->partitioned)
        return true;
    for (unsigned i = 0; i < n->side_count; i++) {
        if ((n->sides[i][from] & 1) != 0 && (n->sides[i][to] & 2) != 0)
            return false;
    }
    return !n->partitioned || (n->part_of[from] != 0 && n->part_of[from] == n->part_of[to]);
}

void network_cut(struct network *n, unsigned from, unsigned to, bool cut)
{
    ASSERT(from < n->nodes && to < n->nodes);
    if (n->cuts == NULL)
        n->cuts = mem_array((size_t)n->nodes * n->nodes, sizeof *n->cuts);
    unsigned *cuts = &n->cuts[(size_t)from * n->nodes + to];
    ASSERT(cut || *cuts > 0);
    *cuts += cut ? 1U : UINT32_MAX;
}

void network_cut_sides(struct network *n, const uint64_t *side, bool cut)
{
    unsigned at = 0;

    if (cut) {
        n->sides = mem_resize(n->sides, n->side_count + 1, sizeof n->sides[0]);
        n->sides[n->side_count++] = side;
        return;
    }
    while (at < n->side_count && n->sides[at] != side)
        at++;
    ASSERT(at < n->side_count);
    n->sides[at] = n->sides[--n->side_count];
}

void network_partition(struct network *n, const uint64_t *part_of)
{
    if (n->part_of == NULL)
        n->part_of = mem_array(n->nodes, sizeof *n->part_of);
    memcpy(n->part_of, part_of, n->nodes * sizeof *part_of);
    n->partitioned = true;
}

void network_heal(struct network *n)
{
    n->partitioned = false;
}

void network_clog(struct network *n, unsigned link, int64_t until_ns)
{
    ASSERT(link < n->link_count);
    n->links[link].clogged_until_ns = until_ns;
}

void network_slow_down(struct network *n, int64_t factor_ppm)
{
    n->factor_ppm = factor_ppm;
}

void network_burst(struct network *n, uint64_t loss_ppm)
{
    n->burst_ppm = loss_ppm;
}

size_t network_waiting(const struct network *n, unsigned link)
{
    ASSERT(link < n->link_count);
    return n->links[link].waiting;
}
