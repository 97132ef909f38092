#include "cli/report_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/say.h"
#include "codec/json.h"

static double since(const struct timespec *from)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - from->tv_sec) + (double)(now.tv_nsec - from->tv_nsec) / 1e9;
}

void report_clock_start(struct report_clock *clock)
{
    clock_gettime(CLOCK_MONOTONIC, &clock->started);
    clock->last_shown = clock->started;
}

/* epoch is a number of the scenario's own counting; the first one seen is the first one. */
int report_progress(void *context, uint64_t epoch, uint64_t epochs, double virtual_seconds)
{
    struct report_clock *clock = context;

    if (clock->entered == 0)
        clock->first = epoch;
    while (clock->entered < REPORT_EPOCHS_TIMED && clock->first + clock->entered <= epoch)
        clock->entered_at[clock->entered++] = since(&clock->started);
    if (clock->show && since(&clock->last_shown) > 0.1) {
        fprintf(stderr, "\repoch %" PRIu64 ", %" PRIu64 " of %" PRIu64 "   %.1f s of virtual time \033[K", epoch,
                epoch - clock->first + 1, epochs, virtual_seconds);
        clock_gettime(CLOCK_MONOTONIC, &clock->last_shown);
    }
    return 0;
}

void report_clock_stop(struct report_clock *clock)
{
    clock->stopped_at = since(&clock->started);
    if (clock->show)
        fputs("\r\033[K", stderr);
}

/* Seconds of real time that passed while an epoch was the present one; below 0: not known. */
static double real_seconds(const struct report_clock *clock, uint64_t position)
{
    if (position >= clock->entered)
        return -1;
    if (position + 1 < clock->entered)
        return clock->entered_at[position + 1] - clock->entered_at[position];
    return clock->stopped_at - clock->entered_at[position];
}

static void print_root(const struct federated_epoch_report *e)
{
    if (!e->quorum_reached)
        say(stdout, "  %-12s", "-");
    for (unsigned i = 0; e->quorum_reached && i < 6; i++)
        say(stdout, "%s%02x", i == 0 ? "  " : "", e->merkle_root[i]);
}

static const char *quorum_text(const struct federated_epoch_report *e)
{
    if (!e->quorum_reached)
        return "no";
    return e->stalled ? "stalled" : "yes";
}

static const char *decision_text(const struct federated_epoch_report *e)
{
    if (e->rolled_back)
        return "  rolled back";
    return e->incumbent_changed ? "  new genome" : "";
}

static void print_epoch(const struct federated_epoch_report *e, double real)
{
    char delta[24] = "-", seconds[24] = "-";

    if (e->quorum_reached)
        snprintf(delta, sizeof delta, "%+.2f %%", (double)e->aggregated_delta_ppm / 1e4);
    if (real >= 0)
        snprintf(seconds, sizeof seconds, "%.2fs", real);
    say(stdout,
        "%6" PRIu64 "  %-7s %5" PRIu64 " %4" PRIu64 " %5" PRIu64 " %6" PRIu64 " %5" PRIu64 " %11" PRIu64 " %9" PRIu64
        " %6" PRIu64 "  %9s",
        e->epoch, quorum_text(e), e->view_changes, e->participants, e->stale, e->absent, e->false_claims,
        e->quarantined, e->convicted, e->shards_moved, delta);
    print_root(e);
    say(stdout, " %8.2fs %8s%s\n", (double)e->virtual_ns / 1e9, seconds, decision_text(e));
}

static void print_failures(const char *status, uint64_t count, const char *says)
{
    if (count > 0)
        say(stdout, "  %" PRIu64 " %s, for example: %s\n", count, status, says);
}

void report_print_program(const struct federated_program_report *p)
{
    say(stdout, "program %s: %" PRIu64 " runs, %" PRIu64 " answers were there already; %" PRIu64 " SUCCESS", p->command,
        p->runs, p->kept, p->success);
    say(stdout, p->retried > 0 ? ", %" PRIu64 " tried again\n" : "\n", p->retried);
    if (p->confined[0] != '\0')
        say(stdout, "  confined: %s\n", p->confined);
    print_failures("TIMEOUT", p->timeout, p->timeout_says);
    print_failures("CRASHED", p->crashed, p->crashed_says);
    print_failures("ABORT", p->aborted, p->aborted_says);
    if (p->differed > 0)
        say(stdout, "  NOT DETERMINISTIC: %" PRIu64 " of %" PRIu64 " runs that were done twice gave another answer\n",
            p->differed, p->checked);
}

