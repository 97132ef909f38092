/* What a node, or its operator, asks of others over HTTP. */
#include "node/http_post.h"

#include <curl/curl.h>

struct taking {
    struct buf *answer;
    bool too_large;
};

static size_t take(char *data, size_t size, size_t count, void *context)
{
    struct taking *t = context;

    t->too_large = t->too_large || count * size > HTTP_POST_ANSWER_MAX - t->answer->len;
    if (t->too_large)
        return 0;
    buf_add(t->answer, data, count * size);
    return count * size;
}

static void set_up(CURL *curl, const char *url, const struct curl_slist *headers, struct bytes body, struct taking *t)
{
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, (const char *)body.data);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)HTTP_POST_WAIT_S);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
}

enum err http_post(const char *url, const char *content_type, struct bytes body, long *status, struct buf *answer,
                   struct diag *diag)
{
    struct buf header = {0};
    struct taking taking = {.answer = answer};
    struct curl_slist *headers;
    CURLcode code;
    CURL *curl;

    curl_global_init(CURL_GLOBAL_DEFAULT);
    curl = curl_easy_init();
    ASSERT(curl != NULL);
    buf_printf(&header, "Content-Type: %s", content_type);
    headers = curl_slist_append(NULL, buf_text(&header));
    set_up(curl, url, headers, body, &taking);
    code = curl_easy_perform(curl);
    if (code == CURLE_OK)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    buf_free(&header);
    if (taking.too_large)
        return diag_set(diag, ERR_LIMIT, "%s: the answer is larger than %d bytes", url, (int)HTTP_POST_ANSWER_MAX);
    return code == CURLE_OK ? ERR_OK : diag_set(diag, ERR_IO, "%s: %s", url, curl_easy_strerror(code));
}
