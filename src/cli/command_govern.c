/* prismfed govern: what governors sign off, made, signed and looked at. A node brings it in: prismfed node sign-off. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/genesis_file.h"
#include "cli/option.h"
#include "cli/say.h"
#include "crypto/key_file.h"
#include "state/body.h"
#include "state/sign_off.h"

struct arguments {
    const char *genesis, *key, *passphrase, *of, *next, *member, *reason, *out;
    uint64_t serial, until, epoch, from;
    bool has_serial, has_epoch, has_genome;
    struct digest genome;
    struct settings settings;
};

static int take_genome(void *arguments, const char *text)
{
    struct arguments *a = arguments;
    struct buf id = {0};

    a->has_genome = hex_decode(bytes_of_text(text), &id) == ERR_OK && id.len == DIGEST_SIZE;
    if (a->has_genome)
        a->genome = digest_from(bytes_of_buf(&id));
    buf_free(&id);
    return a->has_genome ? EXIT_FINE : command_misuse("govern", "--genome needs 64 lower-case hex digits");
}

/* NAME=NUMBER */
static int take_setting(void *arguments, const char *text)
{
    struct arguments *a = arguments;
    const char *equals = strchr(text, '=');
    uint64_t value;

    for (unsigned i = 0; equals != NULL && i < SETTING_COUNT; i++) {
        if (!bytes_equal(bytes_of(text, (size_t)(equals - text)), bytes_of_text(setting_name((enum policy_setting)i))))
            continue;
        if (u64_parse(equals + 1, &value) != ERR_OK || setting_check((enum policy_setting)i, value) != ERR_OK)
            return command_misuse("govern", "--set %s: not a value that it can have", text);
        a->settings.set[i] = true;
        a->settings.values[i] = value;
        return EXIT_FINE;
    }
    return command_misuse("govern", "--set needs SETTING=NUMBER, and \"%s\" is none", text);
}

#define OF(field) offsetof(struct arguments, field)

static const struct option_row rows[] = {
    {"genesis", "FILE", OPTION_TEXT, OF(genesis), .help = "the federation's genesis document"},
    {"serial", "N", OPTION_NUMBER, OF(serial), 0, BODY_NUMBER_MAX, OF(has_serial),
     .help = "a number that tells it from others that say the same"},
    {"until", "EPOCH", OPTION_NUMBER, OF(until), 1, BODY_NUMBER_MAX,
     .help = "the last epoch in which it may be agreed on, at most 64 after the present one"},
    {"reason", "TEXT", OPTION_TEXT, OF(reason), .help = "why, for whoever reads the governance log"},
    {"epoch", "EPOCH", OPTION_NUMBER, OF(epoch), 0, BODY_NUMBER_MAX, OF(has_epoch),
     .help = "with apply: that proposed the genome; with rollback: whose incumbent is restored"},
    {"genome", "HASH", OPTION_TAKE, .take = take_genome, .help = "with apply: of the genome that is held"},
    {"set", "NAME=N", OPTION_TAKE, .take = take_setting, .help = "with policy: a setting; may be given more than once"},
    {"member", "NAME", OPTION_TEXT, OF(member), .help = "with quarantine and release"},
    {"of", "FILE", OPTION_TEXT, OF(of), .help = "with rotate-key and revoke-key: the public key that it is about"},
    {"next", "FILE", OPTION_TEXT, OF(next),
     .help = "with rotate-key: the governor's next public key, which signs, too"},
    {"from", "EPOCH", OPTION_NUMBER, OF(from), 1, BODY_NUMBER_MAX,
     .help = "with rotate-key and revoke-key: the first epoch in which it holds"},
    {"key", "FILE", OPTION_TEXT, OF(key), .help = "with sign: the governor's private key"},
    {"passphrase", "FILE", OPTION_TEXT, OF(passphrase), .help = "with sign: the file with that key's passphrase"},
    {"out", "FILE", OPTION_TEXT, OF(out), .help = "where to write it"},
};

