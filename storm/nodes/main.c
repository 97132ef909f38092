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

static bool own_option(struct campaign_command *c, const char *name, const char *value)
{
    uint64_t *epochs = c->own;

    return strcmp(name, "--epochs") == 0 && campaign_number(value, epochs) && *epochs >= 1 &&
           *epochs <= NODES_EPOCHS_MAX;
}

int main(int argc, char **argv)
{
    uint64_t epochs = 0;
    struct campaign_command c = {.campaign = {.first = 1,
                                              .threads = 1,
                                              .real_percent = 2,
                                              .check = nodes_check,
                                              .again = "--nodes --trace",
                                              .mark_count = NODE_MARK_COUNT,
                                              .mark_texts = node_mark_texts},
                                 .word = "--nodes",
                                 .own = &epochs,
                                 .own_option = own_option};

    if (!campaign_command_read(&c, argc, argv) || (c.verb == CAMPAIGN_REPLAY && epochs == 0)) {
        fputs(USAGE, stderr);
        return 2;
    }
    key_library_init();
    switch (c.verb) {
    case CAMPAIGN_TRACE:
        return nodes_trace(c.campaign.first, c.campaign.real_percent);
    case CAMPAIGN_SHRINK:
        return nodes_shrink(c.campaign.first, c.campaign.real_percent, c.output);
    case CAMPAIGN_REPLAY:
        return nodes_replay(c.file, epochs, c.campaign.real_percent > 0);
    default:
        return campaign_run(&c.campaign) > 0;
    }
}
