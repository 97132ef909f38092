/* Addresses of nodes, read and written. */
#define _GNU_SOURCE

#include "node/quic_address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { HOST_MAX = 255 };

/* host without its brackets; port points into text. */
static bool split(const char *text, char host[HOST_MAX + 1], const char **port)
{
    const char *colon = strrchr(text, ':');
    size_t len = colon == NULL ? 0 : (size_t)(colon - text);

    if (len == 0 || colon[1] == '\0' || strspn(colon + 1, "0123456789") != strlen(colon + 1))
        return false;
    if (text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    } else if (memchr(text, ':', len) != NULL) {
        return false;
    }
    if (len == 0 || len > HOST_MAX)
        return false;
    memcpy(host, text, len);
    host[len] = '\0';
    *port = colon + 1;
    return true;
}

static enum err take_found(const char *text, int rv, struct addrinfo *found, union quic_address *out, struct diag *diag)
{
    if (rv != 0)
        return diag_set(diag, ERR_UNKNOWN, "%s: %s", text, gai_strerror(rv));
    *out = (union quic_address){0};
    memcpy(out, found->ai_addr, found->ai_addrlen <= sizeof *out ? found->ai_addrlen : sizeof *out);
    freeaddrinfo(found);
    return ERR_OK;
}

static enum err split_checked(const char *text, char host[HOST_MAX + 1], const char **port, struct diag *diag)
{
    if (!split(text, host, port) || strlen(*port) > 5 || atoi(*port) > 65535)
        return diag_set(diag, ERR_SYNTAX, "%s: an address is host:port, or [host]:port for IPv6", text);
    return ERR_OK;
}

static struct addrinfo hints_of(int family)
{
    return (struct addrinfo){.ai_family = family, .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICSERV | AI_V4MAPPED};
}

enum err quic_address_parse(const char *text, int family, union quic_address *out, struct diag *diag)
{
    const struct addrinfo hints = hints_of(family);
    struct addrinfo *found = NULL;
    char host[HOST_MAX + 1];
    const char *port = NULL;
    enum err err = split_checked(text, host, &port, diag);
    int rv;

    if (err != ERR_OK)
        return err;
    rv = getaddrinfo(host, port, &hints, &found);
    return take_found(text, rv, found, out, diag);
}

/* ---- beside the caller */

struct quic_lookup {
    struct gaicb request;
    struct addrinfo hints;
    char text[HOST_MAX + 16], host[HOST_MAX + 1]; /* the port points into text */
};

enum err quic_lookup_new(const char *text, int family, struct quic_lookup **out, struct diag *diag)
{
    struct quic_lookup *l = mem_alloc(sizeof *l);
    const char *port = NULL;
    enum err err;
    int rv;

    snprintf(l->text, sizeof l->text, "%s", text);
    l->hints = hints_of(family);
    err = split_checked(l->text, l->host, &port, diag);
    if (err == ERR_OK) {
        struct gaicb *list[] = {&l->request};

        l->request = (struct gaicb){.ar_name = l->host, .ar_service = port, .ar_request = &l->hints};
        rv = getaddrinfo_a(GAI_NOWAIT, list, 1, NULL);
        if (rv != 0)
            err = diag_set(diag, ERR_UNKNOWN, "%s: %s", text, gai_strerror(rv));
    }
    if (err != ERR_OK) {
        mem_free(l);
        return err;
    }
    *out = l;
    return ERR_OK;
}

enum err quic_lookup_ask(struct quic_lookup *l, union quic_address *out, struct diag *diag)
{
    int rv = gai_error(&l->request);
    struct addrinfo *found = l->request.ar_result;

    if (rv == EAI_INPROGRESS)
        return ERR_AGAIN;
    l->request.ar_result = NULL;
    return take_found(l->text, rv, found, out, diag);
}

void quic_lookup_free(struct quic_lookup *l)
{
    if (l == NULL)
        return;
    if (gai_cancel(&l->request) == EAI_NOTCANCELED) {
        const struct gaicb *list[] = {&l->request};

        while (gai_error(&l->request) == EAI_INPROGRESS)
            (void)gai_suspend(list, 1, NULL);
    }
    if (l->request.ar_result != NULL)
        freeaddrinfo(l->request.ar_result);
    mem_free(l);
}

socklen_t quic_address_size(const union quic_address *a)
{
    return a->any.sa_family == AF_INET6 ? sizeof a->ip6 : sizeof a->ip4;
}

bool quic_address_equal(const union quic_address *a, const union quic_address *b)
{
    if (a->any.sa_family != b->any.sa_family)
        return false;
    if (a->any.sa_family == AF_INET)
        return a->ip4.sin_port == b->ip4.sin_port && a->ip4.sin_addr.s_addr == b->ip4.sin_addr.s_addr;
    return a->ip6.sin6_port == b->ip6.sin6_port && a->ip6.sin6_scope_id == b->ip6.sin6_scope_id &&
           memcmp(&a->ip6.sin6_addr, &b->ip6.sin6_addr, sizeof a->ip6.sin6_addr) == 0;
}

bool quic_address_is_loopback(const union quic_address *a)
{
    if (a->any.sa_family == AF_INET)
        return ntohl(a->ip4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    return IN6_IS_ADDR_LOOPBACK(&a->ip6.sin6_addr) ||
           (IN6_IS_ADDR_V4MAPPED(&a->ip6.sin6_addr) && a->ip6.sin6_addr.s6_addr[12] == IN_LOOPBACKNET);
}

uint64_t quic_address_network(const union quic_address *a)
{
    uint32_t last;

    if (a->any.sa_family == AF_INET)
        return a->ip4.sin_addr.s_addr;
    if (!IN6_IS_ADDR_V4MAPPED(&a->ip6.sin6_addr))
        return be64_get(a->ip6.sin6_addr.s6_addr);
    memcpy(&last, a->ip6.sin6_addr.s6_addr + 12, sizeof last);
    return last;
}

void quic_address_text(const union quic_address *a, char out[QUIC_ADDRESS_TEXT])
{
    char host[INET6_ADDRSTRLEN] = "";

    if (a->any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &a->ip6.sin6_addr, host, sizeof host);
        snprintf(out, QUIC_ADDRESS_TEXT, "[%s]:%u", host, ntohs(a->ip6.sin6_port));
    } else {
        inet_ntop(AF_INET, &a->ip4.sin_addr, host, sizeof host);
        snprintf(out, QUIC_ADDRESS_TEXT, "%s:%u", host, ntohs(a->ip4.sin_port));
    }
}
