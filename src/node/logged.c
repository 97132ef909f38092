/* What stands in the log of a node, entry by entry: for its operator, and for a site that wants to know its own. */
#include "node/logged.h"

enum err logged_block(const struct ledger_store *ledger, uint64_t height,
                      void (*each)(void *context, const struct logged *logged), void *context)
{
    struct block block;
    enum err err = ledger_store_block(ledger, height, &block);

    if (err != ERR_OK)
        return err;
    for (unsigned i = 0; i < block.count; i++) {
        struct entry *entry = entry_open(block.entries[i]);
        const struct logged logged = {height, block.header.log_size - block.count + i, entry};

        each(context, &logged);
        entry_drop(entry);
    }
    block_fini(&block);
    return ERR_OK;
}
