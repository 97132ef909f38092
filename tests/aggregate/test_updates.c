#include "aggregate/updates.h"
#include "tap.h"

/* Files of updates: what is read, what is refused and in which words. */

static void csv_refused(const char *text, bool is_named, enum err want, const char *words)
{
    struct updates u = {0};
    struct diag diag = {0};
    CHECK_ERR(updates_add_csv(&u, "f", bytes_of_text(text), is_named, &diag), want);
    if (!CHECK(strncmp(diag.text, "f", 1) == 0 && strstr(diag.text, words) != NULL))
        tap_note("%s", diag.text);
    updates_free(&u);
}

static void csv_lines_are_rows(void)
{
    struct updates u = {0};
    REQUIRE_OK(updates_add_csv(&u, "f", bytes_of_text("1,2\r\n\n#3,4\n 5 ,\t-6e-1\n"), false, NULL));
    CHECK(u.rows == 2 && u.columns == 2);
    CHECK(u.values[0] == 1 && u.values[1] == 2 && u.values[2] == 5 && u.values[3] == -.6);
    REQUIRE_OK(updates_add_csv(&u, "g", bytes_of_text("x y,7,8"), true, NULL));
    CHECK(u.rows == 3 && u.values[5] == 8);
    CHECK_EQ_TEXT(u.names[2], "x y");
    CHECK_EQ_TEXT(u.names[0], "");
    updates_free(&u);
}

static void bad_csv(void)
{
    struct buf many = {0}, name = {0};
    for (unsigned i = 0; i <= VECTOR_ROWS_MAX; i++)
        buf_add_text(&many, "1\n");
    for (unsigned i = 0; i <= UPDATE_NAME_MAX; i++)
        buf_add_byte(&name, 'n');
    buf_add_text(&name, ",1");
    csv_refused("", false, ERR_MISSING, "no numbers");
    csv_refused("\n# 1\n", false, ERR_MISSING, "no numbers");
    csv_refused("1,2\n3,4,5\n", false, ERR_MISMATCH, "f:2: a row of 3 numbers after rows of 2");
    csv_refused("1,\n", false, ERR_SYNTAX, "f:1, field 2: not a number");
    csv_refused("\n1,2 3\n", false, ERR_SYNTAX, "f:2, field 2: not a number");
    csv_refused("1,2\nmean,3\n", false, ERR_SYNTAX, "f:2, field 1");
    csv_refused("a\n", true, ERR_SYNTAX, "without numbers");
    csv_refused(",1\n", true, ERR_SYNTAX, "a name");
    csv_refused("a\x01\x62,1\n", true, ERR_SYNTAX, "control");
    csv_refused(buf_text(&name), true, ERR_SYNTAX, "a name");
    csv_refused(buf_text(&many), false, ERR_LIMIT, "more than 256 rows");
    buf_free(&many);
    buf_free(&name);
}

/* A file of version 1 with this header and so many bytes of numbers. */
static void npy_make(struct buf *out, const char *header, size_t numbers)
{
    size_t length = strlen(header);
    buf_clear(out);
    buf_add(out, "\x93NUMPY\x01", 7);
    buf_add_byte(out, 0);
    buf_add_byte(out, (uint8_t)length);
    buf_add_byte(out, (uint8_t)(length >> 8));
    buf_add_text(out, header);
    for (size_t i = 0; i < numbers; i++)
        buf_add_byte(out, (uint8_t)(i % 4 == 3 ? 0x40 : 0)); /* 2.0 as a float */
}

#define NPY(type, order, shape) "{'descr': '" type "', 'fortran_order': " order ", 'shape': (" shape "), }\n"

static void npy_refused(const char *header, size_t numbers, enum err want, const char *words)
{
    struct updates u = {0};
    struct buf file = {0};
    struct diag diag = {0};
    npy_make(&file, header, numbers);
    CHECK_ERR(updates_add_npy(&u, "f", bytes_of_buf(&file), &diag), want);
    if (!CHECK(strstr(diag.text, words) != NULL))
        tap_note("%s", diag.text);
    buf_free(&file);
    updates_free(&u);
}

