#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/text.h"
#include "lone_node.h"

/* store_maker FOLDER HEIGHT: for tests of the command line: FOLDER/store.sqlite of a node that has decided so many
 * blocks, and FOLDER/genesis.cbor. A store that is there is gone on with. */

static void need(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "store_maker: %s\n", what);
    exit(2);
}

int main(int argc, char **argv)
{
    struct lone_federation f;
    struct lone_node n;
    struct diag diag = {0};
    uint64_t height = 0;
    char path[200];

    need(argc == 3 && u64_parse(argv[2], &height) == ERR_OK, "FOLDER HEIGHT");
    key_library_init();
    lone_federation_init(&f);
    snprintf(path, sizeof path, "%s/genesis.cbor", argv[1]);
    need(file_write(path, bytes_of_buf(&f.genesis), &diag) == ERR_OK, diag.text);
    snprintf(path, sizeof path, "%s/store.sqlite", argv[1]);
    need(lone_node_start(&n, &f, path, &diag) == ERR_OK, diag.text);
    need(lone_node_decide(&n, height, &diag) == ERR_OK, diag.text);
    lone_node_stop(&n);
    lone_federation_fini(&f);
    return 0;
}
