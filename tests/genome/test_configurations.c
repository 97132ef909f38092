#include "genome/configurations.h"
#include "tap.h"

/* Configurations that somebody has already: as irace's table and as a list in JSON. */

static struct space *space;

static void space_read_text(void)
{
    static const char text[] = "rate \"--rate \" r,log (0.001, 1)\n"
                               "steps \"--steps \" i (1, 90)\n"
                               "mode \"--mode \" c (fast, \"slow one\", NA)\n"
                               "deep \"--deep \" i (-5, 5) | mode == \"fast\"\n"
                               "[forbidden]\n"
                               "steps == 13\n"
                               "mode == \"fast\" & deep > 3\n";
    struct diag diag = {0};

    space = mem_alloc(sizeof *space);
    if (!CHECK_OK(space_parse(SPACE_IRACE, "space", bytes_of_text(text), space, &diag)))
        tap_note("%s", diag.text);
}

static enum err table(const char *text, struct configurations *out, struct diag *diag)
{
    return configurations_parse("t", bytes_of_text(text), space, out, diag);
}

static enum err list(const char *text, struct configurations *out, struct diag *diag)
{
    struct json_doc doc;
    struct json_reader r = {.doc = &doc, .diag = diag};

    if (json_doc_parse(&doc, "l", bytes_of_text(text), diag) != ERR_OK)
        return ERR_SYNTAX;
    configurations_read(&r, doc.root, space, out);
    buf_free(&r.pointer);
    json_doc_free(&doc);
    return r.err;
}

static bool is_as(const struct genome *g, double rate, int64_t steps, int64_t mode, int64_t deep)
{
    return g->values[0].real == rate && g->values[1].integer == steps && g->values[2].integer == mode &&
           g->values[3].integer == deep;
}

static void three_of_them(enum err err, struct configurations *c, const struct diag *diag)
{
    if (!CHECK_OK(err) || !CHECK_EQ_U64(c->count, 3))
        tap_note("%s", diag->text);
    if (c->count == 3)
        CHECK(is_as(&c->items[0], 0.5, 7, 0, -2) && is_as(&c->items[1], 0.01, 90, 1, 0) &&
              is_as(&c->items[2], 1, 1, 2, 0));
    configurations_free(c);
}

static void they_are_read(void)
{
    static const char *const tables[] = {
        "rate steps mode deep\n0.5 7 fast -2\n0.01 90 \"slow one\" NA\n1 1 \"NA\" NA\n",
        /* in another order, with quotes, rows' names, irace's books, comments, a second one like the first */
        "\xef\xbb\xbf# mine\n\n\"deep\" \"mode\" .ID. \"steps\" \"rate\"\n'1' -2 fast 1 7 5e-1\n2 <NA> 'slow one' 2 90 "
        "1e-2"
        "  # the other\r\n3 NA \"NA\" 3 1.0 1\n4 -2.0 fast 4 7 0.5",
    };

    for (unsigned i = 0; i < 2; i++) {
        struct configurations c = {0};
        struct diag diag = {0};
        enum err err = table(tables[i], &c, &diag);

        three_of_them(err, &c, &diag);
    }
    struct configurations c = {0};
    struct diag diag = {0};
    enum err err =
        list("[{\"rate\": 0.5, \"steps\": 7, \"mode\": \"fast\", \"deep\": -2}, {\"mode\": \"slow one\","
             " \"rate\": 1e-2, \"steps\": 90.0, \"deep\": null}, {\"rate\": 1, \"steps\": 1, \"mode\": \"NA\"}]",
             &c, &diag);
    three_of_them(err, &c, &diag);
}

static void complaints_name_row_and_parameter(void)
{
    static const struct {
        const char *text, *says;
    } tables[] = {
        {"rate steps mode deep\n0.5 7 fast 0\n0.5 91 fast 0\n",
         "t:3:5: row 2, parameter steps: \"91\" is not from 1 to 90"},
        {"rate steps mode deep\n0.5 7.5 fast 0\n", "row 1, parameter steps: \"7.5\" is not a whole number"},
        {"rate steps mode deep\n2 7 fast 0\n", "t:2:1: row 1, parameter rate: \"2\" is not from 0.001 to 1"},
        {"rate steps mode deep\nmuch 7 fast 0\n", "row 1, parameter rate: \"much\" is not a number"},
        {"rate steps mode deep\n1 7 quick 0\n", "parameter mode: \"quick\" is none of its choices: fast, slow one, NA"},
        {"rate steps mode deep\n1 7 fast NA\n", "row 1, parameter deep: it is active in this row, and has no value"},
        {"rate steps mode deep\n1 NA fast 0\n", "row 1, parameter steps: it is active in this row, and has no value"},
        {"rate steps mode\n1 7 fast\n", "row 1, parameter deep: it is active in this row"},
        {"rate steps mode deep\n1 7 'slow one' 1\n",
         "t:2:16: row 1, parameter deep: it has a value, and its condition"},
        {"rate steps mode deep\n1 13 fast 0\n", "row 1: forbidden: steps == 13"},
        {"rate steps mode deep\n1 7 fast 0\n1 7 fast 4\n", "t:3:1: row 2: forbidden: "},
        {"rate steps mode deep\n1 7 fast\n", "row 1: expected 4 values, found 3"},
        {"rate stepps mode deep\n", "t:1:6: the space has no parameter \"stepps\"; did you mean \"steps\"?"},
        {".ID. stepps mode deep\n", "t:1:6: the space has no parameter \"stepps\"; did you mean \"steps\"?"},
        {"rate steps rate deep\n", "t:1:12: a second column rate"},
        {"rate steps mode deep\n", "at least one configuration"},
        {"", "at least one configuration"},
        {"rate steps mode deep\n1 7 \"fast 0\n", "not closed"},
    };
    static const struct {
        const char *text, *says;
    } lists[] = {
        {"[{\"rate\": 1, \"steps\": 91, \"mode\": \"fast\", \"deep\": 1}]",
         "/0/steps: row 1, parameter steps: \"91\" is not"},
        {"[{\"rate\": 1, \"steps\": 9, \"mode\": \"fast\"}]", "row 1, parameter deep: it is active"},
        {"[{\"rate\": [], \"steps\": 9, \"mode\": \"fast\"}]", "row 1, parameter rate: expected a number"},
        {"[{\"ratio\": 1}]", "row 1, parameter ratio: the space has no parameter \"ratio\"; did you mean \"rate\"?"},
        {"[7]", "expected an object"},
        {"[]", "at least one"},
    };

    for (unsigned i = 0; i < sizeof tables / sizeof tables[0] + sizeof lists / sizeof lists[0]; i++) {
        bool is_table = i < sizeof tables / sizeof tables[0];
        unsigned k = is_table ? i : i - (unsigned)(sizeof tables / sizeof tables[0]);
        struct configurations c = {0};
        struct diag diag = {0};
        enum err err = is_table ? table(tables[k].text, &c, &diag) : list(lists[k].text, &c, &diag);

        if (!CHECK(err != ERR_OK) || !CHECK(strstr(diag.text, is_table ? tables[k].says : lists[k].says) != NULL))
            tap_note("%s: %s", is_table ? tables[k].text : lists[k].text, diag.text);
        configurations_free(&c);
    }
}

int main(void)
{
    space_read_text();
    TAP_RUN(they_are_read);
    TAP_RUN(complaints_name_row_and_parameter);
    mem_free(space);
    return tap_done();
}
