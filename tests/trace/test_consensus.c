#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "pbft/cluster.h"
#include "pbft/cluster_parts.h"
#include "pbft/view_change_format.h"
#include "tap.h"

/* Runs of the consensus by script, with the output that they must have: docs/traces.md teaches to read and write them.
 *
 *     test_trace_consensus --write tests/trace/consensus/NAME.txt...     after a change that is meant */

static const char *const scripts[] = {"normal_case", "primary_lost", "below_quorum", "partition",
                                      "restart",     "lagging",      "divergence",   "equivocation",
                                      "unprepared",  "wrong_view",   "wiped",        "membership"};

struct player {
    struct cluster cluster;
    bool begun;
    char closing[16];
    struct buf out;
    bool quiet[MESSAGE_TYPES_END];     /* messages that are not shown */
    struct blob *changes[CLUSTER_MAX]; /* the last VIEW-CHANGE of each that it sent to all */
    bool no_timers;
    enum message_type lost;      /* messages of this type do not arrive, */
    unsigned lost_from, lost_to; /* from one, to one; CLUSTER_MAX: anybody */
};

static const char *message_name(enum message_type type)
{
    static const char *const names[MESSAGE_TYPES_END] = {
        "",      "PRE-PREPARE", "PREPARE", "COMMIT", "CHECKPOINT", "VIEW-CHANGE", "NEW-VIEW",
        "FETCH", "BATCH",       "STATUS",  "STABLE", "QUERY",      "REPORT"};
    return names[type];
}

static void stamp(struct player *p, unsigned node)
{
    buf_printf(&p->out, "%7.1f  %u  ", (double)cluster_now(&p->cluster) / 1e6, node);
}

static struct view_rules rules_of(const struct player *p)
{
    return (struct view_rules){&p->cluster.members, p->cluster.config.window, 0, {{0}}, NULL};
}

static void show_view_change(struct player *p, struct bytes message)
{
    struct view_rules rules = rules_of(p);
    struct view_change vc;
    struct cbor_reader r;

    if (view_change_parse(&rules, message, false, &vc) != ERR_OK)
        return;
    buf_printf(&p->out, " stable %" PRIu64 ", prepared:", vc.claim.says.sequence);
    cbor_reader_init(&r, vc.proofs);
    uint64_t count = cbor_get_array(&r);
    for (uint64_t i = 0; i < count; i++) {
        struct proof proof = proof_read(&r, rules.members, false, NULL);
        buf_printf(&p->out, " %" PRIu64 " in view %" PRIu64 ",", proof.sequence, proof.view);
    }
    if (count == 0)
        buf_printf(&p->out, " nothing,");
    p->out.len--;
}

static void show_new_view(struct player *p, struct bytes message)
{
    struct view_rules rules = rules_of(p);
    struct buf whole = {0};
    struct bytes body;
    struct claim claim;
    struct new_view nv;

    if (message_parse(rules.members, message, MESSAGE_NEW_VIEW, &claim, &body) != ERR_OK)
        return;
    bool shorter = new_view_expand(&rules, body, p->changes, &whole) == ERR_OK;
    struct blob *blob = message_make(rules.members, &claim, shorter ? bytes_of_buf(&whole) : body);
    enum err err = new_view_parse(&rules, blob_bytes(blob), false, NULL, &nv);
    blob_drop(blob);
    buf_free(&whole);
    if (err != ERR_OK)
        return;
    buf_printf(&p->out, " from VIEW-CHANGEs of");
    for (unsigned i = 0; i < nv.count; i++)
        buf_printf(&p->out, " %u", nv.changes[i].claim.signer);
    for (uint64_t i = 0; i < nv.plan.max_s - nv.plan.min_s; i++)
        buf_printf(&p->out, ", %" PRIu64 " %s", nv.plan.min_s + 1 + i, nv.plan.items[i].proved ? "again" : "null");
    new_view_fini(&nv);
}

