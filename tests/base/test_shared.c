#include <string.h>

#include "base/shared.h"
#include "tap.h"

static void the_last_holder_frees(void)
{
    int *a = shared_new(3, sizeof *a), *b = shared_hold(a);

    CHECK(a == b && a[0] == 0 && a[2] == 0);
    a[1] = 7;
    shared_drop(a);
    CHECK_EQ_U64((uint64_t)b[1], 7);
    shared_drop(b);
    CHECK(shared_hold(NULL) == NULL && shared_own(NULL) == NULL);
    shared_drop(NULL);
    shared_drop(shared_new(0, 8));
}

static void who_writes_has_its_own(void)
{
    int *a = shared_new(2, sizeof *a), *b;

    CHECK(shared_own(a) == a); /* nobody else has it */
    a[1] = 7;
    b = shared_own(shared_hold(a));
    CHECK(b != a && b[1] == 7);
    b[1] = 8;
    CHECK_EQ_U64((uint64_t)a[1], 7);
    shared_drop(a);
    shared_drop(b);
}

int main(void)
{
    TAP_RUN(the_last_holder_frees);
    TAP_RUN(who_writes_has_its_own);
    return tap_done();
}
