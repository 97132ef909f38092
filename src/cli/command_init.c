#define _GNU_SOURCE /* realpath, also where the C library is not fortified */

#include <jansson.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/key_new.h"
#include "cli/option.h"
#include "cli/say.h"
#include "cli/spoken.h"
#include "cli/unit_file.h"
#include "crypto/key_file.h"
#include "crypto/key_token.h"
#include "node/request.h"
#include "scenario/scenario.h"

/* What a site does first: a key that never leaves the machine, a request to the others, and what its node runs with. */

struct arguments {
    const char *plan, *node, *listen, *address, *http, *key, *passphrase_file;
    bool json;
};

static const struct option_row rows[] = {
    {"plan", "FILE", OPTION_TEXT, offsetof(struct arguments, plan),
     .help = "the plan that all sites were given: a scenario file"},
    {"node", "NAME", OPTION_TEXT, offsetof(struct arguments, node), .help = "which of the plan's nodes this is"},
    {"listen", "HOST:PORT", OPTION_TEXT, offsetof(struct arguments, listen),
     .help = "where it listens (UDP); a validator must, an edge node without it only dials"},
    {"address", "HOST:PORT", OPTION_TEXT, offsetof(struct arguments, address),
     .help = "where the others dial it, when that differs (NAT, or a listening HOST of 0.0.0.0)"},
    {"http", "HOST:PORT", OPTION_TEXT, offsetof(struct arguments, http),
     .help = "where its metrics and health are served, on this machine only (127.0.0.1:7190)"},
    {"key", "KEY", OPTION_TEXT, offsetof(struct arguments, key),
     .help = "take this private key in place of a new one: a file, or a key in a token by its URI (pkcs11:...)"},
    {"passphrase-file", "FILE", OPTION_TEXT, offsetof(struct arguments, passphrase_file),
     .help =
         "the key is under the passphrase (the token's PIN) in the first line of this file, which the node reads when "
         "it starts"},
    {"format", "FORMAT", OPTION_FORMAT, offsetof(struct arguments, json),
     .help = "text (the default), or json for a program"},
};

static const struct option_table table = {
    .verb = "init",
    .usage = "prismfed init --plan FILE --node NAME [OPTION...] DIR\n",
    .about =
        "Makes in DIR what a node of a real federation starts from: its private key (NAME.key, mode 0600, which never "
        "leaves the machine), the request with which it becomes a founder (NAME.request.json, signed by that key), "
        "its configuration (node.json) and a systemd unit (prismfed-NAME.service). Nothing that exists is changed.",
    .after = "Send the request to whoever runs prismfed admit, and read the fingerprint to them by voice. Put the "
             "genesis.cbor and the members.json that come back into DIR, run prismfed preflight, and make the store "
             "with prismfed node create before the first start.\n"
             "Exit status: 0 done; 2 wrong usage, an unusable plan, or a file that exists or cannot be written.",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};

enum made { MADE_KEY, MADE_REQUEST, MADE_CONFIG, MADE_UNIT, MADE_COUNT };

struct site {
    const struct arguments *arguments;
    struct scenario plan;
    unsigned node;
    char folder[PATH_MAX], plan_path[PATH_MAX], program[PATH_MAX], passphrase[PATH_MAX]; /* absolute */
    char key_path[PATH_MAX];      /* of a key that was there before, or its URI; "": one is made */
    struct buf paths[MADE_COUNT]; /* owned */
    struct request request;
    struct secret_key key;
};

static const char *path_of(struct site *s, enum made made)
{
    return buf_text(&s->paths[made]);
}

/* ---- what is asked for */

static enum err check_addresses(struct site *s, struct diag *diag)
{
    const struct arguments *a = s->arguments;
    const char *told = a->address != NULL ? a->address : a->listen;
    const char *name = s->plan.nodes[s->node].card.name;
    struct address listen = {0}, dialled = {0}, http = {0};
    enum err err = ERR_OK;