static void show_message(struct player *p, unsigned from, int32_t to, struct bytes message)
{
    enum message_type type = (enum message_type)message.data[1];
    struct claim claim;

    if (p->quiet[type])
        return;
    stamp(p, from);
    if (to == PEER_OTHERS)
        buf_printf(&p->out, "to others: %s", message_name(type));
    else
        buf_printf(&p->out, "to %d: %s", (int)to, message_name(type));
    if (cluster_first_claim(&p->cluster, message, &claim)) {
        if (type != MESSAGE_CHECKPOINT && type != MESSAGE_FETCH)
            buf_printf(&p->out, " view %" PRIu64, claim.says.view);
        if (type <= MESSAGE_CHECKPOINT)
            buf_printf(&p->out, " sequence %" PRIu64, claim.says.sequence);
        if (type == MESSAGE_STATUS)
            buf_printf(&p->out, " decided %" PRIu64, claim.says.sequence);
    }
    if (type == MESSAGE_VIEW_CHANGE)
        show_view_change(p, message);
    if (type == MESSAGE_VIEW_CHANGE && to == PEER_OTHERS) {
        blob_drop(p->changes[from]);
        p->changes[from] = blob_new(message);
    }
    if (type == MESSAGE_NEW_VIEW)
        show_new_view(p, message);
    buf_printf(&p->out, "\n");
}

static void watch(struct cluster *c, unsigned node, unsigned timer, const struct effect *effect)
{
    static const char *const timers[] = {"view", "batch", "resend"};
    struct player *p = c->watcher;

    if (effect == NULL && timer != PBFT_TIMER_BATCH && !p->no_timers) {
        stamp(p, node);
        buf_printf(&p->out, "timer %s\n", timers[timer]);
    } else if (effect != NULL && effect->kind == EFFECT_NOTE) {
        stamp(p, node);
        buf_printf(&p->out, "%s %" PRIu64 " %" PRIu64 "\n", effect->name, effect->number, effect->other);
    } else if (effect != NULL && effect->kind == EFFECT_SEND) {
        show_message(p, node, effect->to, blob_bytes(effect->blob));
    }
}

static bool drop(struct cluster *c, unsigned from, unsigned to, struct bytes message)
{
    const struct player *p = c->watcher;

    return p->lost != 0 && message.data[1] == p->lost && (p->lost_from == CLUSTER_MAX || p->lost_from == from) &&
           (p->lost_to == CLUSTER_MAX || p->lost_to == to);
}

static void begin(struct player *p, unsigned n)
{
    struct cluster *c = &p->cluster;

    cluster_init(c, n, 1);
    c->delay_max = c->delay_min;
    c->watch = watch;
    c->drop = drop;
    c->watcher = p;
    p->begun = true;
    p->quiet[MESSAGE_STATUS] = true;
    cluster_start(c);
}

static void show_status(struct player *p)
{
    for (unsigned i = 0; i < p->cluster.n; i++) {
        const struct cluster_node *node = &p->cluster.nodes[i];
        if (node->pbft == NULL) {
            buf_printf(&p->out, "%u  down\n", i);
            continue;
        }
        struct pbft_status s = pbft_status(node->pbft);
        buf_printf(&p->out,
                   "%u  view %" PRIu64 "%s%s%s, executed %" PRIu64 ", decided %" PRIu64 ", stable %" PRIu64
                   ", waiting %u\n",
                   i, s.view, s.is_primary ? " primary" : "", s.in_view_change ? " wanted" : "",
                   s.recovering  ? " recovering"
                   : s.listening ? " listening"
                                 : "",
                   s.executed, s.decided, s.stable, s.pending);
    }
}

/* The numbers behind the first word, at most four. */
static unsigned numbers(const char *line, unsigned out[4])
{
    unsigned count = 0;

    for (const char *at = strchr(line, ' '); at != NULL && count < 4; at = strchr(at + 1, ' ')) {
        char *end;
        unsigned long value = strtoul(at + 1, &end, 10);
        if (end > at + 1)
            out[count++] = (unsigned)value;
    }
    return count;
}