static const struct option_table table = {
    .verb = "govern",
    .usage = "prismfed govern ACTION --genesis FILE --serial N --until EPOCH OPTION... --out FILE\n"
             "       prismfed govern sign --key FILE STATEMENT\n"
             "       prismfed govern inspect STATEMENT\n",
    .about =
        "Makes the statement that governors sign off: apply, policy, quarantine, release, rollback, halt, resume, "
        "rotate-key or revoke-key. Each governor signs the same file; any member's node brings it in, with prismfed "
        "node sign-off --change, and with enough signatures it takes effect.",
    .after = "Exit status: 0 done; 2 wrong usage or unusable input.",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};

static const char *const verbs[ACTION_COUNT] = {
    [ACTION_APPLY] = "apply",     [ACTION_POLICY] = "policy",         [ACTION_QUARANTINE] = "quarantine",
    [ACTION_RELEASE] = "release", [ACTION_ROLLBACK] = "rollback",     [ACTION_HALT] = "halt",
    [ACTION_RESUME] = "resume",   [ACTION_ROTATE_KEY] = "rotate-key", [ACTION_REVOKE_KEY] = "revoke-key",
};

/* ---- making one */

static bool sets_any(const struct settings *s)
{
    bool any = false;

    for (unsigned i = 0; i < SETTING_COUNT; i++)
        any = any || s->set[i];
    return any;
}

/* What the action needs and nobody said; NULL: nothing. */
static const char *missing(const struct arguments *a, enum action action)
{
    bool keyed = action == ACTION_ROTATE_KEY || action == ACTION_REVOKE_KEY;

    if (a->genesis == NULL || !a->has_serial || a->until == 0 || a->out == NULL)
        return "--genesis, --serial, --until or --out";
    if ((action == ACTION_APPLY || action == ACTION_ROLLBACK) && !a->has_epoch)
        return "--epoch EPOCH";
    if (action == ACTION_APPLY && !a->has_genome)
        return "--genome HASH";
    if (action == ACTION_POLICY && !sets_any(&a->settings))
        return "--set NAME=N";
    if ((action == ACTION_QUARANTINE || action == ACTION_RELEASE) && a->member == NULL)
        return "--member NAME";
    if (keyed && (a->of == NULL || a->from == 0))
        return "--of FILE or --from EPOCH";
    return action == ACTION_ROTATE_KEY && a->next == NULL ? "--next FILE" : NULL;
}

static enum err take_keys(const struct arguments *a, enum action action, struct sign_off *what, struct diag *diag)
{
    struct public_key old;
    enum err err = ERR_OK;

    if (action != ACTION_ROTATE_KEY && action != ACTION_REVOKE_KEY)
        return ERR_OK;
    err = key_file_read_public(a->of, NULL, &old, diag);
    if (err == ERR_OK)
        what->digest = key_fingerprint(&old);
    if (err == ERR_OK && action == ACTION_ROTATE_KEY)
        err = key_file_read_public(a->next, NULL, &what->key, diag);
    what->epoch = a->from;
    return err;
}

/* Read back, so that nobody signs what no node takes (a reason or a name that is too long). */
static enum err write_statement(const struct sign_off *what, const char *path, struct diag *diag)
{
    struct buf text = {0};
    struct sign_off read;
    struct dsse envelope;

    sign_off_encode(what, &text);
    enum err err = sign_off_decode(path, bytes_of_buf(&text), &read, diag);
    if (err == ERR_OK) {
        dsse_init(&envelope, DSSE_IN_TOTO, bytes_of_buf(&text));
        err = dsse_write(path, &envelope, diag);
        dsse_free(&envelope);
    }
    buf_free(&text);
    return err;
}

static enum err check_texts(const struct arguments *a, struct diag *diag)
{
    if (a->reason != NULL && (strlen(a->reason) > REASON_MAX || !text_is_plain(bytes_of_text(a->reason))))
        return diag_set(diag, ERR_SYNTAX, "--reason: at most %d bytes; " TEXT_NOT_PLAIN, (int)REASON_MAX);
    if (a->member != NULL && !name_valid(bytes_of_text(a->member), MEMBER_NAME_MAX))
        return diag_set(diag, ERR_SYNTAX, "--member: expected 1 to %d " NAME_ALPHABET, (int)MEMBER_NAME_MAX);
    return ERR_OK;
}

