/* prismfed root: the trust root of a federation, made, signed, looked at and renewed. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/option.h"
#include "cli/say.h"
#include "crypto/key_file.h"
#include "trust/root.h"

struct arguments {
    struct digest federation;
    bool has_federation, has_expires, has_at;
    int64_t expires, at;
    const char *key, *passphrase, *after, *out;
    struct root_party roles[ROOT_ROLE_COUNT];
};

static int take_federation(void *arguments, const char *text)
{
    struct arguments *a = arguments;
    struct buf id = {0};

    a->has_federation = hex_decode(bytes_of_text(text), &id) == ERR_OK && id.len == DIGEST_SIZE;
    if (a->has_federation)
        a->federation = digest_from(bytes_of_buf(&id));
    buf_free(&id);
    return a->has_federation ? EXIT_FINE : command_misuse("root", "--federation needs 64 lower-case hex digits");
}

static int take_time(const char *option, const char *text, int64_t *out, bool *given)
{
    *given = root_time_parse(text, out) == ERR_OK;
    return *given ? EXIT_FINE
                  : command_misuse("root", "--%s needs a time like 2027-01-31T00:00:00Z, and not \"%s\"", option, text);
}

static int take_expires(void *arguments, const char *text)
{
    struct arguments *a = arguments;

    return take_time("expires", text, &a->expires, &a->has_expires);
}

static int take_at(void *arguments, const char *text)
{
    struct arguments *a = arguments;

    return take_time("at", text, &a->at, &a->has_at);
}

static int add_key(struct root_party *party, const char *path)
{
    struct public_key key;
    struct diag diag = {0};
    enum err err = key_file_read_public(path, NULL, &key, &diag);

    if (err == ERR_OK && root_party_add(party, &key) != ERR_OK)
        err = diag_set(&diag, ERR_DUPLICATE, "%s: the role has this key already, or too many", path);
    return err == ERR_OK ? EXIT_FINE : command_fail("root", "%s", diag.text);
}

/* ROLE=THRESHOLD:FILE[,FILE...] */
static int take_role(void *arguments, const char *text)
{
    struct arguments *a = arguments;
    const char *equals = strchr(text, '='), *colon = equals != NULL ? strchr(equals, ':') : NULL;
    struct root_party party = {0};
    unsigned role = 0;
    char *word, *rest, *threshold, *end;

    while (equals != NULL && role < ROOT_ROLE_COUNT &&
           !bytes_equal(bytes_of(text, (size_t)(equals - text)), bytes_of_text(root_role_name((enum root_role)role))))
        role++;
    if (colon == NULL || role == ROOT_ROLE_COUNT)
        return command_misuse("root",
                              "--role needs ROLE=THRESHOLD:FILE,... with root, governance, validator or auditor");
    threshold = text_copy(bytes_of(equals + 1, (size_t)(colon - equals - 1)));
    uint64_t number = 0;
    enum err err = u64_parse(threshold, &number);
    mem_free(threshold);
    word = rest = text_copy(bytes_of_text(colon + 1));
    int status = EXIT_FINE;
    for (; status == EXIT_FINE && word != NULL; word = end) {
        end = strchr(word, ',');
        if (end != NULL)
            *end++ = '\0';
        status = add_key(&party, word);
    }
    mem_free(rest);
    if (status == EXIT_FINE && (err != ERR_OK || number < 1 || number > party.count))
        status = command_misuse("root", "the threshold of %s must be from 1 to the number of its keys, %u",
                                root_role_name((enum root_role)role), party.count);
    party.threshold = (unsigned)number;
    if (status == EXIT_FINE)
        a->roles[role] = party;
    return status;
}

#define OF(field) offsetof(struct arguments, field)

