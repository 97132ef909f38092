#include <jansson.h>

#include "codec/json.h"

#include "base/file.h"
#include "hex.h"
#include "tap.h"

static enum err parse(const char *text, struct diag *diag)
{
    struct json_doc doc;
    enum err err = json_doc_parse(&doc, "in.json", bytes_of_text(text), diag);

    if (err == ERR_OK)
        json_doc_free(&doc);
    return err;
}

static void bad_text_is_refused_with_its_place(void)
{
    static const struct {
        const char *text;
        enum err err;
        const char *says; /* the beginning of the diag */
    } cases[] = {
        {"", ERR_TRUNCATED, "in.json:1:1: "},
        {"{\n  \"a\": 1,\n  \"a\": 2\n}", ERR_DUPLICATE, "in.json:3:5: "},
        {"{\"\\u0061\": 1, \"a\": 2}", ERR_DUPLICATE, "in.json:1:"},
        {"[1, 2", ERR_TRUNCATED, "in.json:1:"},
        {"[1] x", ERR_SYNTAX, "in.json:1:5: "},
        {"[1, ]", ERR_SYNTAX, "in.json:1:5: "},
        {"{'a': 1}", ERR_SYNTAX, "in.json:1:2: "},
        {"[01]", ERR_SYNTAX, "in.json:1:2: "},
        {"[+1]", ERR_SYNTAX, "in.json:1:2: "},
        {"[NaN]", ERR_SYNTAX, "in.json:1:"},
        {"// no\n1", ERR_SYNTAX, "in.json:1:"},
        {"[\"\\u0000\"]", ERR_SYNTAX, "in.json:1:"},
        {"[\"\xff\"]", ERR_SYNTAX, "in.json:1:"},
        {"[\"\\ud800\"]", ERR_SYNTAX, "in.json:1:"},
        {"[\"\n\"]", ERR_SYNTAX, "in.json:1:"},
        {"[99999999999999999999]", ERR_RANGE, "in.json:1:"},
        {"[1e999]", ERR_RANGE, "in.json:1:"},
        {"\xef\xbb\xbf[]", ERR_SYNTAX, "in.json:1:"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct diag diag = {0};

        CHECK_ERR(parse(cases[i].text, &diag), cases[i].err);
        if (!CHECK(strncmp(diag.text, cases[i].says, strlen(cases[i].says)) == 0))
            tap_note("%s", diag.text);
        for (const char *p = diag.text; *p != '\0'; p++)
            CHECK((unsigned char)*p >= 0x20);
    }
    CHECK_ERR(parse("[", NULL), ERR_TRUNCATED);
}

static void raw_nul_is_refused(void)
{
    struct json_doc doc;
    struct diag diag = {0};

    CHECK_ERR(json_doc_parse(&doc, "x", bytes_of("[1]\0", 4), &diag), ERR_SYNTAX);
    CHECK_ERR(json_doc_parse(&doc, "x", bytes_of("[\"\0\"]", 5), &diag), ERR_SYNTAX);
    CHECK_ERR(json_doc_parse(&doc, "x", bytes_of(NULL, 0), &diag), ERR_TRUNCATED);
}

static void depth_is_bounded(void)
{
    struct diag diag = {0};
    struct buf text = {0};

    for (int i = 0; i < 64; i++)
        buf_add_byte(&text, '[');
    for (int i = 0; i < 64; i++)
        buf_add_byte(&text, ']');
    CHECK_OK(parse(buf_text(&text), &diag));
    buf_clear(&text);
    buf_add_text(&text, "\n{\"[[\\\"[\": ");
    for (int i = 0; i < 100000; i++)
        buf_add_byte(&text, '[');
    CHECK_ERR(parse(buf_text(&text), &diag), ERR_LIMIT);
    CHECK_EQ_TEXT(diag.text, "in.json:2:74: nested more than 64 deep");
    buf_free(&text);
}

static const char *const sample = "{\n"
                                  "  \"nodes\": [\n"
                                  "    {\"id\": \"n1\", \"stake\": 1},\n"
                                  "    {\"id\": \"\\u00fc[\\\"\", \"stake\":  -2.5e3 }, [ ], {}\n"
                                  "  ],\n"
                                  "  \"a/b\": {\"m~n\": [true, null, \"x\"]},\n"
                                  "  \"\\u006b\": 5, \"\": 6, \"\xc3\xbc\": 7 , \"last\":8}\n";

static void values_are_located(void)
{
    static const struct {
        const char *pointer;
        unsigned line, column;
    } places[] = {
        {"", 1, 1},
        {"/nodes", 2, 12},
        {"/nodes/0", 3, 5},
        {"/nodes/0/stake", 3, 27},
        {"/nodes/1/id", 4, 12},
        {"/nodes/1/stake", 4, 35},
        {"/nodes/2", 4, 45},
        {"/nodes/3", 4, 50},
        {"/a~1b", 6, 10},
        {"/a~1b/m~0n/1", 6, 25},
        {"/a~1b/m~0n/2", 6, 31},
        {"/k", 7, 13},
        {"/", 7, 20},
        {"/\xc3\xbc", 7, 28},
        {"/last", 7, 39},
    };
    static const char *const nowhere[] = {"nodes",      "/none", "/nodes/4", "/nodes/-", "/nodes/00",     "/nodes/2/0",
                                          "/nodes/3/a", "/k/x",  "/a~2b",    "/a~",      "/nodes/0/id/x", "/nodes/"};
    struct diag diag = {0};
    struct json_doc doc;
    unsigned line, column;

    REQUIRE_OK(json_doc_parse(&doc, "sample", bytes_of_text(sample), &diag));
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (!CHECK(json_doc_locate(&doc, places[i].pointer, &line, &column)) || !CHECK_EQ_U64(line, places[i].line) ||
            !CHECK_EQ_U64(column, places[i].column))
            tap_note("%s", places[i].pointer);
    }
    for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++) {
        if (!CHECK(!json_doc_locate(&doc, nowhere[i], &line, &column)))
            tap_note("%s", nowhere[i]);
    }
    json_doc_free(&doc);
}

