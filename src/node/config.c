#include "node/config.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/json_read.h"
#include "base/text.h"
#include "crypto/key_remote.h"
#include "crypto/key_token.h"
#include "sink/database.h"

static const char *const known[] = {"scenario", "node",       "genesis",    "key",        "store",
                                    "listen",   "peers",      "control",    "http",       "threads",
                                    "trace",    "members",    "last_epoch", "passphrase", "keep_blocks",
                                    "next_key", "key_memory", "log_format", "sink",       NULL};

enum { PATH_SIZE = 4096, THREADS_MAX = 256 };

/* Relative paths start at the folder of the file; a key may also be one in a token or of a signer, by its URI. */
static void read_path(struct json_reader *r, const json_t *object, const char *key, char **out)
{
    const char *slash = strrchr(r->doc->name, '/');
    struct buf path = {0};
    char text[PATH_SIZE] = "";

    read_text(r, object, key, text, sizeof text);
    if (text[0] == '\0')
        return;
    size_t scheme = strncmp(text, KEY_REMOTE_SCHEME, strlen(KEY_REMOTE_SCHEME)) == 0 ? strlen(KEY_REMOTE_SCHEME) : 0;
    buf_add(&path, text, scheme);
    if (slash != NULL && text[scheme] != '/' && strncmp(text, KEY_TOKEN_SCHEME, strlen(KEY_TOKEN_SCHEME)) != 0)
        buf_add(&path, r->doc->name, (size_t)(slash - r->doc->name) + 1);
    buf_add_text(&path, text + scheme);
    *out = mem_alloc(path.len + 1);
    memcpy(*out, buf_text(&path), path.len + 1);
    buf_free(&path);
}

/* A URL of a database; the path of sqlite:PATH is like the others. */
static void read_sink(struct json_reader *r, const json_t *object, char **out)
{
    const char *slash = strrchr(r->doc->name, '/');
    const size_t scheme = strlen(DATABASE_SQLITE);
    char text[PATH_SIZE] = "";
    struct buf url = {0};
    struct diag diag = {0};

    read_text(r, object, "sink", text, sizeof text);
    if (r->err != ERR_OK || text[0] == '\0')
        return;
    if (database_check(text, &diag) != ERR_OK) {
        read_fail(r, "sink", ERR_SYNTAX, "%s", diag.text);
        return;
    }
    if (slash != NULL && strncmp(text, DATABASE_SQLITE, scheme) == 0 && text[scheme] != '/')
        buf_printf(&url, DATABASE_SQLITE "%.*s%s", (int)(slash - r->doc->name) + 1, r->doc->name, text + scheme);
    else
        buf_add_text(&url, text);
    *out = text_copy(bytes_of_buf(&url));
    buf_free(&url);
}

static void read_needed_path(struct json_reader *r, const json_t *object, const char *key, char **out)
{
    read_require(r, object, key);
    read_path(r, object, key, out);
}

static void read_address(struct json_reader *r, const json_t *object, const char *key, char out[ADDRESS_MAX + 1])
{
    struct address address;
    struct diag diag = {0};

    read_text(r, object, key, out, ADDRESS_MAX + 1);
    if (r->err == ERR_OK && out[0] != '\0' && address_parse(out, &address, &diag) != ERR_OK)
        read_fail(r, key, ERR_SYNTAX, "%s", diag.text);
}

static int compare_peers(const void *a, const void *b)
{
    return strcmp(((const struct node_peer *)a)->name, ((const struct node_peer *)b)->name);
}

static int compare_name(const void *name, const void *peer)
{
    return strcmp(name, ((const struct node_peer *)peer)->name);
}

