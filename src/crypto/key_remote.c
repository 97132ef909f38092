#define _GNU_SOURCE

#include "crypto/key_remote.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/select.h>
#include <sys/un.h>
#include <unistd.h>

/* The first byte of a frame. */
enum { ASK_KEY = 1, ASK_SIGN, SAYS_KEY, SAYS_SIGNATURE, SAYS_REFUSED };

enum { CLIENTS_MAX = 16, PAUSE_MS = 100, PATIENCE_MS = 2000 };

static enum err address_of(const char *path, struct sockaddr_un *out, struct diag *diag)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof out->sun_path)
        return diag_set(diag, ERR_LIMIT, "%s: the path of a socket has at most %zu bytes (unix(7))", path,
                        sizeof out->sun_path - 1);
    memcpy(out->sun_path, path, strlen(path) + 1);
    return ERR_OK;
}

/* ---- frames */

static bool write_all(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

static bool read_all(int fd, uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t n = read(fd, data, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

static bool frame_write(int fd, uint8_t what, struct bytes body)
{
    uint8_t head[5] = {(uint8_t)((body.len + 1) >> 24), (uint8_t)((body.len + 1) >> 16), (uint8_t)((body.len + 1) >> 8),
                       (uint8_t)(body.len + 1), what};

    return write_all(fd, head, sizeof head) && write_all(fd, body.data, body.len);
}

static bool frame_read(int fd, struct buf *out)
{
    uint8_t head[4];

    buf_clear(out);
    if (!read_all(fd, head, sizeof head))
        return false;
    size_t len = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
    if (len < 1 || len > KEY_REMOTE_FRAME_MAX)
        return false;
    buf_reserve(out, len);
    out->len = len;
    return read_all(fd, out->data, len);
}

static void set_patience(int fd, unsigned ms)
{
    struct timeval limit = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};

    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

/* ---- who asks */

struct key_remote {
    struct key_signer signer; /* first */
    char *path;
    pthread_mutex_t lock;
    int fd; /* -1: not connected */
};

static bool connected(struct key_remote *r)
{
    struct sockaddr_un address;

    if (r->fd >= 0)
        return true;
    if (address_of(r->path, &address, NULL) != ERR_OK)
        return false;
    r->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (r->fd < 0)
        return false;
    set_patience(r->fd, KEY_REMOTE_TIMEOUT_MS);
    if (connect(r->fd, (struct sockaddr *)&address, sizeof address) == 0)
        return true;
    close(r->fd);
    r->fd = -1;
    return false;
}

/* False: nobody has answered, for as long as the patience lasts. */
static bool exchange(struct key_remote *r, uint8_t what, struct bytes body, struct buf *answer)
{
    for (unsigned waited = 0; waited <= KEY_REMOTE_TIMEOUT_MS; waited += PAUSE_MS) {
        if (connected(r) && frame_write(r->fd, what, body) && frame_read(r->fd, answer))
            return true;
        if (r->fd >= 0)
            close(r->fd);
        r->fd = -1;
        (void)poll(NULL, 0, PAUSE_MS);
    }
    return false;
}

static void sign_or_end(const struct key_signer *self, struct bytes message, uint8_t signature[SIGNATURE_SIZE])
{
    struct key_remote *r = (struct key_remote *)(uintptr_t)self;
    struct buf answer = {0};

    pthread_mutex_lock(&r->lock);
    bool answered = exchange(r, ASK_SIGN, message, &answer);
    pthread_mutex_unlock(&r->lock);
    if (!answered || answer.data[0] != SAYS_SIGNATURE || answer.len != 1 + SIGNATURE_SIZE) {
        if (answered && answer.data[0] == SAYS_REFUSED)
            fprintf(stderr, "prismfed: the signer refuses: %.*s\n", (int)answer.len - 1, (const char *)answer.data + 1);
        else
            fprintf(stderr, "prismfed: %s: the signer does not answer\n", r->path);
        _exit(EXIT_FAILURE);
    }
    memcpy(signature, answer.data + 1, SIGNATURE_SIZE);
    buf_free(&answer);
}

/* Is what it signs this key's? */
static enum err try_out(struct key_remote *r, const struct public_key *public)
{
    static const char trial[] = "prismfed-signer-trial-v1";
    struct buf answer = {0};
    enum err err = ERR_KEY;

    if (exchange(r, ASK_SIGN, bytes_of_text(trial), &answer) && answer.len == 1 + SIGNATURE_SIZE &&
        answer.data[0] == SAYS_SIGNATURE)
        err = key_verify(public, bytes_of_text(trial), answer.data + 1);
    buf_free(&answer);
    return err;
}

enum err key_remote_open(const char *uri, struct secret_key *out, struct diag *diag)
{
    const char *path = uri + strlen(KEY_REMOTE_SCHEME);
    struct key_remote *r = mem_alloc(sizeof *r);
    struct secret_key key = {.signer = &r->signer};
    struct buf answer = {0};
    enum err err = ERR_OK;

    r->signer.sign = sign_or_end;
    r->fd = -1;
    r->path = mem_alloc(strlen(path) + 1);
    memcpy(r->path, path, strlen(path) + 1);
    pthread_mutex_init(&r->lock, NULL);
    if (!exchange(r, ASK_KEY, bytes_of(NULL, 0), &answer))
        err = diag_set(diag, ERR_IO, "%s: no signer answers there (prismfed signer run)", path);
    else if (answer.len != 1 + KEY_PUBLIC_SIZE || answer.data[0] != SAYS_KEY)
        err = diag_set(diag, ERR_KEY, "%s: this is no signer", path);
    if (err == ERR_OK) {
        memcpy(key.public.b, answer.data + 1, KEY_PUBLIC_SIZE);
        if (key_check(&key.public) != ERR_OK || try_out(r, &key.public) != ERR_OK)
            err = diag_set(diag, ERR_KEY, "%s: what this signer signs does not verify", path);
    }
    buf_free(&answer);
    if (err != ERR_OK) {
        if (r->fd >= 0)
            close(r->fd);
        pthread_mutex_destroy(&r->lock);
        mem_free(r->path);
        mem_free(r);
        return err;
    }
    key.fingerprint = key_fingerprint(&key.public);
    *out = key; /* copies share r until the process ends */
    return ERR_OK;
}

/* ---- who signs */

/* False: the client has gone, or talks nonsense. */
static bool answer_one(int fd, const struct secret_key *key, struct key_memory *memory, void (*says)(const char *text))
{
    uint8_t signature[SIGNATURE_SIZE];
    struct diag diag = {0};
    struct buf frame = {0};
    bool goes_on = frame_read(fd, &frame);

    if (goes_on && frame.data[0] == ASK_KEY) {
        goes_on = frame_write(fd, SAYS_KEY, bytes_of(key->public.b, KEY_PUBLIC_SIZE));
    } else if (goes_on && frame.data[0] == ASK_SIGN) {
        struct bytes message = bytes_of(frame.data + 1, frame.len - 1);

        if (key_memory_admit(memory, message, &diag) != ERR_OK) {
            says(diag.text);
            goes_on = frame_write(fd, SAYS_REFUSED, bytes_of_text(diag.text));
        } else {
            key_sign(key, message, signature);
            goes_on = frame_write(fd, SAYS_SIGNATURE, bytes_of(signature, sizeof signature));
        }
    } else {
        goes_on = false;
    }
    buf_free(&frame);
    return goes_on;
}

static enum err listen_at(const char *path, int *out, struct diag *diag)
{
    struct sockaddr_un address;
    enum err err = address_of(path, &address, diag);
    int fd = err == ERR_OK ? socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;

    if (err != ERR_OK)
        return err;
    (void)unlink(path); /* of one that was killed: the lock of the memory says that there is no other */
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || chmod(path, 0660) != 0 ||
        listen(fd, CLIENTS_MAX) != 0) {
        diag_set(diag, ERR_IO, "%s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return ERR_IO;
    }
    *out = fd;
    return ERR_OK;
}

static void accept_one(struct pollfd *fds, unsigned *count)
{
    int fd = accept4(fds[0].fd, NULL, NULL, SOCK_CLOEXEC);

    if (fd < 0)
        return;
    if (*count > CLIENTS_MAX) {
        close(fd);
        return;
    }
    set_patience(fd, PATIENCE_MS);
    fds[(*count)++] = (struct pollfd){.fd = fd, .events = POLLIN};
}

enum err key_remote_serve(const char *path, const struct secret_key *key, struct key_memory *memory,
                          const volatile int *stop, void (*says)(const char *text), struct diag *diag)
{
    struct pollfd fds[1 + CLIENTS_MAX] = {{.fd = -1, .events = POLLIN}};
    unsigned count = 1;
    enum err err = listen_at(path, &fds[0].fd, diag);

    if (err != ERR_OK)
        return err;
    while (!*stop) {
        if (poll(fds, count, PAUSE_MS) <= 0)
            continue;
        if (fds[0].revents != 0)
            accept_one(fds, &count);
        for (unsigned i = count - 1; i >= 1; i--) {
            if (fds[i].revents == 0 || answer_one(fds[i].fd, key, memory, says))
                continue;
            close(fds[i].fd);
            fds[i] = fds[--count];
        }
    }
    for (unsigned i = 0; i < count; i++)
        close(fds[i].fd);
    (void)unlink(path);
    return ERR_OK;
}