static void npy_of_one_and_two_dimensions(void)
{
    struct updates u = {0};
    struct buf file = {0};
    npy_make(&file, NPY("<f4", "False", "2, 3"), 24);
    REQUIRE_OK(updates_add_npy(&u, "f", bytes_of_buf(&file), NULL));
    CHECK(u.rows == 2 && u.columns == 3 && u.values[0] == 2 && u.values[5] == 2);
    npy_make(&file, NPY("<f8", "False", "3,"), 24);
    REQUIRE_OK(updates_add_npy(&u, "f", bytes_of_buf(&file), NULL));
    CHECK(u.rows == 3 && u.values[6] == u.values[7] && u.values[6] > 2);
    npy_make(&file, NPY("<f8", "False", "2,"), 16);
    CHECK_ERR(updates_add_npy(&u, "f", bytes_of_buf(&file), NULL), ERR_MISMATCH);
    file.data[6] = 4;
    CHECK_ERR(updates_add_npy(&u, "f", bytes_of_buf(&file), NULL), ERR_SYNTAX);
    for (size_t i = 0; i < file.len; i++)
        CHECK(updates_add_npy(&u, "f", bytes_of(file.data, i), NULL) != ERR_OK);
    buf_free(&file);
    updates_free(&u);
}

static void bad_npy(void)
{
    npy_refused("[1, 2]", 8, ERR_TYPE, "as NumPy writes it");
    npy_refused(NPY("<\nf8", "False", "1,"), 8, ERR_TYPE, "as NumPy writes it");
    npy_refused(NPY("<i8", "False", "1,"), 8, ERR_TYPE, "type <i8");
    npy_refused(NPY("=f8", "False", "1,"), 8, ERR_TYPE, "type =f8");
    npy_refused(NPY("<f1", "False", "1,"), 1, ERR_TYPE, "type <f1");
    npy_refused(NPY("<f8", "Yes", "1, 1"), 8, ERR_TYPE, "expected True or False");
    npy_refused(NPY("<f8", "False", ""), 8, ERR_SYNTAX, "shape");
    npy_refused(NPY("<f8", "False", "0, 1"), 0, ERR_SYNTAX, "shape");
    npy_refused(NPY("<f8", "False", "1, 1, 1"), 8, ERR_SYNTAX, "shape");
    npy_refused(NPY("<f8", "False", "-1,"), 8, ERR_SYNTAX, "shape");
    npy_refused(NPY("<f8", "False", "99999999999999999999,"), 8, ERR_LIMIT, "shape");
    npy_refused(NPY("<f8", "False", "257, 1"), 8 * 257, ERR_LIMIT, "257 rows");
    npy_refused(NPY("<f8", "False", "2,"), 8, ERR_TRUNCATED, "8 bytes of numbers, its shape needs 2 x 8");
    npy_refused(NPY("<f8", "False", "2,"), 17, ERR_TRUNCATED, "17 bytes");
}

static void npy_of_bytes(const char *type, const char *order, const char *shape, const void *numbers, size_t len,
                         struct buf *out)
{
    struct buf header = {0};
    buf_printf(&header, "{'descr': '%s', 'fortran_order': %s, 'shape': (%s), }\n", type, order, shape);
    npy_make(out, buf_text(&header), 0);
    buf_add(out, numbers, len);
    buf_free(&header);
}

/* As NumPy reads them: np.frombuffer(bytes, dtype). */
static void halves_and_the_other_order_of_bytes(void)
{
    static const struct {
        uint8_t bytes[2];
        double value;
    } halves[] = {{{0x00, 0x3c}, 1},       {{0x00, 0xc0}, -2},       {{0xff, 0x7b}, 65504},
                  {{0x00, 0x04}, 0x1p-14}, {{0x01, 0x00}, 0x1p-24},  {{0xff, 0x03}, 0x1p-14 - 0x1p-24},
                  {{0x00, 0x80}, -0.0},    {{0x01, 0x80}, -0x1p-24}, {{0x55, 0x35}, 0x1.554p-2}};
    struct updates u = {0};
    struct buf file = {0};
    for (size_t i = 0; i < sizeof halves / sizeof halves[0]; i++) {
        npy_of_bytes("<f2", "False", "1,", halves[i].bytes, 2, &file);
        REQUIRE_OK(updates_add_npy(&u, "f", bytes_of_buf(&file), NULL));
        CHECK(memcmp(&u.values[i], &halves[i].value, sizeof halves[i].value) == 0);
    }
    npy_of_bytes("<f2", "False", "1,", "\x00\x7c", 2, &file);
    REQUIRE_OK(updates_add_npy(&u, "f", bytes_of_buf(&file), NULL));
    CHECK(u.values[u.rows - 1] > 1e300);
    npy_of_bytes("<f2", "False", "1,", "\x01\xfe", 2, &file);
    REQUIRE_OK(updates_add_npy(&u, "f", bytes_of_buf(&file), NULL));
    CHECK(u.values[u.rows - 1] != u.values[u.rows - 1]);
    npy_of_bytes(">f8", "False", "1,", "\xc0\x08\0\0\0\0\0\0", 8, &file);
    REQUIRE_OK(updates_add_npy(&u, "f", bytes_of_buf(&file), NULL));
    CHECK(u.values[u.rows - 1] == -3);
    npy_of_bytes(">f4", "False", "1,", "\x40\x40\0\0", 4, &file);
    REQUIRE_OK(updates_add_npy(&u, "f", bytes_of_buf(&file), NULL));
    CHECK(u.values[u.rows - 1] == 3);
    buf_free(&file);
    updates_free(&u);
}

