#include "storm/nodes/shrink.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "pbft/quorum.h"
#include "storm/nodes/run.h"

enum { TRIES_MAX = 4000 };

struct shrink {
    struct node_plan plan; /* the smallest that fails so far */
    const char *checker;
    unsigned tries;
};

bool shrink_runs(const struct node_plan *plan, struct outcome *out)
{
    struct buf text = {0};
    struct diag diag = {0};
    bool runs;

    json_render(plan->scenario, &text);
    runs = node_run("scenario.json", bytes_of_buf(&text), plan->epochs, NULL, out, &diag);
    buf_free(&text);
    return runs;
}

/* Does it still fail in the same way? Then it becomes the smallest. Takes over the scenario. */
static bool try(struct shrink *s, json_t *scenario, uint64_t epochs)
{
    struct node_plan tried = {scenario, epochs};
    struct outcome out;

    if (s->tries++ >= TRIES_MAX || !shrink_runs(&tried, &out) || out.checker == NULL ||
        strcmp(out.checker, s->checker) != 0) {
        node_plan_free(&tried);
        return false;
    }
    node_plan_free(&s->plan);
    s->plan = tried;
    return true;
}

static json_t *copy(const struct shrink *s)
{
    json_t *out = json_deep_copy(s->plan.scenario);

    ASSERT(out != NULL);
    return out;
}

/* Events go in chunks, which get smaller (Zeller and Hildebrandt 2002). */
static bool drop_events(struct shrink *s)
{
    size_t count = json_array_size(json_object_get(s->plan.scenario, "events"));
    bool any = false;

    for (size_t chunk = count; chunk > 0; chunk /= 2) {
        for (size_t at = 0; at < json_array_size(json_object_get(s->plan.scenario, "events"));) {
            json_t *tried = copy(s), *events = json_object_get(tried, "events");
            for (size_t i = 0; i < chunk && at < json_array_size(events); i++)
                json_array_remove(events, at);
            if (try(s, tried, s->plan.epochs))
                any = true;
            else
                at += chunk;
        }
    }
    return any;
}

static bool fewer_epochs(struct shrink *s)
{
    bool any = false;

    while (s->plan.epochs > 1 && (try(s, copy(s), (s->plan.epochs + 1) / 2) || try(s, copy(s), s->plan.epochs - 1)))
        any = true;
    return any;
}

static bool is_named(const json_t *event, const char *key, const char *id)
{
    const char *value = json_string_value(json_object_get(event, key));

    return value != NULL && strcmp(value, id) == 0;
}

/* Out of the groups of a partition; a group without anybody goes, too. */
static void drop_from_groups(json_t *groups, const char *id)
{
    for (size_t g = json_array_size(groups); g-- > 0;) {
        json_t *group = json_array_get(groups, g);
        for (size_t i = json_array_size(group); i-- > 0;) {
            if (strcmp(json_string_value(json_array_get(group, i)), id) == 0)
                json_array_remove(group, i);
        }
        if (json_array_size(group) == 0)
            json_array_remove(groups, g);
    }
}

static void drop_events_of(json_t *events, const char *id)
{
    for (size_t i = json_array_size(events); i-- > 0;) {
        json_t *event = json_array_get(events, i), *groups = json_object_get(event, "groups");

        drop_from_groups(groups, id);
        if (is_named(event, "node", id) || is_named(event, "sponsor", id) ||
            (groups != NULL && json_array_size(groups) == 0))
            json_array_remove(events, i);
    }
}

/* Without one node; what needs a quorum gets the least that is safe. */
static bool drop_node(struct shrink *s, size_t node, bool least_quorum)
{
    json_t *tried = copy(s), *nodes = json_object_get(tried, "nodes"), *element;
    unsigned validators = 0;
    char id[64];
    size_t i;

    snprintf(id, sizeof id, "%s", json_string_value(json_object_get(json_array_get(nodes, node), "id")));
    drop_events_of(json_object_get(tried, "events"), id);
    json_array_remove(nodes, node);
    json_array_foreach(nodes, i, element)
    {
        validators += is_named(element, "role", "core");
    }
    if (least_quorum) {
        json_object_del(tried, "max_byzantine");
        json_put(tried, "quorum", json_u64(quorum_size(validators, quorum_faults(validators))));
    }
    return try(s, tried, s->plan.epochs);
}

static bool drop_nodes(struct shrink *s)
{
    bool any = false;

    for (size_t i = 0; i < json_array_size(json_object_get(s->plan.scenario, "nodes"));) {
        if (drop_node(s, i, false) || drop_node(s, i, true))
            any = true;
        else
            i++;
    }
    return any;
}

/* ---- keys and numbers: place number `at` in the order of the document */

struct place {
    json_t *object;
    const char *key;
};

/* Counts down *at; true: this is the place. */
static bool find_place(json_t *value, size_t *at, struct place *out)
{
    const char *key;
    json_t *element;
    size_t i;

    json_object_foreach(value, key, element)
    {
        if ((*at)-- == 0) {
            *out = (struct place){value, key};
            return true;
        }
        if (find_place(element, at, out))
            return true;
    }
    json_array_foreach(value, i, element)
    {
        if (find_place(element, at, out))
            return true;
    }
    return false;
}

/* The reader knows what a scenario cannot do without. */
static bool drop_keys(struct shrink *s)
{
    bool any = false;

    for (size_t at = 0;;) {
        json_t *tried = copy(s);
        struct place place;
        size_t left = at;

        if (!find_place(tried, &left, &place)) {
            json_decref(tried);
            return any;
        }
        json_object_del(place.object, place.key);
        if (try(s, tried, s->plan.epochs))
            any = true;
        else
            at++;
    }
}

/* Numbers become 0, 1 or half of what they were. */
static bool lower_number(struct shrink *s, size_t at, uint64_t divisor, uint64_t lowest)
{
    json_t *tried = copy(s);
    struct place place;
    json_t *value;

    if (!find_place(tried, &at, &place)) {
        json_decref(tried);
        return false;
    }
    value = json_object_get(place.object, place.key);
    if (!json_is_integer(value) || (uint64_t)json_integer_value(value) <= lowest) {
        json_decref(tried);
        return false;
    }
    uint64_t lower = divisor == 0 ? lowest : (uint64_t)json_integer_value(value) / divisor;
    json_put(place.object, place.key, json_u64(lower));
    return try(s, tried, s->plan.epochs);
}

static size_t places(const struct shrink *s)
{
    struct place place;
    size_t left = SIZE_MAX;

    (void)find_place(s->plan.scenario, &left, &place);
    return SIZE_MAX - left;
}

static bool lower_numbers(struct shrink *s)
{
    bool any = false;

    for (size_t at = 0, count = places(s); at < count; at++) {
        if (lower_number(s, at, 0, 0) || lower_number(s, at, 0, 1)) {
            any = true;
            continue;
        }
        while (lower_number(s, at, 2, 1))
            any = true;
    }
    return any;
}

unsigned shrink(struct node_plan *plan, const char *checker)
{
    struct shrink s = {.plan = *plan, .checker = checker};

    for (bool any = true; any && s.tries < TRIES_MAX;) {
        any = drop_events(&s);
        any |= fewer_epochs(&s);
        any |= drop_nodes(&s);
        any |= drop_keys(&s);
        any |= lower_numbers(&s);
    }
    *plan = s.plan;
    return s.tries;
}
