/* The folder of a federation on one machine: what stands in it, and what its nodes answer. */
#define _GNU_SOURCE

#include "node/net.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "codec/json_read.h"
#include "crypto/key_file.h"
#include "node/control.h"
#include "node/node.h"
#include "scenario/scenario.h"

enum { NET_SIZE_MAX = 16 << 20, ANSWER_MS = 2000 };

static char *path_of(const char *folder, const char *name, const char *file)
{
    struct buf path = {0};
    char *out;

    buf_printf(&path, "%s/%s%s%s", folder, name, file[0] != '\0' ? "/" : "", file);
    out = mem_alloc(path.len + 1);
    memcpy(out, buf_text(&path), path.len + 1);
    buf_free(&path);
    return out;
}

static enum err write_json(const char *path, json_t *json, struct diag *diag)
{
    struct buf text = {0};
    enum err err;

    json_render(json, &text);
    err = file_write(path, bytes_of_buf(&text), diag);
    buf_free(&text);
    json_decref(json);
    return err;
}

/* ---- making it */

/* Ports of the loopback that nobody has at the moment: they are all held until the last is known. */
static enum err ports_find(unsigned count, unsigned *ports, struct diag *diag)
{
    int *fds = mem_array(count, sizeof fds[0]);
    unsigned made = 0;
    bool ok = true;

    while (ok && made < count) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof address;
        int fd = fds[made] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        ok = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
             getsockname(fd, (struct sockaddr *)&address, &size) == 0;
        made += fd >= 0;
        if (ok)
            ports[made - 1] = ntohs(address.sin_port);
    }
    if (!ok)
        diag_set(diag, ERR_IO, "no port for node number %u: %s", made, strerror(errno));
    while (made > 0)
        close(fds[--made]);
    mem_free(fds);
    return ok ? ERR_OK : ERR_IO;
}

static json_t *address_json(unsigned port)
{
    char text[32];

    snprintf(text, sizeof text, "127.0.0.1:%u", port);
    return json_string(text);
}

static json_t *config_json(const struct net_options *o, const struct scenario *s, unsigned node, const char *scenario,
                           const unsigned *ports)
{
    json_t *out = json_object(), *peers = json_object();

    json_put(out, "scenario", json_string(scenario));
    json_put(out, "node", json_string(s->nodes[node].card.name));
    json_put(out, "genesis", json_string("../genesis.cbor"));
    json_put(out, "key", json_string("key.pem"));
    json_put(out, "store", json_string("store.sqlite"));
    json_put(out, "control", json_string("control"));
    json_put(out, "listen", address_json(ports[node]));
    for (unsigned i = 0; i < s->node_count; i++) {
        if (i != node)
            json_put(peers, s->nodes[i].card.name, address_json(ports[i]));
    }
    json_put(out, "peers", peers);
    if (o->trace)
        json_put(out, "trace", json_string("trace.cbor"));
    if (o->threads > 0)
        json_put(out, "threads", json_u64(o->threads));
    if (o->epochs > 0)
        json_put(out, "last_epoch", json_u64(s->epoch_start + o->epochs - 1));
    return out;
}

static enum err make_store(const char *path, struct diag *diag)
{
    struct node_config config;
    enum err err = node_config_load(path, &config, diag);

    if (err != ERR_OK)
        return err;
    err = node_create(&config, diag);
    node_config_fini(&config);
    return err;
}

static enum err make_node(const struct net_options *o, const struct scenario *s, unsigned node, const char *scenario,
                          const unsigned *ports, struct diag *diag)
{
    const char *name = s->nodes[node].card.name;
    char *folder = path_of(o->folder, name, ""), *key_path = path_of(o->folder, name, "key.pem"),
         *config = path_of(o->folder, name, "node.json");
    struct secret_key key;
    enum err err = file_make_folder(folder, diag);

    key_simulated(o->has_seed ? o->seed : s->seed, name, &key);
    if (err == ERR_OK)
        err = key_file_write(key_path, key.b, diag); /* RFC 8032: the secret key begins with its seed */
    if (err == ERR_OK)
        err = write_json(config, config_json(o, s, node, scenario, ports), diag);
    if (err == ERR_OK)
        err = make_store(config, diag);
    key_wipe(&key);
    mem_free(folder);
    mem_free(key_path);
    mem_free(config);
    return err;
}

