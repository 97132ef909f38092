#include <stdio.h>
#include <string.h>

#include "cli/key_new.h"
#include "cli/option.h"
#include "crypto/key_file.h"

struct arguments {
    bool der;
    const char *passphrase_file;
};

static const struct option_row rows[] = {
    {"der", NULL, OPTION_FLAG, offsetof(struct arguments, der), .help = "with public: as DER, not as PEM"},
    {"passphrase-file", "FILE", OPTION_TEXT, offsetof(struct arguments, passphrase_file),
     .help = "the private key is under the passphrase in the first line of this file"},
};

static const struct option_table table = {
    .verb = "keys",
    .usage =
        "prismfed keys generate [--passphrase-file FILE] KEY  make a key; KEY must not exist (mode 0600, PKCS#8 PEM)\n"
        "       prismfed keys fingerprint KEY     its fingerprint: SHA-256 of the DER SubjectPublicKeyInfo\n"
        "       prismfed keys public [--der] KEY  its public key\n",
    .about = "KEY is a private or a public Ed25519 key in PEM, as openssl writes them. A rehearsal makes its own keys "
             "from its seed; these here are for real nodes.",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};

static void print_fingerprint(const struct public_key *key)
{
    struct digest fingerprint = key_fingerprint(key);
    char hex[2 * DIGEST_SIZE + 1];

    digest_hex(&fingerprint, hex);
    puts(hex);
}

static int generate(const char *path, const char *passphrase_file)
{
    struct secret_key key;
    int status = key_new("keys", path, passphrase_file, &key);

    if (status != EXIT_FINE)
        return status;
    print_fingerprint(&key.public);
    key_wipe(&key);
    return EXIT_FINE;
}

static int print_public(const struct public_key *key, bool der)
{
    struct buf out = {0};
    uint8_t spki[KEY_SPKI_SIZE];

    key_spki(key, spki);
    if (der)
        buf_add(&out, spki, sizeof spki);
    else
        key_file_public_pem(key, &out);
    fwrite(out.data, 1, out.len, stdout);
    buf_free(&out);
    return EXIT_FINE;
}

static int look(const char *what, const char *path, const struct arguments *a)
{
    struct public_key key;
    struct diag diag = {0};

    if (key_file_read_public(path, a->passphrase_file, &key, &diag) != ERR_OK)
        return command_fail("keys", "%s", diag.text);
    if (strcmp(what, "public") == 0)
        return print_public(&key, a->der);
    print_fingerprint(&key);
    return EXIT_FINE;
}

int command_keys(int argc, char **argv)
{
    struct arguments a = {0};
    bool helped;
    int operands, status = option_read(&table, argc, argv, &a, &operands, &helped);

    if (status != EXIT_FINE || helped)
        return status;
    if (argc - operands != 2)
        return command_misuse("keys", "expected what to do and one FILE");
    const char *what = argv[operands], *path = argv[operands + 1];
    if (a.der && strcmp(what, "public") != 0)
        return command_misuse("keys", "--der goes with \"public\"");
    if (strcmp(what, "generate") == 0)
        return generate(path, a.passphrase_file);
    if (strcmp(what, "fingerprint") == 0 || strcmp(what, "public") == 0)
        return look(what, path, &a);
    return command_misuse("keys", "\"%s\" is not one of generate, fingerprint, public", what);
}