static enum err make(const struct arguments *a, enum action action, struct diag *diag)
{
    struct sign_off what = {.action = action, .serial = a->serial, .until = a->until};
    struct buf genesis = {0};
    enum err err = genesis_file_read(a->genesis, &genesis, &what.federation_id, diag);

    buf_free(&genesis);
    if (err == ERR_OK)
        err = check_texts(a, diag);
    if (err != ERR_OK)
        return err;
    snprintf(what.reason, sizeof what.reason, "%s", a->reason != NULL ? a->reason : "");
    if (action == ACTION_QUARANTINE || action == ACTION_RELEASE)
        snprintf(what.member, sizeof what.member, "%s", a->member);
    if (action == ACTION_APPLY)
        what.digest = a->genome;
    if (action == ACTION_POLICY)
        what.settings = a->settings;
    what.epoch = action == ACTION_APPLY || action == ACTION_ROLLBACK ? a->epoch : 0;
    err = take_keys(a, action, &what, diag);
    return err == ERR_OK ? write_statement(&what, a->out, diag) : err;
}

/* ---- signing and looking */

static enum err load(const char *path, struct dsse *envelope, struct sign_off *what, struct diag *diag)
{
    struct buf text = {0};
    enum err err = file_read(path, DSSE_SIZE_MAX, &text, diag);

    if (err == ERR_OK)
        err = dsse_parse(path, bytes_of_buf(&text), envelope, diag);
    if (err == ERR_OK)
        err = sign_off_decode(path, bytes_of_buf(&envelope->payload), what, diag);
    buf_free(&text);
    return err;
}

static enum err sign(const struct arguments *a, const char *path, struct dsse *envelope, struct diag *diag)
{
    struct secret_key key = {.b = {0}};
    enum err err = key_file_read_secret(a->key, a->passphrase, &key, diag);

    if (err == ERR_OK && dsse_sign(envelope, &key) != ERR_OK)
        err = diag_set(diag, ERR_LIMIT, "%s: it has %d signatures already", path, (int)DSSE_SIGNATURES_MAX);
    key_wipe(&key);
    return err == ERR_OK ? dsse_write(path, envelope, diag) : err;
}

static void inspect(const struct dsse *envelope)
{
    say(stdout, "%.*s\n", (int)envelope->payload.len, (const char *)envelope->payload.data);
    for (unsigned i = 0; i < envelope->count; i++) {
        char hex[2 * DIGEST_SIZE + 1];
        digest_hex(&envelope->signatures[i].keyid, hex);
        say(stdout, "signed by %s\n", hex);
    }
}

static int run_on(const struct arguments *a, const char *verb, const char *path)
{
    struct dsse envelope = {0};
    struct sign_off what;
    struct diag diag = {0};
    bool signs = strcmp(verb, "sign") == 0;

    if (!signs && strcmp(verb, "inspect") != 0)
        return command_misuse("govern", "\"%s\" takes no file", verb);
    if (signs && a->key == NULL)
        return command_misuse("govern", "sign needs --key FILE");
    enum err err = load(path, &envelope, &what, &diag);
    if (err == ERR_OK && signs)
        err = sign(a, path, &envelope, &diag);
    else if (err == ERR_OK)
        inspect(&envelope);
    dsse_free(&envelope);
    return err == ERR_OK ? EXIT_FINE : command_fail("govern", "%s", diag.text);
}

int command_govern(int argc, char **argv)
{
    struct arguments a = {0};
    struct diag diag = {0};
    unsigned action = 0;
    bool helped;
    int at, status = option_read(&table, argc, argv, &a, &at, &helped);

    if (status != EXIT_FINE || helped)
        return status;
    if (argc - at == 2)
        return run_on(&a, argv[at], argv[at + 1]);
    if (argc - at != 1)
        return command_misuse("govern", "which action? or sign or inspect, and a file");
    while (action < ACTION_COUNT && strcmp(argv[at], verbs[action]) != 0)
        action++;
    if (action == ACTION_COUNT)
        return command_misuse("govern", "\"%s\" is none of its actions", argv[at]);
    if (missing(&a, (enum action)action) != NULL)
        return command_misuse("govern", "%s is missing", missing(&a, (enum action)action));
    return make(&a, (enum action)action, &diag) == ERR_OK ? EXIT_FINE : command_fail("govern", "%s", diag.text);
}