static json_t *net_json(const struct net_options *o, const struct scenario *s, const char *scenario)
{
    json_t *out = json_object(), *nodes = json_array(), *later = json_array();

    json_put(out, "format", json_string("prismfed.net"));
    json_put(out, "scenario", json_string(scenario));
    json_put(out, "program", json_string(o->program));
    json_put(out, "seed", json_u64(o->has_seed ? o->seed : s->seed));
    json_put(out, "epochs", json_u64(o->epochs));
    json_put(out, "epoch_start", json_u64(s->epoch_start));
    for (unsigned i = 0; i < s->node_count; i++)
        json_push(nodes, json_string(s->nodes[i].card.name));
    for (unsigned i = 0; i < s->node_count; i++) {
        if (s->nodes[i].joins_later)
            json_push(later, json_string(s->nodes[i].card.name));
    }
    json_put(out, "nodes", nodes);
    json_put(out, "join_later", later);
    return out;
}

static enum err check_folder(const char *folder, struct diag *diag)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    bool empty = true;

    if (dir == NULL)
        return errno == ENOENT ? ERR_OK : diag_set(diag, ERR_IO, "%s: %s", folder, strerror(errno));
    while ((entry = readdir(dir)) != NULL)
        empty = empty && entry->d_name[0] == '.' && strspn(entry->d_name, ".") == strlen(entry->d_name);
    closedir(dir);
    return empty ? ERR_OK
                 : diag_set(diag, ERR_STATE,
                            "%s: not empty; name another folder, or remove it when nobody needs what it holds", folder);
}

static enum err make_all(const struct net_options *o, const struct scenario *s, const char *scenario, struct diag *diag)
{
    unsigned *ports = mem_array(s->node_count, sizeof ports[0]);
    char *genesis_path = path_of(o->folder, "genesis.cbor", ""), *net_path = path_of(o->folder, "net.json", "");
    struct buf genesis = {0};
    enum err err = scenario_genesis(s, o->has_seed ? o->seed : s->seed, &genesis, diag);

    if (err == ERR_OK)
        err = file_make_folder(o->folder, diag);
    if (err == ERR_OK)
        err = file_write(genesis_path, bytes_of_buf(&genesis), diag);
    if (err == ERR_OK)
        err = ports_find(s->node_count, ports, diag);
    for (unsigned i = 0; i < s->node_count && err == ERR_OK; i++)
        err = make_node(o, s, i, scenario, ports, diag);
    if (err == ERR_OK)
        err = write_json(net_path, net_json(o, s, scenario), diag); /* the last: then all is there */
    buf_free(&genesis);
    mem_free(ports);
    mem_free(genesis_path);
    mem_free(net_path);
    return err;
}

enum err net_make(const struct net_options *o, struct diag *diag)
{
    char *scenario = realpath(o->scenario, NULL);
    struct scenario s;
    enum err err;

    if (scenario == NULL)
        return diag_set(diag, ERR_IO, "%s: %s", o->scenario, strerror(errno));
    err = check_folder(o->folder, diag);
    if (err == ERR_OK)
        err = scenario_load(o->scenario, &s, diag);
    if (err == ERR_OK) {
        err = make_all(o, &s, scenario, diag);
        scenario_fini(&s);
    }
    free(scenario);
    return err;
}

/* ---- reading it */

static char *copy_of(const char *text)
{
    char *out = mem_alloc(strlen(text) + 1);

    memcpy(out, text, strlen(text) + 1);
    return out;
}

static bool has_text(const json_t *array, const char *text)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *other = json_string_value(json_array_get(array, i));

        if (other != NULL && strcmp(other, text) == 0)
            return true;
    }
    return false;
}

