#include "node/contacts.h"

#include "base/file.h"
#include "crypto/key_file.h"
#include "node/log.h"
#include "node/protocol.h"

enum { PROGRAM_SIZE_MAX = 256 << 20 };

enum err contacts_read(const struct node_config *config, struct contacts *out, struct diag *diag)
{
    enum err err = ERR_OK;

    out->config = config;
    if (config->members != NULL)
        err = members_load(config->members, &out->addresses, diag);
    if (err == ERR_OK)
        err = key_file_read_secret(config->key, config->passphrase, &out->key, diag);
    if (err == ERR_OK && config->next_key != NULL)
        err = key_file_read_secret(config->next_key, config->passphrase, &out->next_key, diag);
    return err;
}

enum err contacts_guard(struct contacts *c, struct diag *diag)
{
    enum err err = ERR_OK;

    if (c->config->key_memory == NULL)
        return ERR_OK;
    err = key_memory_open(c->config->key_memory, &c->memory, diag);
    if (err != ERR_OK)
        return err;
    key_memory_guard(c->memory, &c->key);
    if (!digest_is_zero(&c->next_key.fingerprint))
        key_memory_guard(c->memory, &c->next_key);
    return ERR_OK;
}

void contacts_free(struct contacts *c)
{
    transport_free(c->transport);
    key_memory_close(c->memory);
    members_fini(&c->addresses);
    key_wipe(&c->key);
    key_wipe(&c->next_key);
    *c = (struct contacts){0};
}

/* ---- its keys */

bool contacts_take_next_key(struct contacts *c, const struct federation_state *s)
{
    if (digest_is_zero(&c->next_key.fingerprint) || state_find(s, &c->next_key.fingerprint) < 0)
        return false;
    key_wipe(&c->key);
    c->key = c->next_key;
    key_wipe(&c->next_key);
    c->shows_next_key = false;
    log_line(LOG_INFO, "rotated", "key=%s", c->config->next_key);
    return true;
}

void contacts_connected(struct contacts *c)
{
    c->refusals = 0;
}

/* They may have agreed on the rotation while this node was away: it must show the other key to hear of that. */
void contacts_refused(struct contacts *c, const struct digest *peer)
{
    if (peer == NULL || digest_is_zero(&c->next_key.fingerprint) || ++c->refusals < fed_state(c->fed)->member_count)
        return;
    c->refusals = 0;
    c->shows_next_key = !c->shows_next_key;
    loop_after(c->loop, &c->rekeyed);
}

/* ---- the members */

const char *contacts_name(const struct contacts *c, const struct digest *peer)
{
    int member = state_find(fed_state(c->fed), peer);

    return member >= 0 ? state_member(fed_state(c->fed), (unsigned)member)->card.name : "?";
}

/* The configuration says it, or else the list that came with the genesis document. */
static const char *address_of(const struct contacts *c, const char *name)
{
    const char *address = node_config_address(c->config, name);
    const struct members_row *row = address == NULL ? members_find(&c->addresses, name) : NULL;

    return row != NULL && row->address[0] != '\0' ? row->address : address;
}

/* Addresses are the configuration's, keys those of the log. */
void contacts_follow(struct contacts *c)
{
    const struct federation_state *s;

    if (c->transport == NULL)
        return;
    s = fed_state(c->fed);
    transport_protocol(c->transport, s->protocol);
    if (s->member_count == c->members && s->membership_epoch + 1 == c->membership)
        return;
    c->members = s->member_count;
    c->membership = s->membership_epoch + 1; /* 0: never told */
    if (contacts_take_next_key(c, s)) {
        loop_after(c->loop, &c->rekeyed); /* connections are not ended in the middle of a message */
        return;
    }
    for (unsigned i = 0; i < s->member_count; i++) {
        const struct member *m = state_member(s, i);
        const char *address = address_of(c, m->card.name);

        if (address != NULL && (int)i != fed_member(c->fed))
            transport_peer(c->transport, &m->fingerprint, address);
    }
    transport_members_changed(c->transport);
}

/* ---- the transport */

/* What this node runs, for its evidence: the bytes of the program. Zero where they cannot be read. */
static struct digest software_of_self(void)
{
    struct buf program = {0};
    struct digest d = {{0}};

    if (file_read("/proc/self/exe", PROGRAM_SIZE_MAX, &program, NULL) == ERR_OK)
        d = digest_of(bytes_of_buf(&program));
    buf_free(&program);
    return d;
}

static enum err open_transport(struct contacts *c, struct diag *diag)
{
    const struct transport_config config = {
        .loop = c->loop,
        .key = c->shows_next_key ? &c->next_key : &c->key,
        .listen = c->config->listen[0] != '\0' ? c->config->listen : NULL,
        .federation_id = c->federation_id,
        .software = software_of_self(),
        .protocols = protocol_names(),
        .actions = c->actions,
        .context = c->context,
    };

    return transport_new(&config, &c->transport, diag);
}

/* All connections anew, with the key that the others know now. */
static void rekey(void *context)
{
    struct contacts *c = context;
    struct diag diag = {0};
    enum err err;

    transport_free(c->transport);
    c->transport = NULL;
    err = open_transport(c, &diag);
    if (err != ERR_OK) {
        c->failed(c->context, err, &diag);
        return;
    }
    c->membership = 0;
    contacts_follow(c);
}

enum err contacts_open(struct contacts *c, struct loop *loop, const struct digest *federation_id, const struct fed *fed,
                       const struct transport_actions *actions,
                       void (*failed)(void *context, enum err err, const struct diag *diag), void *context,
                       struct diag *diag)
{
    c->loop = loop;
    c->federation_id = *federation_id;
    c->fed = fed;
    c->actions = actions;
    c->failed = failed;
    c->context = context;
    c->rekeyed = (struct loop_task){.run = rekey, .context = c};
    return open_transport(c, diag);
}