static const struct option_row rows[] = {
    {"federation", "ID", OPTION_TAKE, .take = take_federation,
     .help = "with init: the federation's id, 64 hex digits; with verify: the one that it must be"},
    {"expires", "TIME", OPTION_TAKE, .take = take_expires,
     .help = "with init and rotate: until when it holds, like 2027-01-31T00:00:00Z"},
    {"role", "ROLE=N:FILE,...", OPTION_TAKE, .take = take_role,
     .help = "with init and rotate: N of the public keys in these files speak for root, governance, validator or "
             "auditor; may be given once for each role"},
    {"key", "FILE", OPTION_TEXT, OF(key), .help = "with sign: the private key"},
    {"passphrase", "FILE", OPTION_TEXT, OF(passphrase), .help = "with sign: the file with that key's passphrase"},
    {"after", "FILE", OPTION_TEXT, OF(after), .help = "with verify: the version before it, which is trusted"},
    {"at", "TIME", OPTION_TAKE, .take = take_at, .help = "with verify: the time at which it must not have expired"},
    {"out", "FILE", OPTION_TEXT, OF(out), .help = "with init and rotate: where to write it"},
};

static const struct option_table table = {
    .verb = "root",
    .usage = "prismfed root init --federation ID --expires TIME --role ROLE=N:FILE,... --out FILE\n"
             "       prismfed root sign --key FILE ROOT\n"
             "       prismfed root inspect ROOT\n"
             "       prismfed root verify [--after ROOT] [--federation ID] [--at TIME] ROOT\n"
             "       prismfed root rotate [--role ROLE=N:FILE,...] --expires TIME --out FILE ROOT\n",
    .about =
        "The trust root says whose keys speak for a federation, in versions. It is a DSSE envelope, which as many of "
        "the root keys sign as it says itself; the next version is signed by as many keys of the version before it, "
        "too. prismfed audit --trust decides by it whose log it reads.",
    .after = "Exit status: 0 done, or it is good; 1 it is not good; 2 wrong usage or unusable input.",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};

/* ---- files */

static enum err load(const char *path, struct dsse *envelope, struct root *root, struct diag *diag)
{
    struct buf text = {0};
    enum err err = file_read(path, DSSE_SIZE_MAX, &text, diag);

    if (err == ERR_OK)
        err = root_parse(path, bytes_of_buf(&text), envelope, root, diag);
    buf_free(&text);
    return err;
}

static int write_root(const struct root *root, const char *path)
{
    struct dsse envelope;
    struct buf payload = {0};
    struct diag diag = {0};

    root_encode(root, &payload);
    dsse_init(&envelope, ROOT_TYPE, bytes_of_buf(&payload));
    buf_free(&payload);
    enum err err = dsse_write(path, &envelope, &diag);
    dsse_free(&envelope);
    return err == ERR_OK ? EXIT_FINE : command_fail("root", "%s", diag.text);
}

/* ---- verbs */

static int run_init(struct arguments *a)
{
    struct root root = {.version = 1, .expires = a->expires, .federation = a->federation};

    if (!a->has_federation || !a->has_expires || a->out == NULL || a->roles[ROOT_ROLE_ROOT].count == 0)
        return command_misuse("root", "init needs --federation, --expires, --role root=... and --out");
    memcpy(root.roles, a->roles, sizeof root.roles);
    return write_root(&root, a->out);
}

static int run_rotate(struct arguments *a, const struct root *before)
{
    struct root root = *before;

    if (!a->has_expires || a->out == NULL)
        return command_misuse("root", "rotate needs --expires and --out");
    if (before->version == ROOT_VERSION_MAX)
        return command_fail("root", "there is no version after this one");
    root.version++;
    root.expires = a->expires;
    for (unsigned i = 0; i < ROOT_ROLE_COUNT; i++) {
        if (a->roles[i].count > 0)
            root.roles[i] = a->roles[i];
    }
    return write_root(&root, a->out);
}

static int run_sign(const struct arguments *a, const char *path, struct dsse *envelope)
{
    struct secret_key key = {.b = {0}};
    struct diag diag = {0};

    if (a->key == NULL)
        return command_misuse("root", "sign needs --key FILE");
    enum err err = key_file_read_secret(a->key, a->passphrase, &key, &diag);
    if (err == ERR_OK && dsse_sign(envelope, &key) != ERR_OK)
        err = diag_set(&diag, ERR_LIMIT, "%s: it has %d signatures already", path, (int)DSSE_SIGNATURES_MAX);
    key_wipe(&key);
    if (err == ERR_OK)
        err = dsse_write(path, envelope, &diag);
    return err == ERR_OK ? EXIT_FINE : command_fail("root", "%s", diag.text);
}

