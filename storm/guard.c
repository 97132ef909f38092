#include "storm/guard.h"

#include <setjmp.h>
#include <signal.h>
#include <stddef.h>

/* An assertion inside of a machine, or a fault of its memory, ends its world and not the campaign: it leads back to
 * guard_call. */
static _Thread_local sigjmp_buf *landing;

static void on_abort(int number)
{
    (void)number;
    if (landing != NULL)
        siglongjmp(*landing, 1);
}

bool guard_call(void (*body)(void *context), void *context)
{
    sigjmp_buf here;

    signal(SIGABRT, on_abort);
    signal(SIGSEGV, on_abort);
    landing = &here;
    if (sigsetjmp(here, 1) == 0) {
        body(context);
        landing = NULL;
        return true;
    }
    landing = NULL;
    return false;
}