static void complaints_name_the_place(void)
{
    struct diag diag = {0};
    struct json_doc doc;

    REQUIRE_OK(json_doc_parse(&doc, "s.json", bytes_of_text(sample), &diag));
    CHECK_ERR(json_doc_complain(&doc, "/nodes/0/stake", &diag, ERR_RANGE, "%d is too small", 1), ERR_RANGE);
    CHECK_EQ_TEXT(diag.text, "s.json:3:27: /nodes/0/stake: 1 is too small");
    /* what is missing has no place, its parent has one */
    json_doc_complain(&doc, "/nodes/0/role", &diag, ERR_MISSING, "required");
    CHECK_EQ_TEXT(diag.text, "s.json:3:5: /nodes/0/role: required");
    json_doc_complain(&doc, "/none/at/all", &diag, ERR_MISSING, "required");
    CHECK_EQ_TEXT(diag.text, "s.json:1:1: /none/at/all: required");
    json_doc_complain(&doc, "", &diag, ERR_TYPE, "not an object");
    CHECK_EQ_TEXT(diag.text, "s.json:1:1: not an object");
    CHECK_ERR(json_doc_complain(&doc, "/k", NULL, ERR_TYPE, "nobody listens"), ERR_TYPE);
    json_doc_free(&doc);
}

static void files_are_loaded(void)
{
    char path[] = "/tmp/prismfed-json-XXXXXX";
    int fd = mkstemp(path);
    struct diag diag = {0};
    struct json_doc doc;

    REQUIRE(fd >= 0);
    close(fd);
    REQUIRE_OK(file_write(path, bytes_of_text(" [1]\n"), &diag));
    CHECK_OK(json_doc_load(&doc, path, 5, &diag));
    CHECK_EQ_TEXT(doc.name, path);
    CHECK_EQ_U64(json_array_size(doc.root), 1);
    json_doc_free(&doc);
    CHECK_ERR(json_doc_load(&doc, path, 4, &diag), ERR_LIMIT);
    unlink(path);
    CHECK_ERR(json_doc_load(&doc, path, 5, &diag), ERR_IO);
}