static void print_program_gain(const struct federated_simulation_report *r)
{
    if (r->gain < 1.0005)
        say(stdout, "gained: the last shared genome costs %.1f %% less than the first one, over the sites' own work\n",
            (1 - r->gain) * 100);
    else
        say(stdout, "gained: nothing: the last shared genome costs %.1f %% more than the first one\n",
            (r->gain - 1) * 100);
}

static void print_gain(const struct federated_simulation_report *r)
{
    if (r->program_count > 0) {
        print_program_gain(r);
        return;
    }
    if (r->gain < 1)
        say(stdout,
            "gained: the last shared genome needs %.1f %% fewer iterations than the first one, over the sites' own "
            "work\n",
            (1 - r->gain) * 100);
    else if (r->gain < 1.0005)
        puts("gained: nothing: the last shared genome is as good as the first one, over the sites' own work");
    else
        say(stdout, "gained: nothing: the last shared genome needs %.1f %% more iterations than the first one\n",
            (r->gain - 1) * 100);
}

static void table_begin(const struct federated_simulation_report *r)
{
    say(stdout, "%s (label %s, seed %" PRIu64 ")\n", r->scenario, r->label, r->seed);
    say(stdout, "%6s  %-7s %5s %4s %5s %6s %5s %11s %9s %6s  %9s  %-12s %9s %8s\n", "epoch", "quorum", "views", "in",
        "stale", "absent", "false", "quarantined", "convicted", "shards", "delta", "root", "virtual", "real");
}

static void table_end(const struct federated_simulation_report *r)
{
    say(stdout,
        "work: %" PRIu64 " evaluations, %" PRIu64 " iterations; network: %" PRIu64 " messages, %.1f MB; %.1f s of "
        "virtual time in %.2f s\n",
        r->evaluations, r->iterations, r->messages, (double)r->bytes / 1e6, (double)r->virtual_ns / 1e9,
        r->real_seconds);
    if (r->resumed > 0)
        say(stdout, "resumed: %" PRIu64 " evaluations were finished before\n", r->resumed);
    say(stdout, "roots: %s\n",
        r->roots_agree ? "every node that is up holds the same log and state"
                       : "NODES DISAGREE: at equal heights their states differ");
    for (uint64_t i = 0; i < r->program_count; i++)
        report_print_program(&r->programs[i]);
    print_gain(r);
}

static json_t *epoch_json(const struct federated_epoch_report *e)
{
    json_t *o = json_object();

    json_put(o, "epoch", json_u64(e->epoch));
    json_put(o, "quorum_reached", json_boolean(e->quorum_reached));
    json_put(o, "stalled", json_boolean(e->stalled));
    json_put(o, "view_changes", json_u64(e->view_changes));
    json_put(o, "participants", json_u64(e->participants));
    json_put(o, "stale", json_u64(e->stale));
    json_put(o, "absent", json_u64(e->absent));
    json_put(o, "quarantined", json_u64(e->quarantined));
    json_put(o, "convicted", json_u64(e->convicted));
    json_put(o, "false_claims", json_u64(e->false_claims));
    json_put(o, "shards_moved", json_u64(e->shards_moved));
    json_put(o, "aggregated_delta_ppm", json_integer(e->aggregated_delta_ppm));
    json_put(o, "incumbent_changed", json_boolean(e->incumbent_changed));
    json_put(o, "rolled_back", json_boolean(e->rolled_back));
    json_put(o, "merkle_root",
             e->quorum_reached ? json_hex(bytes_of(e->merkle_root, sizeof e->merkle_root)) : json_null());
    json_put(o, "log_size", json_u64(e->log_size));
    json_put(o, "virtual_ns", json_u64(e->virtual_ns));
    return o;
}

