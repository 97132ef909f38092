#include "base/shared.h"

#include <stdalign.h>
#include <string.h>

#include "base/bytes.h"

struct head {
    alignas(max_align_t) size_t size;
    unsigned holders;
};

static struct head *head_of(void *array)
{
    return (struct head *)array - 1;
}

static void *make(size_t size)
{
    struct head *head = mem_alloc(sizeof *head + size);

    head->size = size;
    head->holders = 1;
    return head + 1;
}

void *shared_new(size_t count, size_t size)
{
    ASSERT(size > 0 && count <= SIZE_MAX / 2 / size);
    return make(count * size);
}

void *shared_hold(void *array)
{
    if (array != NULL)
        head_of(array)->holders++;
    return array;
}

void shared_drop(void *array)
{
    if (array != NULL && --head_of(array)->holders == 0)
        mem_free(head_of(array));
}

void *shared_own(void *array)
{
    void *copy;

    if (array == NULL || head_of(array)->holders == 1)
        return array;
    copy = make(head_of(array)->size);
    memcpy(copy, array, head_of(array)->size);
    shared_drop(array);
    return copy;
}
