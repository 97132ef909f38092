#include "storm/marks.h"

#include <assert.h>

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

static_assert((unsigned)MARK_COUNT <= MARKS_MAX, "each mark has a place");

const char *const mark_texts[MARK_COUNT] = {
#define MARK_TEXT(name, text) text,
    MARKS(MARK_TEXT)
#undef MARK_TEXT
};

const char *mark_text(enum mark mark)
{
    ASSERT(mark < MARK_COUNT);
    return mark_texts[mark];
}
