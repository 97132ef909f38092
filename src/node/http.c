#include "node/http.h"

#include <errno.h>
#include <jansson.h>
#include <microhttpd.h>
#include <netdb.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/mutate.h"
#include "node/address.h"
#include "node/metrics.h"

/* libmicrohttpd waits with an epoll descriptor of its own, which the loop watches: all is done in the loop's thread, so
 * that what is told is of one moment. */

struct http {
    struct loop *loop;
    struct MHD_Daemon *daemon;
    struct loop_watch watch;
    struct loop_timer timer; /* it wants to be run then, whatever comes */
    const struct http_actions *actions;
    void *context;
};

/* ---- answers */

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status, const char *type, struct buf *body)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(body->len, body->data, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result;

    buf_free(body);
    if (response == NULL)
        return MHD_NO;
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result reply_text(struct MHD_Connection *connection, unsigned status, const char *text)
{
    struct buf body = {0};

    buf_add_text(&body, text);
    return reply(connection, status, "text/plain; charset=utf-8", &body);
}

static enum MHD_Result tell_metrics(const struct http *h, struct MHD_Connection *connection)
{
    struct buf body = {0};

    h->actions->metrics(h->context, &body);
    return reply(connection, MHD_HTTP_OK, METRICS_CONTENT_TYPE, &body);
}

static enum MHD_Result tell_ready(const struct http *h, struct MHD_Connection *connection)
{
    struct buf body = {0};
    bool ready = h->actions->ready(h->context, &body);

    if (ready)
        buf_add_text(&body, "ready\n");
    return reply(connection, ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", &body);
}

static enum MHD_Result tell_status(const struct http *h, struct MHD_Connection *connection)
{
    struct buf body = {0};
    json_t *status = h->actions->status(h->context);

    json_render(status, &body);
    json_decref(status);
    return reply(connection, MHD_HTTP_OK, "application/json", &body);
}

/* A page that somebody has open in a browser on this machine could name us by a domain of its own, whose address it
 * then changes to ours (DNS rebinding); but it cannot change what the browser puts into Host. */
static bool is_addressed(struct MHD_Connection *connection)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);

    if (host == NULL || MUTATE(HTTP_ANY_HOST, true, false)) /* HTTP/1.0 has none */
        return true;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t n = strlen(names[i]);

        if (strncmp(host, names[i], n) == 0 && (host[n] == '\0' || host[n] == ':'))
            return true;
    }
    return false;
}

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **memory)
{
    const struct http *h = context;

    (void)version;
    (void)upload;
    (void)upload_size;
    (void)memory;
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return reply_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "nothing can be told here; GET is what there is\n");
    if (!is_addressed(connection))
        return reply_text(connection, MHD_HTTP_FORBIDDEN, "the Host is none of this machine's own names\n");
    if (strcmp(url, "/metrics") == 0)
        return tell_metrics(h, connection);
    if (strcmp(url, "/livez") == 0)
        return reply_text(connection, MHD_HTTP_OK, "alive\n");
    if (strcmp(url, "/readyz") == 0)
        return tell_ready(h, connection);
    if (strcmp(url, "/status") == 0)
        return tell_status(h, connection);
    return reply_text(connection, MHD_HTTP_NOT_FOUND, "there are /metrics, /livez, /readyz and /status\n");
}

/* ---- in the loop */

static void run(struct http *h)
{
    MHD_UNSIGNED_LONG_LONG ms;

    (void)MHD_run(h->daemon);
    if (MHD_get_timeout(h->daemon, &ms) == MHD_YES)
        loop_timer_set(h->loop, &h->timer, loop_now(h->loop) + (int64_t)ms * 1000000);
    else
        loop_timer_stop(h->loop, &h->timer);
}

static void ready(void *context, uint32_t events)
{
    (void)events;
    run(context);
}

static void rings(void *context)
{
    run(context);
}

/* ---- where it listens */

static bool is_loopback(const struct sockaddr *a)
{
    const struct sockaddr_in *ip4 = (const struct sockaddr_in *)(const void *)a;
    const struct sockaddr_in6 *ip6 = (const struct sockaddr_in6 *)(const void *)a;

    if (a->sa_family == AF_INET)
        return ntohl(ip4->sin_addr.s_addr) >> 24 == 127;
    return a->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&ip6->sin6_addr);
}

static enum err listen_at(struct http *h, const struct addrinfo *at)
{
    unsigned flags = MHD_USE_EPOLL | (at->ai_family == AF_INET6 ? MHD_USE_IPv6 : 0);

    h->daemon = MHD_start_daemon(flags, 0, NULL, NULL, answer, h, MHD_OPTION_SOCK_ADDR, at->ai_addr,
                                 MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS_MAX,
                                 MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_S,
                                 MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_MEMORY_MAX, MHD_OPTION_END);
    if (h->daemon == NULL)
        return ERR_IO;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    h->watch = (struct loop_watch){ready, h, info->epoll_fd};
    return loop_watch(h->loop, &h->watch, EPOLLIN);
}

static enum err find_place(const char *text, struct addrinfo **out, struct diag *diag)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *found = NULL;
    struct address address;
    enum err err = address_parse(text, &address, diag);

    if (err != ERR_OK)
        return err;
    int why = getaddrinfo(address.host, address.port, &hints, &found);
    if (why != 0)
        return diag_set(diag, ERR_UNKNOWN, "%s: %s", text, gai_strerror(why));
    if (MUTATE(HTTP_ANY_ADDRESS, false, !is_loopback(found->ai_addr))) {
        freeaddrinfo(found);
        return diag_set(diag, ERR_RANGE,
                        "%s: expected an address of the loopback, such as 127.0.0.1: this is not for "
                        "other machines",
                        text);
    }
    *out = found;
    return ERR_OK;
}

enum err http_new(struct loop *loop, const char *address, const struct http_actions *actions, void *context,
                  struct http **out, struct diag *diag)
{
    struct addrinfo *at = NULL;
    enum err err = find_place(address, &at, diag);

    if (err != ERR_OK)
        return err;
    struct http *h = mem_alloc(sizeof *h);
    h->loop = loop;
    h->actions = actions;
    h->context = context;
    h->timer = (struct loop_timer){.rings = rings, .context = h};
    err = listen_at(h, at);
    freeaddrinfo(at);
    if (err != ERR_OK) {
        diag_set(diag, err, "%s: cannot listen there (%s)", address, strerror(errno));
        http_free(h);
        return err;
    }
    *out = h;
    return ERR_OK;
}

void http_free(struct http *h)
{
    if (h == NULL)
        return;
    loop_timer_stop(h->loop, &h->timer);
    if (h->daemon != NULL) {
        loop_unwatch(h->loop, &h->watch);
        MHD_stop_daemon(h->daemon);
    }
    mem_free(h);
}
