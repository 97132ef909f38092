#include "cli/report_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mutate.h"
#include "base/text.h"
#include "cli/genome_text.h"
#include "cli/report_json.h"
#include "cli/say.h"

void report_clock_start(struct report_clock *clock, bool show)
{
    progress_line_start(&clock->line, show);
}

int report_progress(void *context, const struct federated_progress *progress)
{
    struct report_clock *clock = context;
    double seconds = progress_line_seconds(&clock->line);

    while (clock->entered < REPORT_EPOCHS_TIMED && clock->entered < progress->position)
        clock->entered_at[clock->entered++] = seconds;
    if (progress_line_is_due(&clock->line)) {
        struct buf text = {0};

        progress_text(progress, seconds, &text);
        progress_line_write(&clock->line, &text);
        buf_free(&text);
    }
    return 0;
}

void report_clock_stop(struct report_clock *clock)
{
    clock->stopped_at = progress_line_seconds(&clock->line);
    progress_line_end(&clock->line);
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
    say(stdout, " %8.2fs %8s %7" PRIu64 " %7.2f%s", (double)e->virtual_ns / 1e9, seconds, e->messages,
        (double)e->bytes / 1e6, decision_text(e));
    if (e->left_out > 0)
        say(stdout, "  %" PRIu64 " offers left out", e->left_out);
    say(stdout, "\n");
}

/* ---- what happened in an epoch, in a line below it */

enum { HAPPENINGS_SHOWN = 8, SITES_SHOWN = 16 };

static void add_happening(const struct federated_happening *h, struct buf *out)
{
    buf_printf(out, "%s%s%s%s", h->node_id, h->node_id[0] != '\0' ? " " : "", h->what, h->ends ? " is over" : "");
    buf_printf(out, " (%.3f s%s)", (double)h->at_ns / 1e9, h->effect ? "" : ", nothing to do");
}

/* From number *next on, which are not told yet. */
static void add_happenings(const struct federated_simulation_report *r, uint64_t epoch, uint64_t *next, struct buf *out)
{
    unsigned count = 0;

    for (; *next < r->happening_count && r->happenings[*next].epoch <= epoch; ++*next) {
        if (count++ >= HAPPENINGS_SHOWN)
            continue;
        buf_add_text(out, out->len > 0 ? "; " : "");
        add_happening(&r->happenings[*next], out);
    }
    if (count > HAPPENINGS_SHOWN)
        buf_printf(out, "; and %u more", count - HAPPENINGS_SHOWN);
}

static void add_quorum(struct report_printer *p, const struct federated_epoch_report *e, struct buf *out)
{
    bool changed = p->epochs > 0 &&
                   (e->validators != p->validators || e->max_byzantine != p->max_byzantine || e->quorum != p->quorum);

    p->validators = e->validators;
    p->max_byzantine = e->max_byzantine;
    p->quorum = e->quorum;
    if (changed)
        buf_printf(out, "%s%u validators, f %u, quorum %u", out->len > 0 ? "; " : "", e->validators, e->max_byzantine,
                   e->quorum);
}

static void add_rows(const struct federated_epoch_report *e, struct buf *out)
{
    if (e->liar_count == 0)
        return;
    buf_printf(out,
               "%s"
               "how far scores are from the others' order of the candidates (0: the same order, 1: the opposite one):",
               out->len > 0 ? "; " : "");
    for (unsigned i = 0; i < e->liar_count; i++)
        buf_printf(out, " %s %.2f,", e->liars[i].node_id, (double)e->liars[i].distance_ppm / 1e6);
    buf_printf(out, " honest sites at most %.2f", (double)e->honest_ppm / 1e6);
}

static void print_happenings(struct report_printer *p, const struct federated_simulation_report *r,
                             const struct federated_epoch_report *e)
{
    struct buf line = {0};

    add_happenings(r, e->epoch, &p->told, &line);
    add_quorum(p, e, &line);
    add_rows(e, &line);
    if (line.len > 0)
        say(stdout, "        %s\n", buf_text(&line));
    buf_free(&line);
}

static void print_failures(const char *status, uint64_t count, const char *says)
{
    if (count > 0)
        say(stdout, "  %" PRIu64 " %s, for example: %s\n", count, status, says);
}

void report_print_program(const struct federated_program_report *p)
{
    say(stdout, "program %s%s%s: %" PRIu64 " runs, %" PRIu64 " answers were there already; %" PRIu64 " SUCCESS",
        p->command, p->sites[0] != '\0' ? " of " : "", p->sites, p->runs, p->kept, p->success);
    if (p->checked > 0)
        say(stdout, ", %" PRIu64 " more to see whether it answers alike", p->checked);
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
    const char *from = "";

    for (uint64_t i = 0; i < r->site_count; i++)
        from = r->costs[i].least != 0 ? ", counted from the least that they can cost" : from;
    if (r->gain < 1.0005)
        say(stdout,
            "gained: the last shared genome costs %.1f %% less than the first one, over the sites' own work%s\n",
            (1 - r->gain) * 100, from);
    else
        say(stdout, "gained: nothing: the last shared genome costs %.1f %% more than the first one%s\n",
            (r->gain - 1) * 100, from);
}

/* Of what an earlier process of the run has paid for nothing is known here. */
bool report_nothing_ran(const struct federated_simulation_report *r)
{
    uint64_t good = r->resumed, bad = 0;

    for (uint64_t i = 0; i < r->program_count; i++) {
        good += r->programs[i].success + r->programs[i].timeout;
        bad += r->programs[i].crashed + r->programs[i].aborted;
    }
    return MUTATE(REPORT_CRASHES_ARE_FINE, false, good == 0 && bad > 0);
}

