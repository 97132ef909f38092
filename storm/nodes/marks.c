#include "storm/nodes/marks.h"

#include <assert.h>

static_assert((unsigned)NODE_MARK_COUNT <= MARKS_MAX, "each mark has a place");

const char *const node_mark_texts[NODE_MARK_COUNT] = {
#define NODE_MARK_TEXT(name, text) text,
    NODE_MARKS(NODE_MARK_TEXT)
#undef NODE_MARK_TEXT
};
