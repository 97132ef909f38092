#include "cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/say.h"

/* An estimate needs so many runs and seconds; before that it would jump. */
enum { RUNS_TO_TELL = 8, SECONDS_TO_TELL = 3 };

static double since(const struct timespec *from)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - from->tv_sec) + (double)(now.tv_nsec - from->tv_nsec) / 1e9;
}

void progress_line_start(struct progress_line *line, bool show)
{
    *line = (struct progress_line){.show = show && isatty(STDERR_FILENO)};
    clock_gettime(CLOCK_MONOTONIC, &line->started);
    line->shown = line->started;
}

double progress_line_seconds(const struct progress_line *line)
{
    return since(&line->started);
}

bool progress_line_is_due(const struct progress_line *line)
{
    return line->show && since(&line->shown) > 0.1;
}

void progress_line_write(struct progress_line *line, struct buf *text)
{
    fputc('\r', stderr);
    say(stderr, "%s", buf_text(text));
    fputs("\033[K", stderr);
    clock_gettime(CLOCK_MONOTONIC, &line->shown);
}

void progress_line_end(struct progress_line *line)
{
    if (line->show)
        fputs("\r\033[K", stderr);
}

/* ---- the text */

void progress_left(double seconds, uint64_t done, uint64_t all, struct buf *out)
{
    double left = done > 0 && all > done ? seconds / (double)done * (double)(all - done) : 0;

    if (done < RUNS_TO_TELL || seconds < SECONDS_TO_TELL)
        return;
    if (left < 90)
        buf_printf(out, "about %.0f s left", left);
    else if (left < 90 * 60)
        buf_printf(out, "about %.0f min left", left / 60);
    else if (left < 48 * 3600)
        buf_printf(out, "about %.1f h left", left / 3600);
    else
        buf_printf(out, "about %.0f days left", left / 86400);
}

/* The piece where there is room for it. */
static bool add_piece(struct buf *out, struct buf *piece)
{
    bool fits = out->len + 2 + piece->len <= PROGRESS_WIDTH;

    if (piece->len > 0 && fits)
        buf_printf(out, "; %s", buf_text(piece));
    buf_clear(piece);
    return fits;
}

static bool add_best(struct buf *out, const struct federated_progress *p, const char *unit)
{
    struct buf piece = {0};

    buf_printf(&piece, "best %.8g%s%s (%s)", p->best, unit[0] != '\0' ? " " : "", unit, p->node_id);
    bool fits = add_piece(out, &piece);
    buf_free(&piece);
    return fits;
}

void progress_runs(uint64_t done, uint64_t all, double seconds, struct buf *out)
{
    struct buf piece = {0};

    buf_printf(out, "%" PRIu64 " of %" PRIu64 " runs", done, all);
    progress_left(seconds, done, all, &piece);
    (void)add_piece(out, &piece);
    buf_free(&piece);
}

void progress_text(const struct federated_progress *p, double seconds, struct buf *out)
{
    uint64_t done = p->runs > p->resumed ? p->runs - p->resumed : 0;
    struct buf piece = {0};

    buf_printf(out, "epoch %" PRIu64 " of %" PRIu64, p->position, p->epochs);
    buf_printf(&piece, "%" PRIu64 " of about %" PRIu64 " runs", p->runs, p->runs_planned);
    (void)add_piece(out, &piece);
    progress_left(seconds, done, done + (p->runs_planned - p->runs), &piece);
    (void)add_piece(out, &piece);
    if (p->found && !add_best(out, p, p->unit))
        (void)add_best(out, p, "");
    buf_printf(&piece, "%.1f s of virtual time", p->virtual_seconds);
    (void)add_piece(out, &piece);
    buf_free(&piece);
}
