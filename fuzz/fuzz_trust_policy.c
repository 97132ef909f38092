/* Trust policies: one that is read has a quorum that nobody's silence makes, unless it asks for none. */

#include "fuzz.h"
#include "tlog/trust_policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    struct trust_policy p = {0};
    struct diag diag = {0};

    if (!ready)
        key_library_init();
    ready = true;
    if (trust_policy_parse(bytes_of(data, size), &p, &diag) != ERR_OK) {
        ASSERT(diag.text[0] != '\0');
        return 0;
    }
    bool *cosigned = mem_array(p.witness_count + 1, sizeof cosigned[0]);

    ASSERT(trust_policy_quorum(&p, cosigned) == (p.quorum < 0));
    for (unsigned i = 0; i < p.witness_count; i++)
        cosigned[i] = true;
    ASSERT(trust_policy_quorum(&p, cosigned));
    mem_free(cosigned);
    trust_policy_free(&p);
    return 0;
}