/* In Fortran's order the first index runs first: np.arange(6.).reshape(2, 3, order="F"). */
static void fortran_runs_the_other_way(void)
{
    const double numbers[] = {0, 3, 1, 4, 2, 5};
    struct updates u = {0};
    struct buf file = {0};
    npy_of_bytes("<f8", "True", "2, 3", numbers, sizeof numbers, &file);
    REQUIRE_OK(updates_add_npy(&u, "f", bytes_of_buf(&file), NULL));
    REQUIRE(u.rows == 2 && u.columns == 3);
    for (unsigned i = 0; i < 6; i++)
        CHECK(u.values[i] == i);
    npy_of_bytes("<f8", "True", "6,", numbers, sizeof numbers, &file);
    updates_free(&u);
    REQUIRE_OK(updates_add_npy(&u, "f", bytes_of_buf(&file), NULL));
    CHECK(memcmp(u.values, numbers, sizeof numbers) == 0);
    buf_free(&file);
    updates_free(&u);
}

/* Written and read again: the same bits, and a hash that is that of the numbers behind the header. */
static void both_formats_keep_every_bit(void)
{
    const double values[] = {0.1, -0.0, 1e300, 0x1p-1074, 3.0000000000000004};
    struct updates u = {0};
    struct buf csv = {0}, npy = {0};
    updates_encode_csv(values, 5, &csv);
    updates_encode_npy(values, 5, &npy);
    REQUIRE_OK(updates_add_csv(&u, "f", bytes_of_buf(&csv), false, NULL));
    REQUIRE_OK(updates_add_npy(&u, "f", bytes_of_buf(&npy), NULL));
    CHECK(memcmp(u.values, values, sizeof values) == 0 && memcmp(u.values + 5, values, sizeof values) == 0);
    CHECK_EQ_U64(npy.len % 64, 40);
    struct digest a = updates_digest(values, 5), b = digest_of(bytes_of(npy.data + npy.len - 40, 40));
    CHECK(digest_equal(&a, &b));
    buf_free(&csv);
    buf_free(&npy);
    updates_free(&u);
}

static void hashes_name_sender_and_content(void)
{
    struct updates u = {0};
    struct digest h[VECTOR_ROWS_MAX];
    struct diag diag = {0};
    REQUIRE_OK(updates_add_csv(&u, "f", bytes_of_text("1,2\n1,2\n1,2\n3,4"), false, NULL));
    REQUIRE_OK(updates_add_csv(&u, "f", bytes_of_text("a,1,2\nb,1,2\na,1,2"), true, NULL));
    REQUIRE_OK(updates_hash(&u, h, &diag));
    for (unsigned i = 0; i < 7; i++)
        for (unsigned j = 0; j < i; j++)
            CHECK(digest_equal(&h[i], &h[j]) == (i == 6 && j == 4));
    REQUIRE_OK(updates_add_csv(&u, "f", bytes_of_text("b,1,3"), true, NULL));
    CHECK_ERR(updates_hash(&u, h, &diag), ERR_DUPLICATE);
    CHECK(strstr(diag.text, "b has sent two different updates (rows 5 and 7)") != NULL);
    updates_free(&u);
}

int main(void)
{
    TAP_RUN(csv_lines_are_rows);
    TAP_RUN(bad_csv);
    TAP_RUN(npy_of_one_and_two_dimensions);
    TAP_RUN(bad_npy);
    TAP_RUN(halves_and_the_other_order_of_bytes);
    TAP_RUN(fortran_runs_the_other_way);
    TAP_RUN(both_formats_keep_every_bit);
    TAP_RUN(hashes_name_sender_and_content);
    return tap_done();
}
