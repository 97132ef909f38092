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

static bool own_option(struct campaign_command *c, const char *name, const char *value)
{
    struct enumeration *e = c->own;
    uint64_t v = 0;

    if (strcmp(name, "--enumerate") == 0) {
        c->verb = CAMPAIGN_OWN;
        c->file = value;
        return value != NULL;
    }
    if (!campaign_number(value, &v))
        return false;
    if (strcmp(name, "--every") == 0 && v > 0)
        e->every = v;
    else if (strcmp(name, "--depth") == 0 && v < 8)
        e->depth = v;
    else if (strcmp(name, "--place") == 0 && v <= INT64_MAX)
        e->only = (int64_t)v;
    else
        return false;
    return true;
}

static int trace(const struct campaign *c)
{
    struct storm_plan plan;
    struct draw draw;
    struct outcome outcome;

    draw_init(&draw, c->first);
    plan_draw(&plan, &draw, c->real_percent);
    plan_run(&plan, &draw, true, &outcome, NULL, NULL);
    printf("%llu events; %s %s\n", (unsigned long long)outcome.steps,
           outcome.checker != NULL ? outcome.checker : "nothing found", outcome.failure);
    return outcome.checker != NULL;
}

int main(int argc, char **argv)
{
    struct enumeration e = {.every = 1, .only = -1, .depth = 2};
    struct campaign_command c = {.campaign = {.first = 1,
                                              .threads = 1,
                                              .real_percent = 2,
                                              .check = seed_check,
                                              .again = "--trace",
                                              .mark_count = MARK_COUNT,
                                              .mark_texts = mark_texts},
                                 .own = &e,
                                 .own_option = own_option};

    if (!campaign_command_read(&c, argc, argv)) {
        fputs(USAGE, stderr);
        return 2;
    }
    key_library_init();
    switch (c.verb) {
    case CAMPAIGN_TRACE:
        return trace(&c.campaign);
    case CAMPAIGN_SHRINK:
        return shrink_seed(c.campaign.first, c.campaign.real_percent, c.output);
    case CAMPAIGN_REPLAY:
        return replay_file(c.file);
    case CAMPAIGN_OWN:
        e.first = c.campaign.first;
        e.seeds = c.campaign.count > 0 ? c.campaign.count : 1;
        return enumerate(c.file, &e);
    case CAMPAIGN_RUN:
        break;
    }
    return campaign_run(&c.campaign) > 0;
}
