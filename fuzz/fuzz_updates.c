/* Files of updates, CSV, .npy or .npz: what is accepted passes through both formats with the same bits. */

#include <string.h>

#include "aggregate/updates.h"
#include "fuzz.h"

static void passes_through(const struct updates *u, bool is_npy)
{
    struct updates again = {0};
    struct buf file = {0};
    struct diag diag = {0};
    enum err err;
    if (is_npy)
        updates_encode_npy(u->values, u->columns, &file);
    else
        updates_encode_csv(u->values, u->columns, &file);
    err = is_npy ? updates_add_npy(&again, "fuzz", bytes_of_buf(&file), &diag)
                 : updates_add_csv(&again, "fuzz", bytes_of_buf(&file), false, &diag);
    ASSERT(err == ERR_OK && again.rows == 1 && again.columns == u->columns);
    for (size_t i = 0; i < u->columns; i++) /* of a NaN only that it is one */
        ASSERT(memcmp(&again.values[i], &u->values[i], sizeof u->values[i]) == 0 ||
               (again.values[i] != again.values[i] && u->values[i] != u->values[i]));
    updates_free(&again);
    buf_free(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = bytes_of(data, size);
    struct digest hashes[VECTOR_ROWS_MAX];
    struct updates u = {0};
    struct diag diag = {0};
    enum err err = updates_add(&u, "fuzz", in, size > 0 && (data[0] | 32) >= 'a', &diag);
    if (err != ERR_OK) {
        ASSERT(strncmp(diag.text, "fuzz:", 5) == 0 && strchr(diag.text, '\n') == NULL);
    } else {
        ASSERT(u.rows >= 1 && u.rows <= VECTOR_ROWS_MAX && u.columns >= 1);
        passes_through(&u, true);
        passes_through(&u, false);
        (void)(updates_hash(&u, hashes, &diag) == ERR_OK);
    }
    updates_free(&u);
    return 0;
}