static json_t *build(void)
{
    json_t *root = json_object(), *list = json_array();

    json_put(root, "z", json_u64(UINT64_C(9007199254740992)));
    json_put(root, "a", json_u64(UINT64_C(9007199254740993)));
    json_push(list, json_hex(bytes_of("\x01\xff", 2)));
    json_push(list, json_base64(bytes_of("\x01\xff", 2)));
    json_put(root, "m", list);
    json_put(root, "t", json_string("\xc3\xbc\n\"/"));
    return root;
}

static void the_two_forms(void)
{
    json_t *root = build();
    struct buf out = {0};

    json_render(root, &out);
    CHECK_EQ_TEXT(buf_text(&out), "{\n"
                                  "  \"z\": 9007199254740992,\n"
                                  "  \"a\": \"9007199254740993\",\n"
                                  "  \"m\": [\n"
                                  "    \"01ff\",\n"
                                  "    \"Af8=\"\n"
                                  "  ],\n"
                                  "  \"t\": \"\\u00FC\\n\\\"/\"\n"
                                  "}\n");
    buf_clear(&out);
    json_canonical(root, &out);
    CHECK_EQ_TEXT(buf_text(&out), "{\"a\":\"9007199254740993\",\"m\":[\"01ff\",\"Af8=\"],\"t\":\"\xc3\xbc\\n\\\"/\","
                                  "\"z\":9007199254740992}");
    buf_free(&out);
    json_decref(root);
}

static void written(const char *text, const char *line, const char *canonical)
{
    struct json_doc doc;
    struct diag diag = {0};
    struct buf out = {0};

    REQUIRE_OK(json_doc_parse(&doc, "x", bytes_of_text(text), &diag));
    json_line(doc.root, &out);
    CHECK_EQ_TEXT(buf_text(&out), line);
    buf_clear(&out);
    json_canonical(doc.root, &out);
    CHECK_EQ_TEXT(buf_text(&out), canonical);
    buf_free(&out);
    json_doc_free(&doc);
}

/* Where jansson 2.14 prints 17 digits and 2.14.1 the fewest, with another exponent: neither is asked. */
static void numbers_are_written_by_nobody_else(void)
{
    written("[0.1, 1e-05, 3.0, -0.0, 1.0e+30, 2251799813685249.5]", "[0.1,0.00001,3.0,-0.0,1e+30,2251799813685249.5]",
            "[0.1,0.00001,3,0,1e+30,2251799813685249.5]");
    written("[-9223372036854775808, 9223372036854775807]", "[-9223372036854775808,9223372036854775807]",
            "[-9223372036854775808,9223372036854775807]");
}

