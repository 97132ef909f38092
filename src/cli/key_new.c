#include "cli/key_new.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "cli/command.h"
#include "crypto/key_file.h"

static int random_seed(const char *verb, uint8_t seed[KEY_SEED_SIZE])
{
    ssize_t n;

    do
        n = getrandom(seed, KEY_SEED_SIZE, 0);
    while (n < 0 && errno == EINTR);
    return n == KEY_SEED_SIZE ? EXIT_FINE : command_fail(verb, "no random bytes: %s", strerror(errno));
}

int key_new(const char *verb, const char *path, struct secret_key *out)
{
    uint8_t seed[KEY_SEED_SIZE];
    struct diag diag = {0};
    int status = random_seed(verb, seed);

    if (status != EXIT_FINE)
        return status;
    if (key_file_write(path, seed, &diag) != ERR_OK)
        status = command_fail(verb, "%s", diag.text);
    else
        key_from_seed(seed, out);
    for (volatile uint8_t *p = seed; p < seed + sizeof seed; p++)
        *p = 0;
    return status;
}
