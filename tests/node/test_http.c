#include <arpa/inet.h>
#include <jansson.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

#include "node/http.h"
#include "tap.h"

/* A server in a process of its own, and what a client of any kind gets from it. */

static unsigned port;
static pid_t server;
static bool is_ready;

static void tell_metrics(void *context, struct buf *out)
{
    (void)context;
    buf_add_text(out, "prismfed_epoch 4\n");
}

/* The first time it is not. */
static bool tell_ready(void *context, struct buf *reasons)
{
    bool ready = is_ready;

    (void)context;
    if (!ready)
        buf_add_text(reasons, "no peer is connected\n");
    is_ready = true;
    return ready;
}

static json_t *tell_status(void *context)
{
    json_t *out = json_object();

    (void)context;
    json_put(out, "epoch", json_u64(4));
    return out;
}

static const struct http_actions actions = {tell_metrics, tell_ready, tell_status};

static void serve(void)
{
    struct loop *loop;
    struct http *http;
    struct diag diag = {0};
    char address[32];

    snprintf(address, sizeof address, "127.0.0.1:%u", port);
    if (loop_new(&loop, &diag) != ERR_OK || http_new(loop, address, &actions, NULL, &http, &diag) != ERR_OK)
        _exit(1);
    _exit(loop_run(loop, &diag) == ERR_OK ? 0 : 1);
}

static int dial(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct timeval wait = {.tv_sec = 5};
    int fd;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (unsigned i = 0; i < 200; i++) {
        fd = socket(AF_INET, SOCK_STREAM, 0);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
        if (connect(fd, (struct sockaddr *)&at, sizeof at) == 0)
            return fd;
        close(fd);
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    return -1;
}

/* The whole answer to these bytes. */
static void ask(const char *request, struct buf *out)
{
    char part[4096];
    ssize_t n;
    int fd = dial();

    if (!CHECK(fd >= 0))
        return;
    CHECK(write(fd, request, strlen(request)) == (ssize_t)strlen(request));
    while ((n = read(fd, part, sizeof part)) > 0)
        buf_add(out, part, (size_t)n);
    close(fd);
}

static void answers(const char *request, const char *status, const char *body)
{
    struct buf got = {0};

    ask(request, &got);
    if (!CHECK(strncmp(buf_text(&got), status, strlen(status)) == 0 && strstr(buf_text(&got), body) != NULL))
        tap_note("%s", buf_text(&got));
    buf_free(&got);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

static void tells_what_it_has(void)
{
    answers(GET("/livez"), "HTTP/1.1 200", "alive");
    answers(GET("/metrics"), "HTTP/1.1 200", "prismfed_epoch 4\n");
    answers(GET("/metrics"), "HTTP/1.1 200", "version=0.0.4");
    answers(GET("/status"), "HTTP/1.1 200", "\"epoch\": 4");
    answers("HEAD /livez HTTP/1.1\r\nHost: 127.0.0.1:1\r\nConnection: close\r\n\r\n", "HTTP/1.1 200", "");
}

static void unready_with_the_reasons(void)
{
    answers(GET("/readyz"), "HTTP/1.1 503", "\r\n\r\nno peer is connected\n");
    answers(GET("/readyz"), "HTTP/1.1 200", "\r\n\r\nready\n");
}

static void refuses_what_it_does_not_have(void)
{
    answers(GET("/"), "HTTP/1.1 404", "/readyz");
    answers(GET("/../etc/passwd"), "HTTP/1.1 404", "/readyz");
    answers("POST /livez HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "HTTP/1.1 405",
            "Allow: GET, HEAD");
    answers("GET /status HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", "HTTP/1.1 403", "Host");
}

/* Clients that say nothing take their own places only for a while, and none of ours. */
static void the_silent_and_the_many(void)
{
    int fds[HTTP_CONNECTIONS_MAX];
    struct buf got = {0};

    for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX / 2; i++)
        fds[i] = dial();
    answers(GET("/livez"), "HTTP/1.1 200", "alive");
    for (unsigned i = 0; i < HTTP_CONNECTIONS_MAX / 2; i++)
        close(fds[i]);
    ask("nonsense\r\n\r\n", &got); /* whether it is answered is the library's business */
    buf_free(&got);
    answers(GET("/livez"), "HTTP/1.1 200", "alive");
}

static void loopback_only(void)
{
    struct loop *loop;
    struct http *http;
    struct diag diag = {0};

    REQUIRE_OK(loop_new(&loop, &diag));
    CHECK_ERR(http_new(loop, "0.0.0.0:7190", &actions, NULL, &http, &diag), ERR_RANGE);
    CHECK(strstr(diag.text, "loopback") != NULL);
    CHECK_ERR(http_new(loop, "127.0.0.1", &actions, NULL, &http, &diag), ERR_SYNTAX);
    loop_free(loop);
}

int main(void)
{
    port = 20000 + (unsigned)getpid() % 40000;
    server = fork();
    if (server == 0)
        serve();
    TAP_RUN(tells_what_it_has);
    TAP_RUN(unready_with_the_reasons);
    TAP_RUN(refuses_what_it_does_not_have);
    TAP_RUN(the_silent_and_the_many);
    kill(server, SIGTERM);
    waitpid(server, NULL, 0);
    TAP_RUN(loopback_only);
    return tap_done();
}
