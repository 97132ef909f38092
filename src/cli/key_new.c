#include "cli/key_new.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "cli/command.h"
#include "crypto/key_file.h"

/* Everything that is drawn for one key. */
struct draw {
    uint8_t seed[KEY_SEED_SIZE], salt[KEY_SALT_SIZE];
};

static int draw_bytes(const char *verb, struct draw *out)
{
    ssize_t n;

    do
        n = getrandom(out, sizeof *out, 0);
    while (n < 0 && errno == EINTR);
    return n == sizeof *out ? EXIT_FINE : command_fail(verb, "no random bytes: %s", strerror(errno));
}

static enum err write_file(const char *path, const char *passphrase_file, const struct draw *draw, struct diag *diag)
{
    struct buf passphrase = {0};
    enum err err;

    if (passphrase_file == NULL)
        return key_file_write(path, draw->seed, diag);
    err = key_file_passphrase(passphrase_file, &passphrase, diag);
    if (err == ERR_OK)
        err = key_file_write_sealed(path, draw->seed, bytes_of_buf(&passphrase), draw->salt, diag);
    key_file_wipe(&passphrase);
    return err;
}

int key_new(const char *verb, const char *path, const char *passphrase_file, struct secret_key *out)
{
    struct draw draw;
    struct diag diag = {0};
    int status = draw_bytes(verb, &draw);

    if (status != EXIT_FINE)
        return status;
    if (write_file(path, passphrase_file, &draw, &diag) != ERR_OK)
        status = command_fail(verb, "%s", diag.text);
    else
        key_from_seed(draw.seed, out);
    for (volatile uint8_t *p = (uint8_t *)&draw; p < (uint8_t *)&draw + sizeof draw; p++)
        *p = 0;
    return status;
}
