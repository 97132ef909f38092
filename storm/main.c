#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/key.h"
#include "storm/enumerate.h"
#include "storm/seed.h"
#include "storm/shrink.h"

static const char USAGE[] =
    "usage: storm [--seeds N] [--seed FIRST] [--minutes M] [--threads T] [--real-signatures PERCENT] [--marks]\n"
    "             [--until-found]\n"
    "       storm --trace SEED\n"
    "       storm --shrink SEED [--output FILE]\n"
    "       storm --replay FILE\n"
    "       storm --enumerate kills|crashes|orders [--seed FIRST] [--seeds N] [--every K] [--depth D] [--place P]\n";

struct options {
    struct campaign campaign;
    enum { DO_CAMPAIGN, DO_TRACE, DO_SHRINK, DO_REPLAY, DO_ENUMERATE } what;
    struct enumeration enumeration;
    const char *output, *file;
};

static bool option(struct options *o, const char *name, const char *value)
{
    uint64_t v = 0;

    if (strcmp(name, "--output") == 0 || strcmp(name, "--replay") == 0) {
        o->what = name[2] == 'r' ? DO_REPLAY : o->what;
        *(name[2] == 'r' ? &o->file : &o->output) = value;
        return value != NULL;
    }
    if (strcmp(name, "--enumerate") == 0) {
        o->what = DO_ENUMERATE;
        o->file = value;
        return value != NULL;
    }
    if (!campaign_number(value, &v))
        return false;
    if (strcmp(name, "--seeds") == 0)
        o->enumeration.seeds = v;
    if (strcmp(name, "--seed") == 0)
        o->enumeration.first = v;
    if (strcmp(name, "--every") == 0 && v > 0) {
        o->enumeration.every = v;
    } else if (strcmp(name, "--depth") == 0 && v < 8) {
        o->enumeration.depth = v;
    } else if (strcmp(name, "--place") == 0 && v <= INT64_MAX) {
        o->enumeration.only = (int64_t)v;
    } else if (strcmp(name, "--trace") == 0 || strcmp(name, "--shrink") == 0) {
        o->what = name[2] == 't' ? DO_TRACE : DO_SHRINK;
        o->campaign.first = v;
    } else {
        return campaign_option(&o->campaign, name, v);
    }
    return true;
}

static int trace(const struct options *o)
{
    struct storm_plan plan;
    struct draw draw;
    struct outcome outcome;

    draw_init(&draw, o->campaign.first);
    plan_draw(&plan, &draw, o->campaign.real_percent);
    plan_run(&plan, &draw, true, &outcome, NULL, NULL);
    printf("%llu events; %s %s\n", (unsigned long long)outcome.steps,
           outcome.checker != NULL ? outcome.checker : "nothing found", outcome.failure);
    return outcome.checker != NULL;
}

int main(int argc, char **argv)
{
    struct options o = {.campaign = {.first = 1,
                                     .count = 1000,
                                     .threads = 1,
                                     .real_percent = 2,
                                     .check = seed_check,
                                     .again = "--trace",
                                     .mark_count = MARK_COUNT,
                                     .mark_texts = mark_texts},
                        .enumeration = {.first = 1, .seeds = 1, .every = 1, .only = -1, .depth = 2}};

    for (int i = 1; i < argc; i++) {
        if (campaign_flag(&o.campaign, argv[i]))
            continue;
        if (!option(&o, argv[i], i + 1 < argc ? argv[i + 1] : NULL)) {
            fputs(USAGE, stderr);
            return 2;
        }
        i++;
    }
    key_library_init();
    switch (o.what) {
    case DO_TRACE:
        return trace(&o);
    case DO_SHRINK:
        return shrink_seed(o.campaign.first, o.campaign.real_percent, o.output);
    case DO_REPLAY:
        return replay_file(o.file);
    case DO_ENUMERATE:
        return enumerate(o.file, &o.enumeration);
    case DO_CAMPAIGN:
        break;
    }
    return campaign_run(&o.campaign) > 0;
}
