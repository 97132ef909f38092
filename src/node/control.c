/* One line in, one line out, then the connection ends. Who is slow or says too much is cut off. */
#define _GNU_SOURCE

#include "node/control.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct client {
    struct control *control; /* NULL: free */
    struct loop_watch watch;
    struct buf in, out;
    size_t sent;
    uint64_t awaits; /* this write, before the answer is said; 0: none */
};

struct control {
    struct loop *loop;
    const char *path;
    struct loop_watch watch;
    control_answer *answer;
    void *context;
    struct client clients[CONTROL_CLIENTS_MAX];
};

static enum err address_of(const char *path, struct sockaddr_un *out, struct diag *diag)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof out->sun_path)
        return diag_set(diag, ERR_LIMIT,
                        "%s: the path of a socket has at most %zu bytes (unix(7)); choose a shorter one", path,
                        sizeof out->sun_path - 1);
    memcpy(out->sun_path, path, strlen(path) + 1);
    return ERR_OK;
}

/* ---- the node's side */

static void client_close(struct client *c)
{
    loop_unwatch(c->control->loop, &c->watch);
    close(c->watch.fd);
    buf_free(&c->in);
    buf_free(&c->out);
    *c = (struct client){0};
}

static json_t *complaint(const char *text)
{
    json_t *out = json_object();

    json_put(out, "error", json_string(text));
    return out;
}

static void answer(struct client *c)
{
    struct diag diag = {0};
    struct json_doc doc;
    json_t *reply;

    if (json_doc_parse(&doc, "question", bytes_of_buf(&c->in), &diag) != ERR_OK) {
        reply = complaint(diag.text);
    } else {
        reply = json_is_object(doc.root) ? c->control->answer(c->control->context, doc.root, &c->awaits)
                                         : complaint("question: expected an object");
        json_doc_free(&doc);
    }
    json_line(reply, &c->out);
    buf_add_byte(&c->out, '\n');
    json_decref(reply);
}

/* False: the client is gone. */
static bool client_write(struct client *c)
{
    while (c->sent < c->out.len) {
        ssize_t n = send(c->watch.fd, c->out.data + c->sent, c->out.len - c->sent, MSG_NOSIGNAL);

        if (n < 0 && errno == EAGAIN)
            return loop_watch(c->control->loop, &c->watch, EPOLLOUT) == ERR_OK;
        if (n < 0)
            return false;
        c->sent += (size_t)n;
    }
    return false; /* all is said */
}

/* False: the client is gone, or has said all that it may. */
static bool client_read(struct client *c)
{
    uint8_t bytes[4096];
    ssize_t n = read(c->watch.fd, bytes, sizeof bytes);

    if (n < 0 && errno == EAGAIN)
        return true;
    if (n <= 0 || c->out.len > 0)
        return false; /* gone, or it goes on where one question is all */
    buf_add(&c->in, bytes, (size_t)n);
    if (memchr(bytes, '\n', (size_t)n) == NULL)
        return c->in.len <= CONTROL_LINE_MAX;
    answer(c);
    return c->awaits > 0 || client_write(c);
}

static void client_ready(void *context, uint32_t events)
{
    struct client *c = context;
    bool goes_on = (events & EPOLLOUT) != 0 ? client_write(c) : client_read(c);

    if (!goes_on)
        client_close(c);
}

static void accept_one(void *context, uint32_t events)
{
    struct control *control = context;
    struct client *c = NULL;
    int fd = accept4(control->watch.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    (void)events;
    if (fd < 0)
        return;
    for (unsigned i = 0; i < CONTROL_CLIENTS_MAX && c == NULL; i++)
        c = control->clients[i].control == NULL ? &control->clients[i] : NULL;
    if (c == NULL) {
        close(fd); /* they ask again */
        return;
    }
    *c = (struct client){.control = control, .watch = {client_ready, c, fd}};
    if (loop_watch(control->loop, &c->watch, EPOLLIN) != ERR_OK)
        client_close(c);
}

/* A node that was killed leaves its socket, to which nobody listens any more. */
static enum err path_clear(const char *path, const struct sockaddr_un *address, struct diag *diag)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool used = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) == 0;

    if (fd >= 0)
        close(fd);
    if (used)
        return diag_set(diag, ERR_STATE, "%s: another node listens there", path);
    return unlink(path) == 0 || errno == ENOENT ? ERR_OK : diag_set(diag, ERR_IO, "%s: %s", path, strerror(errno));
}