    if (a->listen != NULL && (err = address_parse(a->listen, &listen, diag)) != ERR_OK)
        return diag_prefix(diag, err, "--listen");
    if (a->address != NULL && (err = address_parse(a->address, &dialled, diag)) != ERR_OK)
        return diag_prefix(diag, err, "--address");
    if ((err = address_parse(a->http, &http, diag)) != ERR_OK)
        return diag_prefix(diag, err, "--http");
    if (strcmp(http.host, "127.0.0.1") != 0 && strcmp(http.host, "::1") != 0 && strcmp(http.host, "localhost") != 0)
        return diag_set(diag, ERR_RANGE,
                        "--http: expected 127.0.0.1, ::1 or localhost, not \"%s\": it is not for "
                        "other machines",
                        http.host);
    if (a->listen == NULL && a->address != NULL)
        return diag_set(diag, ERR_MISSING, "--address needs --listen: who is dialled listens somewhere");
    if (a->listen == NULL && s->plan.nodes[s->node].card.role == ROLE_CORE)
        return diag_set(diag, ERR_MISSING,
                        "\"%s\" is a validator, which the others dial; --listen HOST:PORT is missing", name);
    if (told == NULL)
        return ERR_OK;
    if (address_is_any(a->address != NULL ? &dialled : &listen))
        return diag_set(diag, ERR_RANGE, "nobody can dial %s; --address HOST:PORT says where the others find it", told);
    snprintf(s->request.address, sizeof s->request.address, "%s", told);
    return ERR_OK;
}

static enum err make_card(struct site *s, struct diag *diag)
{
    const char *name = s->arguments->node;
    int node = scenario_find_node(&s->plan, name);

    if (node < 0)
        return diag_set(diag, ERR_UNKNOWN, "%s: the plan has no node \"%s\"", s->arguments->plan, name);
    s->node = (unsigned)node;
    snprintf(s->request.federation, sizeof s->request.federation, "%s", s->plan.name);
    enum err err = scenario_blank_card(&s->plan, s->node, &s->request.card, diag);
    if (err == ERR_OK)
        err = scenario_terms(&s->plan, &s->request.terms, diag);
    return err == ERR_OK ? check_addresses(s, diag) : err;
}

/* ---- where it goes */

static enum err find_path(const char *path, char out[PATH_MAX], struct diag *diag)
{
    return realpath(path, out) != NULL ? ERR_OK : diag_set(diag, ERR_IO, "%s: cannot be found", path);
}

static bool is_uri(const char *key)
{
    return strncmp(key, KEY_TOKEN_SCHEME, strlen(KEY_TOKEN_SCHEME)) == 0;
}

/* All that must be there before anything is made. */
static enum err find_paths(struct site *s, struct diag *diag)
{
    const char *passphrase = s->arguments->passphrase_file, *key = s->arguments->key;
    struct buf words = {0};
    enum err err = find_path(s->arguments->plan, s->plan_path, diag);

    if (err == ERR_OK)
        err = find_path("/proc/self/exe", s->program, diag);
    if (err == ERR_OK && passphrase != NULL)
        err = find_path(passphrase, s->passphrase, diag);
    if (err == ERR_OK && passphrase != NULL)
        err = key_file_passphrase(passphrase, &words, diag);
    key_file_wipe(&words);
    if (err == ERR_OK && key != NULL)
        err = key_file_read_secret(key, passphrase, &s->key, diag);
    if (err == ERR_OK && key != NULL && is_uri(key))
        snprintf(s->key_path, sizeof s->key_path, "%s", key);
    else if (err == ERR_OK && key != NULL)
        err = find_path(key, s->key_path, diag);
    return err;
}

/* Whoever else is on this machine has no business in a folder that is made for a key. */
static enum err make_folder(struct site *s, const char *folder, struct diag *diag)
{
    struct stat st;
    bool is_new = stat(folder, &st) != 0;
    enum err err = file_make_folder(folder, diag);