static void read_peers(struct json_reader *r, const json_t *root, struct node_config *out)
{
    size_t mark, count;
    const json_t *peers = read_enter_object(r, root, "peers", &mark);
    const char *name;
    json_t *value;

    if (peers == NULL)
        return;
    count = json_object_size(peers);
    if (count > NODE_PEERS_MAX)
        read_fail(r, NULL, ERR_LIMIT, "more than %d peers", (int)NODE_PEERS_MAX);
    else
        out->peers = mem_array(count + 1, sizeof out->peers[0]);
    for (void *at = json_object_iter((json_t *)(uintptr_t)peers); at != NULL && r->err == ERR_OK;
         at = json_object_iter_next((json_t *)(uintptr_t)peers, at)) {
        struct node_peer *peer = &out->peers[out->peer_count++];

        name = json_object_iter_key(at);
        value = json_object_iter_value(at);
        if (!json_is_string(value) || strlen(name) > MEMBER_NAME_MAX)
            read_fail(r, name, ERR_TYPE, "expected the name of a member and its HOST:PORT");
        else
            snprintf(peer->name, sizeof peer->name, "%s", name);
        read_address(r, peers, name, peer->address);
    }
    qsort(out->peers, out->peer_count, sizeof out->peers[0], compare_peers);
    read_leave(r, mark);
}

const char *node_config_address(const struct node_config *c, const char *name)
{
    const struct node_peer *found =
        c->peer_count > 0 ? bsearch(name, c->peers, c->peer_count, sizeof c->peers[0], compare_name) : NULL;

    return found != NULL ? found->address : NULL;
}

static void read_log_format(struct json_reader *r, const json_t *root, struct node_config *out)
{
    static const char *const names[] = {[LOG_LOGFMT] = "logfmt", [LOG_JSON] = "json", NULL};
    unsigned format = LOG_LOGFMT;

    read_choice(r, root, "log_format", names, &format);
    out->log_format = (enum log_format)format;
}

static void read_all(struct json_reader *r, const json_t *root, struct node_config *out)
{
    read_keys(r, root, known);
    read_needed_path(r, root, "scenario", &out->scenario);
    read_needed_path(r, root, "genesis", &out->genesis);
    read_needed_path(r, root, "key", &out->key);
    read_needed_path(r, root, "store", &out->store);
    read_path(r, root, "passphrase", &out->passphrase);
    read_path(r, root, "key_memory", &out->key_memory);
    read_path(r, root, "control", &out->control);
    read_path(r, root, "members", &out->members);
    read_path(r, root, "next_key", &out->next_key);
    read_path(r, root, "trace", &out->trace);
    read_sink(r, root, &out->sink);
    read_require(r, root, "node");
    read_name(r, root, "node", out->node, sizeof out->node);
    read_address(r, root, "listen", out->listen);
    read_address(r, root, "http", out->http);
    read_unsigned(r, root, "threads", 0, THREADS_MAX, &out->threads);
    read_u64(r, root, "last_epoch", 1, UINT64_MAX, &out->last_epoch);
    read_u64(r, root, "keep_blocks", 1, UINT32_MAX, &out->keep_blocks);
    read_log_format(r, root, out);
    read_peers(r, root, out);
}

enum err node_config_load(const char *path, struct node_config *out, struct diag *diag)
{
    struct node_config config = {.last_epoch = UINT64_MAX};
    struct json_doc doc;
    enum err err = json_doc_load(&doc, path, NODE_CONFIG_SIZE_MAX, diag);

    if (err != ERR_OK)
        return err;
    struct json_reader r = {.doc = &doc, .diag = diag};
    if (!json_is_object(doc.root))
        read_fail(&r, NULL, ERR_TYPE, "expected an object");
    else
        read_all(&r, doc.root, &config);
    err = r.err;
    buf_free(&r.pointer);
    json_doc_free(&doc);
    if (err == ERR_OK)
        *out = config;
    else
        node_config_fini(&config);
    return err;
}

void node_config_fini(struct node_config *c)
{
    mem_free(c->scenario);
    mem_free(c->genesis);
    mem_free(c->key);
    mem_free(c->store);
    mem_free(c->passphrase);
    mem_free(c->key_memory);
    mem_free(c->control);
    mem_free(c->members);
    mem_free(c->next_key);
    mem_free(c->trace);
    mem_free(c->sink);
    mem_free(c->peers);
    *c = (struct node_config){0};
}
