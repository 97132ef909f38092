#include "cli/start.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>

#include "base/bytes.h"
#include "cli/command.h"
#include "crypto/key.h"

int start(int argc, char **argv, int (*run)(int argc, char **argv))
{
    int status;

    signal(SIGPIPE, SIG_DFL);
    mem_exit_status(EXIT_UNUSABLE); /* whoever asked for more than there is gets a status, no core */
    json_set_alloc_funcs(mem_alloc, mem_free);
    key_library_init();
    status = argc > 0 ? run(argc, argv) : EXIT_UNUSABLE;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("prismfed: cannot write to standard output\n", stderr);
        return EXIT_UNUSABLE;
    }
    return status;
}