static json_t *program_json(const struct federated_program_report *p)
{
    json_t *o = json_object();

    json_put(o, "command", json_string(p->command));
    json_put(o, "runs", json_u64(p->runs));
    json_put(o, "kept", json_u64(p->kept));
    json_put(o, "success", json_u64(p->success));
    json_put(o, "timeout", json_u64(p->timeout));
    json_put(o, "crashed", json_u64(p->crashed));
    json_put(o, "aborted", json_u64(p->aborted));
    json_put(o, "retried", json_u64(p->retried));
    json_put(o, "checked", json_u64(p->checked));
    json_put(o, "differed", json_u64(p->differed));
    json_put(o, "timeout_says", json_string(p->timeout_says));
    json_put(o, "crashed_says", json_string(p->crashed_says));
    json_put(o, "aborted_says", json_string(p->aborted_says));
    json_put(o, "confined", json_string(p->confined));
    return o;
}

/* The members of an object, without its braces. */
static void print_members(json_t *object)
{
    struct buf text = {0};

    json_line(object, &text);
    fwrite(text.data + 1, 1, text.len - 2, stdout);
    buf_free(&text);
    json_decref(object);
}

static void json_begin(const struct federated_simulation_report *r)
{
    json_t *o = json_object();

    json_put(o, "scenario", json_string(r->scenario));
    json_put(o, "label", json_string(r->label));
    json_put(o, "seed", json_u64(r->seed));
    json_put(o, "epoch_count", json_u64(r->epoch_count));
    putchar('{');
    print_members(o);
    fputs(",\"epochs\":[", stdout);
}

static void json_end(const struct federated_simulation_report *r)
{
    json_t *o = json_object(), *programs = json_array();

    for (uint64_t i = 0; i < r->program_count; i++)
        json_push(programs, program_json(&r->programs[i]));
    json_put(o, "log_root", json_hex(bytes_of(r->log_root, sizeof r->log_root)));
    json_put(o, "state_root", json_hex(bytes_of(r->state_root, sizeof r->state_root)));
    json_put(o, "roots_agree", json_boolean(r->roots_agree));
    json_put(o, "messages", json_u64(r->messages));
    json_put(o, "bytes", json_u64(r->bytes));
    json_put(o, "events", json_u64(r->events));
    json_put(o, "evaluations", json_u64(r->evaluations));
    json_put(o, "iterations", json_u64(r->iterations));
    json_put(o, "resumed", json_u64(r->resumed));
    json_put(o, "programs", programs);
    json_put(o, "virtual_ns", json_u64(r->virtual_ns));
    json_put(o, "real_seconds", json_real(r->real_seconds));
    json_put(o, "gain_ppm", json_integer((json_int_t)(r->gain * 1e6 + 0.5)));
    fputs("],", stdout);
    print_members(o);
    puts("}");
}

void report_epoch(void *context, const struct federated_simulation_report *r, const struct federated_epoch_report *e)
{
    struct report_printer *p = context;

    if (p->epochs == 0) {
        report_clock_stop(p->clock);
        if (p->json)
            json_begin(r);
        else if (!p->quiet)
            table_begin(r);
    }
    if (p->json) {
        if (p->epochs > 0)
            putchar(',');
        putchar('{');
        print_members(epoch_json(e));
        putchar('}');
    } else if (!p->quiet) {
        print_epoch(e, real_seconds(p->clock, p->epochs));
    }
    p->epochs++;
}

static void print_finished(const struct report_printer *p, const struct federated_simulation_report *r)
{
    if (p->json) {
        json_t *o = json_object();

        json_put(o, "scenario", json_string(r->scenario));
        json_put(o, "label", json_string(r->label));
        json_put(o, "seed", json_u64(r->seed));
        json_put(o, "already_finished", json_true());
        putchar('{');
        print_members(o);
        puts("}");
    } else if (!p->quiet) {
        say(stdout, "%s (label %s, seed %" PRIu64 "): finished already, and its artifacts are there; nothing was run\n",
            r->scenario, r->label, r->seed);
    }
}

void report_end(struct report_printer *p, const struct federated_simulation_report *r)
{
    if (r->already_finished)
        print_finished(p, r);
    else if (p->json)
        json_end(r);
    else if (!p->quiet)
        table_end(r);
}
