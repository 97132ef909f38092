#include <stdlib.h>

#include "base/file.h"
#include "node/members.h"
#include "tap.h"

/* members.json as a node reads it: what is wrong with it is said with the place. */

#define KEY_A "\"fingerprint\": \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""
#define KEY_B "\"fingerprint\": \"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\""
#define HEAD                                                                                                           \
    "{\"format\": \"prismfed.members\", \"version\": 1, \"federation\": \"f\", \"federation_id\": "                    \
    "\"0000000000000000000000000000000000000000000000000000000000000001\", \"members\": ["

static char path[] = "/tmp/prismfed_members.XXXXXX";

static enum err load(const char *text, struct members *out, struct diag *diag)
{
    *out = (struct members){0};
    if (!CHECK_OK(file_write(path, bytes_of_text(text), diag)))
        return ERR_IO;
    return members_load(path, out, diag);
}

static void refuses(const char *text, enum err want, const char *place)
{
    struct members members;
    struct diag diag = {0};

    CHECK_ERR(load(text, &members, &diag), want);
    if (!CHECK(strstr(diag.text, place) != NULL))
        tap_note("%s is not in: %s", place, diag.text);
    members_fini(&members);
}

static void comes_back(void)
{
    struct members members, again;
    struct buf text = {0};
    struct diag diag = {0};

    REQUIRE_OK(load(HEAD "{\"name\": \"a\", " KEY_A ", \"address\": \"127.0.0.1:1\"}, {\"name\": \"b\", " KEY_B
                         ", \"address\": null}]}",
                    &members, &diag));
    CHECK_EQ_U64(members.count, 2);
    CHECK_EQ_U64(members.federation_id.b[31], 1);
    members_render(&members, "f", &text);
    REQUIRE_OK(load(buf_text(&text), &again, &diag));
    CHECK_EQ_TEXT(again.rows[0].address, "127.0.0.1:1");
    CHECK_EQ_TEXT(again.rows[1].address, "");
    CHECK(digest_equal(&again.rows[1].fingerprint, &members.rows[1].fingerprint));
    members_fini(&members);
    members_fini(&again);
    buf_free(&text);
}

static void names_the_place(void)
{
    refuses("{}", ERR_TYPE, "expected \"format\"");
    refuses(HEAD "{\"name\": \"a\", " KEY_A "}]}", ERR_MISSING, "/members/0");
    refuses(HEAD "{\"name\": \"a\", \"fingerprint\": \"AA\", \"address\": null}]}", ERR_SYNTAX,
            "/members/0/fingerprint");
    refuses(HEAD "{\"name\": \"a\", " KEY_A ", \"address\": \"here\"}]}", ERR_SYNTAX, "/members/0/address");
    refuses(HEAD "{\"name\": \"a\", " KEY_A ", \"address\": null}, {\"name\": \"a\", " KEY_B ", \"address\": null}]}",
            ERR_DUPLICATE, "/members/1/name");
    refuses(HEAD "{\"name\": \"a\", " KEY_A ", \"address\": null}, {\"name\": \"b\", " KEY_A ", \"address\": null}]}",
            ERR_DUPLICATE, "/members/1/fingerprint");
    refuses(HEAD "{\"name\": \"a\", " KEY_A ", \"address\": null, \"port\": 1}]}", ERR_UNKNOWN, "/members/0/port");
}

int main(void)
{
    int fd = mkstemp(path);

    if (fd < 0 || close(fd) != 0)
        return 1;
    TAP_RUN(comes_back);
    TAP_RUN(names_the_place);
    unlink(path);
    return tap_done();
}
