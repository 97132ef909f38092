#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/option.h"
#include "cli/say.h"
#include "crypto/key_token.h"
#include "node/control.h"
#include "node/preflight.h"
#include "prismfed/simulation.h"

/* What somebody needs who is to find out, elsewhere, what is wrong with a node; and nothing that is secret. */

enum { ANSWER_MS = 5000, LOG_LINES = 2000, LOG_MAX = 256 << 20, GENESIS_MAX = 256 << 20 };

struct arguments {
    const char *config, *log;
};

static const struct option_row rows[] = {
    {"config", "FILE", OPTION_TEXT, offsetof(struct arguments, config), .help = "the node's configuration (node.json)"},
    {"log", "FILE", OPTION_TEXT, offsetof(struct arguments, log),
     .help = "the node's log, of which the last 2000 lines are taken along (journalctl -u UNIT > FILE writes one)"},
};

static const struct option_table table = {
    .verb = "bundle",
    .usage = "prismfed bundle --config FILE [--log FILE] OUT\n",
    .about =
        "Writes into the new file OUT (JSON) what a maintainer needs to find out what is wrong with a node: the "
        "program's version, the machine, the configuration, the files that it names with their sizes and modes, what "
        "prismfed preflight says, what the node tells if it runs, and the end of its log. It reads neither the key nor "
        "the passphrase into it, nor the plan, the store or anything of the site's work.",
    .after = "Exit status: 0 done; 2 wrong usage, an unusable configuration, or a file that cannot be read or written.",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
};

static json_t *machine(void)
{
    json_t *out = json_object();
    struct utsname name;
    struct timespec now = {0};

    clock_gettime(CLOCK_REALTIME, &now);
    json_put(out, "version", json_string(PRISMFED_VERSION));
    json_put(out, "time_s", json_u64((uint64_t)now.tv_sec)); /* since 1970 */
    json_put(out, "processors", json_u64((uint64_t)sysconf(_SC_NPROCESSORS_ONLN)));
    json_put(out, "memory_bytes", json_u64((uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE)));
    if (uname(&name) != 0)
        return out;
    json_put(out, "system", json_string(name.sysname));
    json_put(out, "kernel", json_string(name.release));
    json_put(out, "architecture", json_string(name.machine));
    return out;
}

/* A URI may have a PIN behind its question mark (RFC 7512 section 2.4). */
static json_t *without_pin(const char *path)
{
    bool is_uri = strncmp(path, KEY_TOKEN_SCHEME, strlen(KEY_TOKEN_SCHEME)) == 0;

    return json_stringn(path, is_uri ? strcspn(path, "?") : strlen(path));
}

static void add_file(json_t *files, const char *what, const char *path)
{
    json_t *row = json_object();
    struct stat st;
    char mode[8];

    json_put(files, what, row);
    json_put(row, "path", without_pin(path));
    if (strncmp(path, KEY_TOKEN_SCHEME, strlen(KEY_TOKEN_SCHEME)) == 0)
        return;
    bool is_there = lstat(path, &st) == 0;
    json_put(row, "is_there", json_boolean(is_there));
    if (!is_there)
        return;
    snprintf(mode, sizeof mode, "%04o", (unsigned)st.st_mode & 07777);
    json_put(row, "mode", json_string(mode));
    json_put(row, "owner", json_u64(st.st_uid));
    json_put(row, "bytes", json_u64((uint64_t)st.st_size));
}

static json_t *configuration(const struct node_config *c)
{
    json_t *out = json_object(), *files = json_object(), *peers = json_object();
    const struct {
        const char *what, *path;
    } named[] = {{"scenario", c->scenario}, {"genesis", c->genesis}, {"members", c->members},
                 {"key", c->key},           {"store", c->store},     {"passphrase", c->passphrase},
                 {"control", c->control},   {"trace", c->trace}};

    json_put(out, "node", json_string(c->node));
    json_put(out, "listen", json_string(c->listen));
    json_put(out, "http", json_string(c->http));
    json_put(out, "threads", json_u64(c->threads));
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        if (named[i].path != NULL)
            add_file(files, named[i].what, named[i].path);
    }
    json_put(out, "files", files);
    for (unsigned i = 0; i < c->peer_count; i++)
        json_put(peers, c->peers[i].name, json_string(c->peers[i].address));
    json_put(out, "peers", peers);
    return out;
}