/* RFC 8785, sections 3.2.2 and 3.2.3. */
static void canonical_is_jcs(void)
{
    written("{\"numbers\": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001], \"string\": "
            "\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\", \"literals\": [null, true, false]}",
            "{\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\"string\":"
            "\"\\u20AC$\\u000F\\nA'B\\\"\\\\\\\\\\\"/\",\"literals\":[null,true,false]}",
            "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\"string\":"
            "\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
    written("{\"\\u20ac\":1,\"\\r\":2,\"\\ufb33\":3,\"1\":4,\"\\ud83d\\ude00\":5,\"\\u0080\":6,\"\\u00f6\":7}",
            "{\"\\u20AC\":1,\"\\r\":2,\"\\uFB33\":3,\"1\":4,\"\\uD83D\\uDE00\":5,\"\\u0080\":6,\"\\u00F6\":7}",
            "{\"\\r\":2,\"1\":4,\"\xc2\x80\":6,\"\xc3\xb6\":7,\"\xe2\x82\xac\":1,\"\xf0\x9f\x98\x80\":5,"
            "\"\xef\xac\xb3\":3}");
    written("{\"a\":[],\"\":{}}", "{\"a\":[],\"\":{}}", "{\"\":{},\"a\":[]}");
    written("[\"\\u007f\\b\\f\\t\"]", "[\"\\u007F\\b\\f\\t\"]", "[\"\x7f\\b\\f\\t\"]");
}

/* n times the text, in an array: refused before a tree is built. */
static void too_much(const char *text, size_t n)
{
    size_t len = strlen(text);
    struct buf all = {0};
    struct json_doc doc;
    struct diag diag = {0};

    buf_add_byte(&all, '[');
    for (size_t i = 0; i < n; i++)
        buf_add(&all, text, len);
    CHECK_ERR(json_doc_parse(&doc, "much.json", bytes_of_buf(&all), &diag), ERR_LIMIT);
    CHECK(strstr(diag.text, "much.json:1:") == diag.text &&
          strstr(diag.text, "more than the 524288 KiB of memory") != NULL);
    buf_free(&all);
}

static void memory_has_a_bound(void)
{
    static const char text[] = "{\"ab\": [1, true, \"\\\"x\"]}";
    struct json_doc doc;
    struct diag diag = {0};

    too_much("{},", 1700000);
    too_much("[],", 3400000);
    too_much("\"\",", 4200000);
    too_much("1,", 8400000);
    REQUIRE_OK(json_doc_parse(&doc, "x", bytes_of_text(text), &diag));
    CHECK_EQ_U64(doc.memory, 320 + (128 + 4) + 160 + 64 + 64 + (128 + 5));
    json_doc_free(&doc);
}

/* Rendering and parsing gives the same value, and again the same bytes. */
static void rendered_is_parsed(void)
{
    json_t *root = build();
    struct buf out = {0}, again = {0}, pointer = {0};
    struct diag diag = {0};
    struct json_doc doc;

    json_render(root, &out);
    REQUIRE_OK(json_doc_parse(&doc, "x", bytes_of_buf(&out), &diag));
    CHECK(!json_difference(root, doc.root, &pointer));
    json_render(doc.root, &again);
    CHECK_EQ_BYTES(bytes_of_buf(&again), bytes_of_buf(&out));
    json_doc_free(&doc);
    json_decref(root);
    buf_free(&out);
    buf_free(&again);
    buf_free(&pointer);
}

static void differences_are_named(void)
{
    static const struct {
        const char *a, *b, *pointer; /* NULL: none */
    } cases[] = {
        {"1", "1", NULL},
        {"1", "2", ""},
        {"1", "1.0", ""},
        {"true", "false", ""},
        {"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", NULL},
        {"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":3}", "/a"},
        {"{\"a\":1}", "{\"a\":1,\"b\":2}", "/b"},
        {"{\"a\":1,\"b\":2}", "{\"b\":2}", "/a"},
        {"[1,2]", "[2,1]", "/0"},
        {"[1,2]", "[1]", "/1"},
        {"[1]", "[1,2]", "/1"},
        {"{\"x\":[{\"a/b\":{\"m~n\":null}}]}", "{\"x\":[{\"a/b\":{\"m~n\":0}}]}", "/x/0/a~1b/m~0n"},
        {"[[1,2],[3,4]]", "[[1,2],[3,5]]", "/1/1"},
        {"[{}]", "[[]]", "/0"},
        {"\"a\"", "\"b\"", ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct diag diag = {0};
        struct json_doc a, b;
        struct buf pointer = {0};

        buf_add_text(&pointer, "cleared");
        REQUIRE_OK(json_doc_parse(&a, "a", bytes_of_text(cases[i].a), &diag));
        REQUIRE_OK(json_doc_parse(&b, "b", bytes_of_text(cases[i].b), &diag));
        CHECK(json_difference(a.root, b.root, &pointer) == (cases[i].pointer != NULL));
        CHECK_EQ_TEXT(buf_text(&pointer), cases[i].pointer != NULL ? cases[i].pointer : "");
        json_doc_free(&a);
        json_doc_free(&b);
        buf_free(&pointer);
    }
}

int main(void)
{
    TAP_RUN(bad_text_is_refused_with_its_place);
    TAP_RUN(raw_nul_is_refused);
    TAP_RUN(depth_is_bounded);
    TAP_RUN(values_are_located);
    TAP_RUN(complaints_name_the_place);
    TAP_RUN(files_are_loaded);
    TAP_RUN(memory_has_a_bound);
    TAP_RUN(the_two_forms);
    TAP_RUN(numbers_are_written_by_nobody_else);
    TAP_RUN(canonical_is_jcs);
    TAP_RUN(rendered_is_parsed);
    TAP_RUN(differences_are_named);
    return tap_done();
}