    if (err == ERR_OK && (realpath(folder, s->folder) == NULL || (is_new && chmod(s->folder, 0700) != 0)))
        err = diag_set(diag, ERR_IO, "%s: the folder cannot be used", folder);
    return err;
}

/* A key that was there stays as it is. */
static enum made first_made(const struct site *s)
{
    return s->key_path[0] != '\0' ? MADE_REQUEST : MADE_KEY;
}

static enum err name_files(struct site *s, struct diag *diag)
{
    const char *name = s->request.card.name;
    struct stat st;

    if (s->key_path[0] != '\0')
        buf_add_text(&s->paths[MADE_KEY], s->key_path);
    else
        buf_printf(&s->paths[MADE_KEY], "%s/%s.key", s->folder, name);
    buf_printf(&s->paths[MADE_REQUEST], "%s/%s.request.json", s->folder, name);
    buf_printf(&s->paths[MADE_CONFIG], "%s/node.json", s->folder);
    buf_printf(&s->paths[MADE_UNIT], "%s/prismfed-%s.service", s->folder, name);
    for (enum made i = first_made(s); i < MADE_COUNT; i++) {
        if (lstat(path_of(s, i), &st) == 0)
            return diag_set(diag, ERR_STATE,
                            "%s exists; take another folder, or move away what an earlier init has "
                            "made",
                            path_of(s, i));
    }
    return ERR_OK;
}

/* ---- the files */

/* A plan in the same folder moves with it. */
static const char *plan_of_config(const struct site *s)
{
    size_t n = strlen(s->folder);
    bool beside = strncmp(s->plan_path, s->folder, n) == 0 && s->plan_path[n] == '/';

    return beside ? s->plan_path + n + 1 : s->plan_path;
}

static void render_config(struct site *s, struct buf *out)
{
    json_t *config = json_object();
    struct buf key = {0};

    buf_printf(&key, "%s.key", s->request.card.name);
    json_put(config, "scenario", json_string(plan_of_config(s)));
    json_put(config, "node", json_string(s->request.card.name));
    json_put(config, "genesis", json_string("genesis.cbor"));
    json_put(config, "members", json_string("members.json"));
    json_put(config, "key", json_string(s->key_path[0] != '\0' ? s->key_path : buf_text(&key)));
    if (s->passphrase[0] != '\0')
        json_put(config, "passphrase", json_string(s->passphrase));
    json_put(config, "store", json_string("store.sqlite"));
    if (s->arguments->listen != NULL)
        json_put(config, "listen", json_string(s->arguments->listen));
    json_put(config, "control", json_string("control.sock"));
    json_put(config, "http", json_string(s->arguments->http));
    json_render(config, out);
    json_decref(config);
    buf_free(&key);
}

static enum err render_unit(struct site *s, struct buf *out, struct diag *diag)
{
    const struct passwd *user = getpwuid(geteuid());
    struct unit_file unit = {
        .federation = s->plan.name,
        .node = s->request.card.name,
        .program = s->program,
        .folder = s->folder,
        .user = user != NULL ? user->pw_name : "prismfed",
        .programs = s->plan.space != NULL,
    };

    return unit_file_print(&unit, out, diag);
}

static void render_request(struct site *s, struct buf *out)
{
    struct buf is_signed = {0};

    request_sign(&s->request, &s->key, &is_signed);
    request_render(bytes_of_buf(&is_signed), out);
    buf_free(&is_signed);
}

/* The key is there. */
static enum err write_others(struct site *s, struct diag *diag)
{
    struct buf texts[MADE_COUNT] = {{0}};
    enum err err = render_unit(s, &texts[MADE_UNIT], diag);