static void print_party(const struct root *root, enum root_role role, const struct dsse *envelope)
{
    const struct root_party *party = &root->roles[role];

    if (party->count > 0)
        say(stdout, "%s: %u of %u\n", root_role_name(role), party->threshold, party->count);
    for (unsigned i = 0; i < party->count; i++) {
        struct digest fingerprint = key_fingerprint(&party->keys[i]);
        char hex[2 * DIGEST_SIZE + 1];
        const char *signed_it = "";
        digest_hex(&fingerprint, hex);
        for (unsigned k = 0; role == ROOT_ROLE_ROOT && k < envelope->count; k++) {
            if (digest_equal(&envelope->signatures[k].keyid, &fingerprint))
                signed_it = dsse_verify(envelope, k, &party->keys[i]) == ERR_OK ? "  has signed"
                                                                                : "  its signature does not verify";
        }
        say(stdout, "  %s%s\n", hex, signed_it);
    }
}

static int run_inspect(const struct root *root, const struct dsse *envelope)
{
    char federation[2 * DIGEST_SIZE + 1], expires[ROOT_TIME_SIZE];

    digest_hex(&root->federation, federation);
    root_time_print(root->expires, expires);
    say(stdout, "version: %" PRIu64 "\nexpires: %s\nfederation: %s\n", root->version, expires, federation);
    for (unsigned i = 0; i < ROOT_ROLE_COUNT; i++)
        print_party(root, (enum root_role)i, envelope);
    return EXIT_FINE;
}

static int refuse(const char *path, const char *why)
{
    say(stdout, "%s: %s\n", path, why);
    return EXIT_WRONG;
}

static int run_verify(const struct arguments *a, const char *path, const struct root *root, const struct dsse *envelope)
{
    struct root *before = mem_alloc(sizeof *before);
    struct dsse old = {0};
    struct diag diag = {0};
    int status = EXIT_FINE;

    if (a->after != NULL && load(a->after, &old, before, &diag) != ERR_OK)
        status = command_fail("root", "%s", diag.text);
    else if (root_check(envelope, root, a->after != NULL ? before : NULL, &diag) != ERR_OK)
        status = refuse(path, diag.text);
    else if (a->has_federation && !digest_equal(&a->federation, &root->federation))
        status = refuse(path, "it is the root of another federation");
    else if (a->has_at && a->at >= root->expires)
        status = refuse(path, "it has expired");
    else
        say(stdout, "%s: version %" PRIu64 " is good%s\n", path, root->version,
            a->has_at ? "" : "; whether it has expired was not checked (--at TIME)");
    dsse_free(&old);
    mem_free(before);
    return status;
}

static int run(int argc, char **argv, struct arguments *a, int at)
{
    const char *verb = at < argc ? argv[at] : "", *path = at + 1 < argc ? argv[at + 1] : NULL;
    struct root *root = mem_alloc(sizeof *root);
    struct dsse envelope = {0};
    struct diag diag = {0};
    bool init = strcmp(verb, "init") == 0;
    int status;

    if (argc - at != (init ? 1 : 2))
        status = command_misuse("root", "expected init; or sign, inspect, verify or rotate, and a file");
    else if (init)
        status = run_init(a);
    else if (load(path, &envelope, root, &diag) != ERR_OK)
        status = command_fail("root", "%s", diag.text);
    else if (strcmp(verb, "sign") == 0)
        status = run_sign(a, path, &envelope);
    else if (strcmp(verb, "inspect") == 0)
        status = run_inspect(root, &envelope);
    else if (strcmp(verb, "verify") == 0)
        status = run_verify(a, path, root, &envelope);
    else if (strcmp(verb, "rotate") == 0)
        status = run_rotate(a, root);
    else
        status = command_misuse("root", "\"%s\": init, sign, inspect, verify or rotate?", verb);
    dsse_free(&envelope);
    mem_free(root);
    return status;
}

int command_root(int argc, char **argv)
{
    struct arguments *a = mem_alloc(sizeof *a);
    bool helped;
    int operands, status = option_read(&table, argc, argv, a, &operands, &helped);

    if (status == EXIT_FINE && !helped)
        status = run(argc, argv, a, operands);
    mem_free(a);
    return status;
}
