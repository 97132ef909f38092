#include "experiment/experiment.h"
#include "tap.h"

enum { SEEDS = 40 };

struct counted {
    unsigned called[SEEDS];
    unsigned fails_from; /* this seed and all above */
};

static enum err count(void *context, unsigned at, struct diag *diag)
{
    struct counted *c = context;

    c->called[at]++;
    return at >= c->fails_from ? diag_set(diag, ERR_STATE, "seed %u", at) : ERR_OK;
}

static void every_seed_once(void)
{
    for (unsigned threads = 1; threads <= 5; threads++) {
        struct experiment_options options = {.seeds = SEEDS, .threads = threads};
        struct counted c = {.fails_from = SEEDS};
        struct diag diag = {0};

        CHECK_OK(experiment_each(&options, "test", count, &c, &diag));
        for (unsigned i = 0; i < SEEDS; i++)
            CHECK_EQ_U64(c.called[i], 1);
    }
}

/* Whichever thread gets there first. */
static void the_first_error_counts(void)
{
    for (unsigned threads = 1; threads <= 5; threads++) {
        struct experiment_options options = {.seeds = SEEDS, .threads = threads};
        struct counted c = {.fails_from = 7};
        struct diag diag = {0};

        CHECK_ERR(experiment_each(&options, "test", count, &c, &diag), ERR_STATE);
        CHECK_EQ_TEXT(diag.text, "seed 7");
        for (unsigned i = 0; i <= 7; i++)
            CHECK_EQ_U64(c.called[i], 1);
        CHECK_EQ_U64(c.called[7 + threads], 0); /* what had begun is all */
    }
}

int main(void)
{
    TAP_RUN(every_seed_once);
    TAP_RUN(the_first_error_counts);
    return tap_done();
}