static bool is_word(const char *line, const char *word)
{
    size_t len = strlen(word);

    return strncmp(line, word, len) == 0 && (line[len] == '\0' || line[len] == ' ');
}

/* "lose COMMIT [from 1] [to 2]" */
static bool lose(struct player *p, const char *line)
{
    const char *from = strstr(line, " from "), *to = strstr(line, " to ");

    p->lost_from = from != NULL ? (unsigned)atoi(from + 6) : CLUSTER_MAX;
    p->lost_to = to != NULL ? (unsigned)atoi(to + 4) : CLUSTER_MAX;
    for (unsigned type = 1; type < MESSAGE_TYPES_END; type++) {
        if (is_word(line + 5, message_name((enum message_type)type))) {
            p->lost = (enum message_type)type;
            return true;
        }
    }
    p->lost = 0;
    return is_word(line, "lose nothing");
}

/* "hide PREPARE COMMIT timers", "show ..." */
static void hide(struct player *p, const char *line, bool quiet)
{
    for (const char *at = line + 4; *at == ' '; at += strcspn(at, " ")) {
        at++;
        for (unsigned type = 1; type < MESSAGE_TYPES_END; type++) {
            if (is_word(at, message_name((enum message_type)type)))
                p->quiet[type] = quiet;
        }
        if (is_word(at, "timers"))
            p->no_timers = quiet;
    }
}

static void split(struct cluster *c, const unsigned *side, unsigned count)
{
    bool here[CLUSTER_MAX] = {false};

    for (unsigned i = 0; i < count; i++)
        here[side[i]] = true;
    for (unsigned a = 0; a < c->n; a++) {
        for (unsigned b = 0; b < c->n; b++)
            hosts_cut(&c->hosts, a, b, here[a] != here[b]);
    }
}

/* The primary signs another proposal for the same place and shows it to one replica. */
static void equivocate(struct player *p, unsigned sequence, unsigned to)
{
    unsigned primary = (unsigned)(pbft_status(p->cluster.nodes[to].pbft).view % p->cluster.n);
    struct blob *other =
        cluster_pre_prepare(&p->cluster, pbft_status(p->cluster.nodes[to].pbft).view, sequence, "other");

    p->cluster.nodes[primary].liar = p->cluster.nodes[primary].plain = true;
    enum err err = cluster_deliver(&p->cluster, to, blob_bytes(other));
    buf_printf(&p->out, "%u takes it: %s\n", to, err_text(err));
    blob_drop(other);
}

/* "close K": the block with request K ends the membership epoch. */
static void close_with(struct player *p, unsigned k)
{
    snprintf(p->closing, sizeof p->closing, "request %u", k);
    p->cluster.closing = p->closing;
}

/* All of these start in the next membership epoch. */
static bool renew(struct cluster *c, const unsigned *nodes, unsigned count)
{
    bool first = c->closing != NULL;

    c->config.membership_epoch += first;
    c->closing = NULL;
    for (unsigned i = 0; i < count; i++) {
        if (nodes[i] >= c->n || c->nodes[nodes[i]].pbft == NULL || !pbft_status(c->nodes[nodes[i]].pbft).closed)
            return false;
        cluster_renew(c, nodes[i]);
    }
    return true;
}

static bool play(struct player *p, const char *line)
{
    struct cluster *c = &p->cluster;
    unsigned v[4] = {0}, count = numbers(line, v);

    if (!p->begun)
        return is_word(line, "replicas") && count == 1 ? (begin(p, v[0]), true) : false;
    if (is_word(line, "request") && count == 1)
        cluster_submit(c, v[0]);
    else if (is_word(line, "run") && count == 1)
        cluster_run_until(c, cluster_now(c) + v[0] * MS);
    else if (is_word(line, "status"))
        show_status(p);
    else if (is_word(line, "lose"))
        return lose(p, line);
    else if (is_word(line, "hide") || is_word(line, "show"))
        hide(p, line, line[0] == 'h');
    else if (is_word(line, "split"))
        split(c, v, count);
    else if (is_word(line, "heal"))
        split(c, v, 0);
    else if (is_word(line, "crash") && count == 1)
        cluster_crash(c, v[0]);
    else if (is_word(line, "restart") && count == 1)
        cluster_restart(c, v[0]);
    else if (is_word(line, "wipe") && count == 1)
        cluster_wipe(c, v[0]);
    else if (is_word(line, "close") && count == 1)
        close_with(p, v[0]);
    else if (is_word(line, "renew") && count > 0)
        return renew(c, v, count);
    else if (is_word(line, "err") && count == 2)
        c->nodes[v[0]].errs_at = v[1];
    else if (is_word(line, "equivocate") && count == 2)
        equivocate(p, v[0], v[1]);
    else
        return false;
    return true;
}