enum err control_new(struct loop *loop, const char *path, control_answer *answer_of, void *context,
                     struct control **out, struct diag *diag)
{
    struct sockaddr_un address;
    struct control *c;
    int fd;
    enum err err = address_of(path, &address, diag);

    if (err == ERR_OK)
        err = path_clear(path, &address, diag);
    if (err != ERR_OK)
        return err;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    /* nobody can connect before listen(), and by then the mode is right */
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || chmod(path, 0600) != 0 ||
        listen(fd, CONTROL_CLIENTS_MAX) != 0) {
        diag_set(diag, ERR_IO, "%s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return ERR_IO;
    }
    c = mem_alloc(sizeof *c);
    *c = (struct control){
        .loop = loop, .path = path, .watch = {accept_one, c, fd}, .answer = answer_of, .context = context};
    if (loop_watch(loop, &c->watch, EPOLLIN) != ERR_OK) {
        control_free(c);
        return diag_set(diag, ERR_IO, "%s: cannot be waited for", path);
    }
    *out = c;
    return ERR_OK;
}

void control_durable(struct control *control, uint64_t serial)
{
    for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        struct client *c = &control->clients[i];

        if (c->control == NULL || c->awaits == 0 || c->awaits > serial)
            continue;
        c->awaits = 0;
        if (!client_write(c))
            client_close(c);
    }
}

void control_free(struct control *c)
{
    if (c == NULL)
        return;
    for (unsigned i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        if (c->clients[i].control != NULL)
            client_close(&c->clients[i]);
    }
    loop_unwatch(c->loop, &c->watch);
    close(c->watch.fd);
    (void)unlink(c->path);
    mem_free(c);
}

/* ---- the operator's side */

static enum err exchange(int fd, struct bytes line, unsigned timeout_ms, struct buf *in)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    uint8_t bytes[4096];
    ssize_t n;

    if (send(fd, line.data, line.len, MSG_NOSIGNAL) != (ssize_t)line.len)
        return ERR_IO;
    do {
        if (poll(&poll_fd, 1, (int)timeout_ms) <= 0)
            return ERR_IO;
        n = read(fd, bytes, sizeof bytes);
        if (n > 0)
            buf_add(in, bytes, (size_t)n);
    } while (n > 0 && in->len <= CONTROL_LINE_MAX);
    return n == 0 ? ERR_OK : ERR_IO;
}

enum err control_ask(const char *path, const json_t *question, unsigned timeout_ms, json_t **out, struct diag *diag)
{
    struct buf line = {0}, in = {0};
    struct sockaddr_un address;
    struct json_doc doc;
    enum err err = address_of(path, &address, diag);
    int fd = err == ERR_OK ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;

    if (err != ERR_OK)
        return err;
    json_line(question, &line);
    buf_add_byte(&line, '\n');
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        err = diag_set(diag, ERR_IO, "%s: no node answers there: %s", path, strerror(errno));
    else if (exchange(fd, bytes_of_buf(&line), timeout_ms, &in) != ERR_OK)
        err = diag_set(diag, ERR_IO, "%s: the node does not answer within %u ms", path, timeout_ms);
    else
        err = json_doc_parse(&doc, path, bytes_of_buf(&in), diag);
    if (err == ERR_OK) {
        *out = json_incref(doc.root);
        json_doc_free(&doc);
    }
    if (fd >= 0)
        close(fd);
    buf_free(&line);
    buf_free(&in);
    return err;
}