static json_t *federation_id(const struct node_config *c)
{
    struct buf genesis = {0};
    json_t *out = json_null();

    if (file_read(c->genesis, GENESIS_MAX, &genesis, NULL) == ERR_OK) {
        struct digest id = digest_of(bytes_of_buf(&genesis));

        out = json_hex(digest_bytes(&id));
    }
    buf_free(&genesis);
    return out;
}

static void tell(void *context, const char *check, enum preflight_verdict verdict, const char *text)
{
    json_t *row = json_object();

    json_put(row, "check", json_string(check));
    json_put(row, "verdict", json_string(preflight_verdict_name(verdict)));
    json_put(row, "text", json_string(text));
    json_push(context, row);
}

/* What the node says, or why it does not. */
static json_t *asked(const struct node_config *c, const char *what)
{
    json_t *question = json_object(), *answer = NULL;
    struct diag diag = {0};

    json_put(question, "ask", json_string(what));
    if (c->control == NULL)
        diag_set(&diag, ERR_MISSING, "the configuration names no control socket");
    else if (control_ask(c->control, question, ANSWER_MS, &answer, &diag) == ERR_OK)
        diag.text[0] = '\0';
    json_decref(question);
    if (answer != NULL)
        return answer;
    answer = json_object();
    json_put(answer, "unanswered", json_string(diag.text));
    return answer;
}

/* Lines that are no UTF-8 are shown as text_escape() does. */
static enum err add_log(json_t *out, const char *path, struct diag *diag)
{
    struct buf text = {0};
    json_t *lines = json_array();
    size_t at, count = 0;
    enum err err = file_read(path, LOG_MAX, &text, diag);

    for (at = text.len; at > 0 && count <= LOG_LINES; at--)
        count += text.data[at - 1] == '\n';
    at += count > LOG_LINES ? 1 : 0;
    while (at < text.len) {
        const uint8_t *end = memchr(text.data + at, '\n', text.len - at);
        size_t n = (end != NULL ? (size_t)(end - text.data) : text.len) - at;
        struct buf line = {0};

        text_escape(bytes_of(text.data + at, n), &line);
        json_push(lines, json_string(buf_text(&line)));
        buf_free(&line);
        at += n + 1;
    }
    json_put(out, "log", lines);
    buf_free(&text);
    return err;
}

static enum err bundle(const struct node_config *c, const char *log, const char *path, struct diag *diag)
{
    json_t *out = json_object(), *checks = json_array();
    struct preflight_listener listener = {.tell = tell, .context = checks};
    struct buf text = {0};
    enum err err = ERR_OK;

    json_put(out, "format", json_string("prismfed.bundle"));
    json_put(out, "machine", machine());
    json_put(out, "federation_id", federation_id(c));
    json_put(out, "configuration", configuration(c));
    (void)preflight(c, &listener);
    json_put(out, "preflight", checks);
    json_put(out, "status", asked(c, "status"));
    json_put(out, "peers", asked(c, "peers"));
    if (log != NULL)
        err = add_log(out, log, diag);
    if (err == ERR_OK) {
        json_render(out, &text);
        err = file_write(path, bytes_of_buf(&text), diag);
    }
    json_decref(out);
    buf_free(&text);
    return err;
}

int command_bundle(int argc, char **argv)
{
    struct arguments a = {0};
    struct node_config config;
    struct diag diag = {0};
    struct stat st;
    bool helped;
    int operands, status = option_read(&table, argc, argv, &a, &operands, &helped);

    if (status != EXIT_FINE || helped)
        return status;
    if (a.config == NULL)
        return command_misuse("bundle", "which node? --config FILE");
    if (operands + 1 != argc)
        return command_misuse("bundle", "expected one new file to write");
    if (lstat(argv[operands], &st) == 0)
        return command_fail("bundle", "%s exists", argv[operands]);
    if (node_config_load(a.config, &config, &diag) != ERR_OK)
        return command_fail("bundle", "%s", diag.text);
    enum err err = bundle(&config, a.log, argv[operands], &diag);
    node_config_fini(&config);
    if (err != ERR_OK)
        return command_fail("bundle", "%s", diag.text);
    say(stdout, "%s: look through it before you give it away; it names machines and addresses\n", argv[operands]);
    return EXIT_FINE;
}
