#include "node/address.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

static enum err refuse(const char *text, struct diag *diag)
{
    return diag_set(diag, ERR_SYNTAX,
                    "\"%.*s\" is no address; expected HOST:PORT, such as 192.0.2.1:7100, node.example.org:7100 or "
                    "[2001:db8::1]:7100",
                    ADDRESS_MAX, text);
}

/* Digits, letters, dots and hyphens; between brackets also colons, and % before a zone (RFC 4007 section 11). */
static bool is_host(const char *host, bool in_brackets)
{
    for (const char *p = host; *p != '\0'; p++) {
        bool plain = (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');

        if (!plain && strchr(in_brackets ? ":.%" : ".-", *p) == NULL)
            return false;
    }
    return host[0] != '\0' && host[0] != '-' && host[0] != '.';
}

enum err address_parse(const char *text, struct address *out, struct diag *diag)
{
    bool in_brackets = text[0] == '[';
    const char *colon = strrchr(text, ':'), *host = in_brackets ? text + 1 : text;
    struct address a = {0};
    uint64_t port;

    if (colon == NULL || colon - text > ADDRESS_HOST_MAX || strlen(colon + 1) >= sizeof a.port)
        return refuse(text, diag);
    const char *end = in_brackets ? colon - 1 : colon;
    if (end < host || (in_brackets && *end != ']') || u64_parse(colon + 1, &port) != ERR_OK || port < 1 || port > 65535)
        return refuse(text, diag);
    memcpy(a.host, host, (size_t)(end - host));
    memcpy(a.port, colon + 1, strlen(colon + 1));
    if (!is_host(a.host, in_brackets))
        return refuse(text, diag);
    *out = a;
    return ERR_OK;
}

bool address_is_any(const struct address *a)
{
    return strcmp(a->host, "0.0.0.0") == 0 || strcmp(a->host, "::") == 0;
}