static void print_gain(const struct federated_simulation_report *r)
{
    if (report_nothing_ran(r)) {
        say(stdout,
            "gained: nothing: no run of the sites' programs came to an end (prismfed eval --check says more)\n");
        return;
    }
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

/* The shared genome, and what it costs. */
static void print_genome(const struct federated_simulation_report *r)
{
    struct buf text = {0};

    genome_text(r->scenario, &r->genome, &text);
    genome_text_costs(r->costs, r->site_count, SITES_SHOWN, &text);
    say_lines(stdout, bytes_of_buf(&text));
    buf_free(&text);
}

static void table_begin(const struct federated_simulation_report *r)
{
    say(stdout, "%s (label %s, seed %" PRIu64 ")\n", r->scenario, r->label, r->seed);
    say(stdout, "%6s  %-7s %5s %4s %5s %6s %5s %11s %9s %6s  %9s  %-12s %9s %8s %7s %7s\n", "epoch", "quorum", "views",
        "in", "stale", "absent", "false", "quarantined", "convicted", "shards", "delta", "root", "virtual", "real",
        "msgs", "MB");
}

/* Of the epochs that were not anchored: which never began, how many were given up, and why the one between them stands
 * still. */
static void print_unanchored(const struct federated_simulation_report *r, const struct report_ending *e)
{
    uint64_t last = e->never_first + e->never_began - 1;

    if (e->never_began == 1)
        say(stdout, "epoch %" PRIu64 " never began\n", last);
    else if (e->never_began > 1)
        say(stdout, "epochs %" PRIu64 " to %" PRIu64 " never began\n", e->never_first, last);
    if (e->given_up > 0)
        say(stdout,
            "given up: %" PRIu64 " of %" PRIu64
            " epochs: at the last deadline of a phase fewer members than min_participants had spoken\n",
            e->given_up, r->epoch_count);
    if (r->standstill.text != NULL)
        say(stdout, "not finished: %s\n", r->standstill.text);
    if (r->undone != NULL)
        say(stdout, "not done: %s\n", r->undone);
}

static void print_roots(const struct federated_simulation_report *r)
{
    say(stdout, "roots: %s\n",
        r->roots_agree ? "every node that is up holds the same log and state"
                       : "NODES DISAGREE: at equal heights their states differ");
}

static void table_end(const struct federated_simulation_report *r, const struct report_ending *e)
{
    print_unanchored(r, e);
    say(stdout,
        "work: %" PRIu64 " evaluations, %" PRIu64 " iterations; network: %" PRIu64 " messages, %.1f MB, %" PRIu64
        " dropped; %.1f s of virtual time in %.2f s\n",
        r->evaluations, r->iterations, r->messages, (double)r->bytes / 1e6, r->dropped, (double)r->virtual_ns / 1e9,
        r->real_seconds);
    if (r->resumed > 0)
        say(stdout, "resumed: %" PRIu64 " evaluations were finished before\n", r->resumed);
    if (!r->violated)
        print_roots(r);
    for (uint64_t i = 0; i < r->program_count; i++)
        report_print_program(&r->programs[i]);
    if (!r->violated) {
        print_gain(r);
        print_genome(r);
        return;
    }
    say(stdout, "stopped: %s\n", e->violation);
    say(stdout, "seed %" PRIu64 "; this command traces it: %s\n", r->seed, e->command);
}

static void begin(struct report_printer *p, const struct federated_simulation_report *r)
{
    if (p->begun)
        return;
    p->begun = true;
    report_clock_stop(p->clock);
    if (p->json)
        report_json_begin(r);
    else if (!p->quiet)
        table_begin(r);
}

void report_epoch(void *context, const struct federated_simulation_report *r, const struct federated_epoch_report *e)
{
    struct report_printer *p = context;

    begin(p, r);
    if (!e->began) {
        if (p->ending.never_began++ == 0)
            p->ending.never_first = e->epoch;
        return;
    }
    p->ending.given_up += e->ended && !e->quorum_reached;
    if (p->json)
        report_json_epoch(e, p->epochs == 0);
    else if (!p->quiet)
        print_epoch(e, real_seconds(p->clock, p->epochs));
    if (!p->json && !p->quiet)
        print_happenings(p, r, e);
    p->epochs++;
}

static void table_finished(const struct report_printer *p, const struct federated_simulation_report *r)
{
    struct buf folder = {0};

    say(stdout, "%s (label %s, seed %" PRIu64 "): finished already, and its artifacts are there; nothing was run\n",
        r->scenario, r->label, r->seed);
    if (r->anchored < r->epoch_count)
        say(stdout,
            "not finished: %" PRIu64 " of %" PRIu64
            " epochs were anchored; --limit-ms MS runs it again, --trace FILE, too\n",
            r->anchored, r->epoch_count);
    text_shell_word(p->folder != NULL ? p->folder : "artifacts/mec/M5", &folder);
    say(stdout, "the genome that it shares is printed by: prismfed genome --label %s %s\n", r->label,
        buf_text(&folder));
    buf_free(&folder);
}

void report_end(struct report_printer *p, const struct federated_simulation_report *r)
{
    if (r->already_finished) {
        report_clock_stop(p->clock);
        if (p->json)
            report_json_finished(r);
        else if (!p->quiet)
            table_finished(p, r);
        return;
    }
    begin(p, r);
    if (p->json)
        report_json_end(r, &p->ending);
    else if (!p->quiet)
        table_end(r, &p->ending);
}
