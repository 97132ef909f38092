#include "evolve/optimiser.h"

static const struct {
    const char *name;
    void (*run)(struct search *search);
} optimisers[OPTIMISER_COUNT] = {
    [OPTIMISER_STEADY] = {"steady", optimiser_steady},
    [OPTIMISER_IRACE] = {"irace", optimiser_irace},
    [OPTIMISER_DE] = {"de", optimiser_de},
    [OPTIMISER_MIES] = {"mies", optimiser_mies},
    [OPTIMISER_SCREEN] = {"screen", optimiser_screen},
    [OPTIMISER_BAYES] = {"bayes", optimiser_bayes},
};

const char *optimiser_name(enum optimiser optimiser)
{
    ASSERT((unsigned)optimiser < OPTIMISER_COUNT);
    return optimisers[optimiser].name;
}

enum err optimiser_parse(struct bytes name, enum optimiser *out)
{
    for (unsigned i = 0; i < OPTIMISER_COUNT; i++)
        if (bytes_equal(name, bytes_of_text(optimisers[i].name))) {
            *out = (enum optimiser)i;
            return ERR_OK;
        }
    return ERR_UNKNOWN;
}

void optimiser_run(enum optimiser optimiser, struct search *search)
{
    ASSERT((unsigned)optimiser < OPTIMISER_COUNT);
    optimisers[optimiser].run(search);
}
