#include "pbft/quorum.h"

#include "base/mutate.h"

unsigned quorum_faults(unsigned n)
{
    return n == 0 ? 0 : (n - 1) / 3;
}

unsigned quorum_size(unsigned n, unsigned f)
{
    return MUTATE(PBFT_QUORUM_2F1, 2 * f + 1, (n + f + 2) / 2);
}

enum err quorum_check(unsigned n, unsigned f, unsigned q, struct diag *diag)
{
    if (n == 0)
        return diag_set(diag, ERR_RANGE, "a federation needs at least one validator");
    if (f > quorum_faults(n))
        return diag_set(diag, ERR_RANGE, "%u validators tolerate at most floor((%u-1)/3) = %u liars, not %u", n, n,
                        quorum_faults(n), f);
    if (q < quorum_size(n, f))
        return diag_set(diag, ERR_RANGE,
                        "a quorum of %u is unsafe: with %u validators and up to %u liars it must be at least "
                        "ceil((%u+%u+1)/2) = %u",
                        q, n, f, n, f, quorum_size(n, f));
    if (q > n)
        return diag_set(diag, ERR_RANGE, "a quorum of %u can never be met by %u validators", q, n);
    return ERR_OK;
}
