#include "storm/marks.h"

#include <inttypes.h>

#include "base/err.h"

const char *mark_name(enum mark mark)
{
    static const char *const NAMES[MARK_COUNT] = {
#define MARK_NAME(name, text) #name,
        MARKS(MARK_NAME)
#undef MARK_NAME
    };

    ASSERT(mark < MARK_COUNT);
    return NAMES[mark];
}

const char *mark_text(enum mark mark)
{
    static const char *const TEXTS[MARK_COUNT] = {
#define MARK_TEXT(name, text) text,
        MARKS(MARK_TEXT)
#undef MARK_TEXT
    };

    ASSERT(mark < MARK_COUNT);
    return TEXTS[mark];
}

void marks_print(FILE *out, const struct marks *seeds, const struct marks *total)
{
    unsigned met = 0;

    fprintf(out, "%12s %14s  mark\n", "seeds", "times");
    for (unsigned i = 0; i < MARK_COUNT; i++) {
        met += seeds->hits[i] > 0;
        fprintf(out, "%12" PRIu64 " %14" PRIu64 "  %s\n", seeds->hits[i], total->hits[i], mark_text((enum mark)i));
    }
    fprintf(out, "%u of %u marks met\n", met, (unsigned)MARK_COUNT);
}
