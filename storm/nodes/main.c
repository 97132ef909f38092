#include <stdio.h>
#include <string.h>

#include "crypto/key.h"
#include "storm/nodes/nodes.h"

static const char USAGE[] = "usage: storm --nodes [--seeds N] [--seed FIRST] [--minutes M] [--threads T] "
                            "[--real-signatures PERCENT] [--marks]\n"
                            "             [--until-found]\n"
                            "       storm --nodes --trace SEED\n"
                            "       storm --nodes --shrink SEED [--output FILE]\n"
                            "       storm --nodes --replay FILE --epochs E [--real-signatures 0]\n";

struct options {
    struct campaign campaign;
    enum { DO_CAMPAIGN, DO_TRACE, DO_SHRINK, DO_REPLAY } what;
    uint64_t epochs;
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
    if (!campaign_number(value, &v))
        return false;
    if (strcmp(name, "--trace") == 0 || strcmp(name, "--shrink") == 0) {
        o->what = name[2] == 't' ? DO_TRACE : DO_SHRINK;
        o->campaign.first = v;
        return true;
    }
    if (strcmp(name, "--epochs") == 0) {
        o->epochs = v;
        return v >= 1 && v <= NODES_EPOCHS_MAX;
    }
    return campaign_option(&o->campaign, name, v);
}

int main(int argc, char **argv)
{
    struct options o = {.campaign = {.first = 1,
                                     .count = 1000,
                                     .threads = 1,
                                     .real_percent = 2,
                                     .check = nodes_check,
                                     .again = "--nodes --trace",
                                     .mark_count = NODE_MARK_COUNT,
                                     .mark_texts = node_mark_texts}};

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--nodes") == 0 || campaign_flag(&o.campaign, argv[i]))
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
        return nodes_trace(o.campaign.first, o.campaign.real_percent);
    case DO_SHRINK:
        return nodes_shrink(o.campaign.first, o.campaign.real_percent, o.output);
    case DO_REPLAY:
        if (o.epochs == 0) {
            fputs(USAGE, stderr);
            return 2;
        }
        return nodes_replay(o.file, o.epochs, o.campaign.real_percent > 0);
    case DO_CAMPAIGN:
        break;
    }
    return campaign_run(&o.campaign) > 0;
}
