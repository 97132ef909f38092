#include <string.h>

#include "aggregate/npy.h"
#include "aggregate/updates.h"
#include "codec/zip.h"

/* NumPy's arrays as updates: a .npy, and an .npz, which is a ZIP archive of them. */

enum { MEMBERS_MAX = 4096 };

static enum err rows_add(struct updates *u, const char *file, const struct npy_array *array, struct diag *diag)
{
    size_t rows = array->dimensions == 2 ? array->counts[0] : 1, columns = array->total / rows;
    if (rows > VECTOR_ROWS_MAX)
        return diag_set(diag, ERR_LIMIT, "%s: %zu rows: at most %d", file, rows, VECTOR_ROWS_MAX);
    double *values = mem_array(array->total, sizeof values[0]), *row;
    enum err err = ERR_OK;
    npy_numbers(array, values);
    for (size_t i = 0; err == ERR_OK && i < rows; i++) {
        err = updates_add_row(u, file, columns, &row, diag);
        if (err == ERR_OK)
            memcpy(row, values + i * columns, columns * sizeof row[0]);
    }
    mem_free(values);
    return err;
}

enum err updates_add_npy(struct updates *u, const char *file, struct bytes bytes, struct diag *diag)
{
    struct npy_array array;
    enum err err = npy_parse(file, bytes, &array, diag);
    if (err == ERR_OK && array.dimensions != 1 && array.dimensions != 2)
        err = diag_set(diag, ERR_SYNTAX, "%s: a shape other than (n,) or (rows, n)", file);
    return err == ERR_OK ? rows_add(u, file, &array, diag) : err;
}

/* ---- .npz */

/* The arrays of an archive, whose bytes are in `content`, one for each member. */
struct archive {
    unsigned count;
    struct buf *content;
    struct npy_array *arrays;
};

static void archive_free(struct archive *a)
{
    for (unsigned i = 0; i < a->count; i++)
        buf_free(&a->content[i]);
    mem_free(a->content);
    mem_free(a->arrays);
}

static enum err member_read(const char *file, const struct zip_member *member, struct archive *a, struct diag *diag)
{
    struct buf place = {0};
    a->content = mem_resize(a->content, a->count + 1, sizeof a->content[0]);
    a->arrays = mem_resize(a->arrays, a->count + 1, sizeof a->arrays[0]);
    a->content[a->count] = (struct buf){0};
    buf_printf(&place, "%.200s: %.100s", file, member->name);
    enum err err = zip_member_read(member, &a->content[a->count], diag);
    if (err != ERR_OK)
        diag_prefix(diag, err, "%s", buf_text(&place));
    else
        err = npy_parse(buf_text(&place), bytes_of_buf(&a->content[a->count]), &a->arrays[a->count], diag);
    a->count++;
    buf_free(&place);
    return err;
}

/* Its names and shapes, so that the layers of one update are not added to others. */
static struct digest layers_hash(const struct archive *a, const struct zip_member *members)
{
    struct digest_context c;
    digest_init(&c);
    for (unsigned i = 0; i < a->count; i++) {
        digest_add(&c, members[i].name, strlen(members[i].name) + 1);
        digest_add(&c, &a->arrays[i].dimensions, sizeof a->arrays[i].dimensions);
        digest_add(&c, a->arrays[i].counts, a->arrays[i].dimensions * sizeof a->arrays[i].counts[0]);
    }
    return digest_final(&c);
}

/* Several arrays are the layers of one update: one after another, each in C's order. */
static enum err layers_add(struct updates *u, const char *file, const struct archive *a,
                           const struct zip_member *members, struct diag *diag)
{
    size_t columns = 0;
    double *row;
    struct digest hash = layers_hash(a, members);
    if (u->has_layers && !digest_equal(&u->layers, &hash))
        return diag_set(diag, ERR_MISMATCH,
                        "%s: its arrays have other names or shapes than those of the archive before", file);
    u->has_layers = true;
    u->layers = hash;
    for (unsigned i = 0; i < a->count; i++)
        columns += a->arrays[i].total;
    enum err err = updates_add_row(u, file, columns, &row, diag);
    for (unsigned i = 0; i < a->count && err == ERR_OK; i++) {
        npy_numbers(&a->arrays[i], row);
        row += a->arrays[i].total;
    }
    return err;
}

enum err updates_add_npz(struct updates *u, const char *file, struct bytes bytes, struct diag *diag)
{
    struct zip_member *members = NULL;
    struct archive a = {0};
    unsigned count = 0;
    enum err err = zip_members(bytes, MEMBERS_MAX, &members, &count, diag);
    if (err != ERR_OK)
        diag_prefix(diag, err, "%s", file);
    else if (count == 0)
        err = diag_set(diag, ERR_MISSING, "%s: an archive without arrays", file);
    for (unsigned i = 0; i < count && err == ERR_OK; i++)
        err = member_read(file, &members[i], &a, diag);
    if (err == ERR_OK && a.count == 1 && (a.arrays[0].dimensions == 1 || a.arrays[0].dimensions == 2))
        err = rows_add(u, file, &a.arrays[0], diag);
    else if (err == ERR_OK)
        err = layers_add(u, file, &a, members, diag);
    archive_free(&a);
    zip_members_free(members, count);
    return err;
}

enum err updates_add(struct updates *u, const char *file, struct bytes bytes, bool is_named, struct diag *diag)
{
    if (npy_is(bytes))
        return updates_add_npy(u, file, bytes, diag);
    if (zip_is(bytes))
        return updates_add_npz(u, file, bytes, diag);
    return updates_add_csv(u, file, bytes, is_named, diag);
}

void updates_encode_npy(const double *values, size_t columns, struct buf *out)
{
    npy_encode(values, columns, out);
}