static void read_nodes(struct json_reader *r, const json_t *root, struct net *out)
{
    const json_t *nodes = json_object_get(root, "nodes");

    if (!json_is_array(nodes) || json_array_size(nodes) > SCENARIO_NODES_MAX) {
        read_fail(r, "nodes", ERR_TYPE, "expected the names of the nodes");
        return;
    }
    out->nodes = mem_array(json_array_size(nodes) + 1, sizeof out->nodes[0]);
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        const char *name = json_string_value(json_array_get(nodes, i));
        struct net_node *n = &out->nodes[out->node_count];

        if (name == NULL) {
            read_fail(r, "nodes", ERR_TYPE, "expected the names of the nodes");
            return;
        }
        out->node_count++;
        n->name = copy_of(name);
        n->config = path_of(out->folder, name, "node.json");
        n->control = path_of(out->folder, name, "control");
        n->log = path_of(out->folder, name, "log");
        n->joins_later = has_text(json_object_get(root, "join_later"), name);
    }
}

static void read_net(struct json_reader *r, const json_t *root, struct net *out)
{
    static const char *const known[] = {"format",      "scenario", "program",    "seed", "epochs",
                                        "epoch_start", "nodes",    "join_later", NULL};
    char scenario[PATH_MAX] = "", program[PATH_MAX] = "";
    uint64_t start = 1;

    read_keys(r, root, known);
    read_text(r, root, "scenario", scenario, sizeof scenario);
    read_text(r, root, "program", program, sizeof program);
    read_seed(r, root, "seed", &out->seed);
    read_u64(r, root, "epochs", 0, UINT32_MAX, &out->epochs);
    read_u64(r, root, "epoch_start", 1, UINT64_MAX / 2, &start);
    out->scenario = copy_of(scenario);
    out->program = copy_of(program);
    out->last_epoch = out->epochs > 0 ? start + out->epochs - 1 : UINT64_MAX;
    read_nodes(r, root, out);
}

enum err net_load(const char *folder, struct net *out, struct diag *diag)
{
    char *path = path_of(folder, "net.json", "");
    struct net net = {.folder = copy_of(folder)};
    struct json_doc doc;
    enum err err = json_doc_load(&doc, path, NET_SIZE_MAX, diag);

    if (err == ERR_OK) {
        struct json_reader r = {.doc = &doc, .diag = diag};

        if (json_is_object(doc.root))
            read_net(&r, doc.root, &net);
        else
            read_fail(&r, NULL, ERR_TYPE, "expected an object");
        err = r.err;
        buf_free(&r.pointer);
        json_doc_free(&doc);
    }
    mem_free(path);
    if (err == ERR_OK)
        *out = net;
    else
        net_fini(&net);
    return err;
}

void net_fini(struct net *net)
{
    for (unsigned i = 0; i < net->node_count; i++) {
        mem_free(net->nodes[i].name);
        mem_free(net->nodes[i].config);
        mem_free(net->nodes[i].control);
        mem_free(net->nodes[i].log);
    }
    mem_free(net->nodes);
    mem_free(net->scenario);
    mem_free(net->folder);
    mem_free(net->program);
    *net = (struct net){0};
}

/* ---- asking it */

json_t *net_ask(const struct net_node *node, const char *question)
{
    json_t *ask = json_object(), *answer = NULL;

    json_put(ask, "ask", json_string(question));
    if (control_ask(node->control, ask, ANSWER_MS, &answer, NULL) != ERR_OK)
        answer = NULL;
    json_decref(ask);
    return answer;
}

bool net_has_ended(const struct net *net, json_t **status)
{
    bool any = false, all = true;

    *status = json_array();
    for (unsigned i = 0; i < net->node_count; i++) {
        json_t *answer = net_ask(&net->nodes[i], "status");
        uint64_t epoch = (uint64_t)json_integer_value(json_object_get(answer, "epoch"));
        bool at_rest = answer != NULL && epoch > net->last_epoch &&
                       json_integer_value(json_object_get(answer, "writes_in_flight")) == 0;

        any |= at_rest;
        all &= at_rest || answer == NULL;
        json_push(*status, answer != NULL ? answer : json_null());
    }
    return any && all;
}