    render_request(s, &texts[MADE_REQUEST]);
    render_config(s, &texts[MADE_CONFIG]);
    for (enum made i = MADE_REQUEST; i < MADE_COUNT && err == ERR_OK; i++)
        err = file_write(path_of(s, i), bytes_of_buf(&texts[i]), diag);
    for (enum made i = 0; i < MADE_COUNT; i++)
        buf_free(&texts[i]);
    return err;
}

static int make_files(struct site *s)
{
    struct diag diag = {0};
    int status = EXIT_FINE;

    if (first_made(s) == MADE_KEY)
        status = key_new("init", path_of(s, MADE_KEY), s->arguments->passphrase_file, &s->key);
    if (status != EXIT_FINE)
        return status;
    if (write_others(s, &diag) == ERR_OK)
        return EXIT_FINE;
    for (enum made i = first_made(s); i < MADE_COUNT; i++)
        (void)unlink(path_of(s, i));
    return command_fail("init", "%s", diag.text);
}

/* ---- what is said */

static void tell_json(struct site *s)
{
    static const char *const names[MADE_COUNT] = {"key", "request", "config", "unit"};
    json_t *out = json_object(), *files = json_object();
    struct buf text = {0};

    json_put(out, "federation", json_string(s->plan.name));
    json_put(out, "node", json_string(s->request.card.name));
    json_put(out, "fingerprint", json_hex(digest_bytes(&s->key.fingerprint)));
    for (enum made i = 0; i < MADE_COUNT; i++)
        json_put(files, names[i], json_string(path_of(s, i)));
    json_put(out, "files", files);
    json_line(out, &text);
    puts(buf_text(&text));
    buf_free(&text);
    json_decref(out);
}

static void tell_text(struct site *s)
{
    struct buf spoken = {0};

    spoken_fingerprint(&s->key.fingerprint, &spoken);
    say(stdout, "key          %s (stays on this machine)\n", path_of(s, MADE_KEY));
    say(stdout, "request      %s (goes to whoever runs prismfed admit)\n", path_of(s, MADE_REQUEST));
    say(stdout, "config       %s\n", path_of(s, MADE_CONFIG));
    say(stdout, "unit         %s (systemctl enable --now starts it, with the machine)\n", path_of(s, MADE_UNIT));
    say(stdout, "fingerprint  %s\n", buf_text(&spoken));
    buf_free(&spoken);
}

static int init(struct site *s, const char *folder)
{
    struct diag diag = {0};
    enum err err = make_card(s, &diag);

    if (err == ERR_OK)
        err = find_paths(s, &diag);
    if (err == ERR_OK)
        err = make_folder(s, folder, &diag);
    if (err == ERR_OK)
        err = name_files(s, &diag);
    if (err != ERR_OK)
        return command_fail("init", "%s", diag.text);
    int status = make_files(s);
    if (status == EXIT_FINE && s->arguments->json)
        tell_json(s);
    else if (status == EXIT_FINE)
        tell_text(s);
    return status;
}

int command_init(int argc, char **argv)
{
    struct arguments a = {.http = "127.0.0.1:7190"};
    struct diag diag = {0};
    bool helped;
    int operands, status = option_read(&table, argc, argv, &a, &operands, &helped);

    if (status != EXIT_FINE || helped)
        return status;
    if (a.plan == NULL || a.node == NULL)
        return command_misuse("init", a.plan == NULL ? "which plan? --plan FILE" : "which of its nodes? --node NAME");
    if (operands + 1 != argc)
        return command_misuse("init", "expected one folder");
    struct site *s = mem_alloc(sizeof *s);
    s->arguments = &a;
    if (scenario_load(a.plan, &s->plan, &diag) != ERR_OK) {
        mem_free(s);
        return command_fail("init", "%s", diag.text);
    }
    status = init(s, argv[operands]);
    for (enum made i = 0; i < MADE_COUNT; i++)
        buf_free(&s->paths[i]);
    key_wipe(&s->key);
    scenario_fini(&s->plan);
    mem_free(s);
    return status;
}