/* Blocks of commands, each with "----" and what they print behind it, an empty line between them. Appends the script
 * with the output that it has. */
static bool perform(char *text, struct buf *out)
{
    struct player *p = mem_alloc(sizeof *p);
    bool fine = true, commands = true;
    char *next;

    memset(p, 0, sizeof *p);
    for (char *line = text; line != NULL && *line != '\0' && fine; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        if (!commands && line[0] != '\0')
            continue; /* what it printed when it was written */
        commands = strcmp(line, "----") != 0;
        buf_printf(out, "%s\n", line);
        if (!commands) {
            buf_add(out, p->out.data, p->out.len);
            buf_clear(&p->out);
        } else if (line[0] != '#' && line[0] != '\0' && !play(p, line)) {
            tap_note("not a command: %s", line);
            fine = false;
        }
    }
    if (p->cluster.failure[0] != '\0')
        tap_note("%s", p->cluster.failure);
    fine = fine && p->cluster.failure[0] == '\0';
    if (p->begun)
        cluster_free(&p->cluster);
    for (unsigned i = 0; i < CLUSTER_MAX; i++)
        blob_drop(p->changes[i]);
    buf_free(&p->out);
    mem_free(p);
    return fine;
}

static bool read_script(const char *path, struct buf *want, struct buf *got)
{
    struct diag diag = {0};
    struct buf text = {0};

    if (file_read(path, 1 << 20, want, &diag) != ERR_OK)
        return false;
    buf_add(&text, want->data, want->len);
    buf_add_byte(&text, 0);
    bool fine = perform((char *)text.data, got);
    buf_free(&text);
    return fine;
}

static void differ(const char *want, const char *got)
{
    unsigned line = 1;

    while (*want != '\0' && *want == *got) {
        line += *want == '\n';
        want++, got++;
    }
    tap_note("from line %u on", line);
    tap_note("wanted: %.*s", (int)strcspn(want, "\n"), want);
    tap_note("got:    %.*s", (int)strcspn(got, "\n"), got);
}

static const char *script; /* the one to be checked */

static void check_script(void)
{
    struct buf want = {0}, got = {0};
    char path[256];

    snprintf(path, sizeof path, "tests/trace/consensus/%s.txt", script);
    bool fine = read_script(tap_source(path), &want, &got);
    bool same = bytes_equal(bytes_of_buf(&want), bytes_of_buf(&got));
    if (fine && !same)
        differ(buf_text(&want), buf_text(&got));
    CHECK(fine);
    CHECK(same);
    buf_free(&want);
    buf_free(&got);
}

static int rewrite(const char *path)
{
    struct buf want = {0}, got = {0};
    struct diag diag = {0};
    bool fine = read_script(path, &want, &got) && file_write(path, bytes_of_buf(&got), &diag) == ERR_OK;

    if (!fine)
        fprintf(stderr, "%s: cannot be played\n", path);
    buf_free(&want);
    buf_free(&got);
    return fine ? 0 : 1;
}

int main(int argc, char **argv)
{
    int status = 0;

    key_library_init();
    if (argc > 2 && strcmp(argv[1], "--write") == 0) {
        for (int i = 2; i < argc; i++)
            status |= rewrite(argv[i]);
        return status;
    }
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        script = scripts[i];
        tap_run(script, check_script);
    }
    return tap_done();
}
