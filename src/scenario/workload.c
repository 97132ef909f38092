#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "evolve/family.h"
#include "program/program.h"
#include "scenario/read.h"

static const char *const names[] = {"queen",  "mycielski", "insertions", "full_insertions", "rook",
                                    "random", "planted",   "geometric",  "files",           NULL};
enum { FAMILY_FILES = 8, FAMILY_NONE, PROGRAM_KEY = 5 };

void workload_spec_default(unsigned index, struct workload_spec *out)
{
    static const char *const mixed[] = {"random", "planted", "queen", "geometric"};

    *out = (struct workload_spec){.instances = 4};
    snprintf(out->family, sizeof out->family, "%s", mixed[index % 4]);
}

/* What there is apart from numbers. */
static void spec_clear(struct workload_spec *spec)
{
    if (spec->program != NULL)
        program_spec_fini(spec->program);
    mem_free(spec->program);
    spec->program = NULL;
    for (unsigned i = 0; i < spec->file_count; i++)
        mem_free(spec->files[i]);
    mem_free(spec->files);
    spec->files = NULL;
    spec->file_count = 0;
}

void workload_spec_fini(struct workload_spec *spec)
{
    spec_clear(spec);
}

/* The path as the file system knows it: relative ones start at the scenario's own folder. */
char *scenario_resolve(const struct json_reader *r, const char *file)
{
    const char *slash = strrchr(r->doc->name, '/');
    size_t folder = slash != NULL && *file != '/' ? (size_t)(slash - r->doc->name) + 1 : 0;
    char *path = mem_alloc(folder + strlen(file) + 1);

    memcpy(path, r->doc->name, folder);
    memcpy(path + folder, file, strlen(file) + 1);
    return path;
}

static void read_file_name(struct json_reader *r, const json_t *files, unsigned i, struct workload_spec *out)
{
    const char *text = json_string_value(json_array_get(files, i));
    struct stat status;
    char key[24];

    snprintf(key, sizeof key, "%u", i);
    if (text == NULL || *text == '\0' || strlen(text) > 1024) {
        read_fail(r, key, ERR_TYPE, "expected the name of a .col file");
        return;
    }
    out->files[out->file_count++] = scenario_resolve(r, text);
    const char *path = out->files[out->file_count - 1];
    if (stat(path, &status) != 0 || access(path, R_OK) != 0)
        read_fail(r, key, ERR_IO, "cannot read the graph %s", path);
    else if (!S_ISREG(status.st_mode))
        read_fail(r, key, ERR_IO, "%s is not a regular file", path);
}

static void read_files(struct json_reader *r, const json_t *object, struct workload_spec *out)
{
    size_t mark;
    const json_t *files = read_enter_array(r, object, "files", &mark);
    size_t count = json_array_size(files);

    if (files == NULL)
        return;
    if (count < 1 || count > WORKLOAD_INSTANCES_MAX) {
        read_fail(r, NULL, ERR_RANGE, "expected 1 to %d files, found %zu", WORKLOAD_INSTANCES_MAX, count);
        return;
    }
    out->files = mem_array(count, sizeof out->files[0]);
    for (unsigned i = 0; i < count && r->err == ERR_OK; i++)
        read_file_name(r, files, i, out);
    out->instances = out->file_count;
    read_leave(r, mark);
}

/* One size alone is both ends; none at all is what is usual in the family (zeros). */
static void read_sizes(struct json_reader *r, const json_t *object, const struct family *family,
                       struct workload_spec *out)
{
    out->size_min = out->size_max = 0;
    read_unsigned(r, object, "size_min", family->size_lo, family->size_hi, &out->size_min);
    read_unsigned(r, object, "size_max", family->size_lo, family->size_hi, &out->size_max);
    if (out->size_min == 0)
        out->size_min = out->size_max;
    if (out->size_max == 0)
        out->size_max = out->size_min;
    if (out->size_max < out->size_min)
        read_fail(r, "size_max", ERR_RANGE, "%u is below size_min, which is %u", out->size_max, out->size_min);
}

static void refuse_sizes(struct json_reader *r, const json_t *object)
{
    static const char *const keys[] = {"size_min", "size_max"};

    for (unsigned i = 0; i < 2; i++) {
        if (json_object_get(object, keys[i]) != NULL)
            read_fail(r, keys[i], ERR_UNKNOWN, "files have their own sizes");
    }
}

void read_workload(struct json_reader *r, const json_t *object, const char *key, const struct space *space,
                   struct workload_spec *out)
{
    static const char *const keys[] = {"family", "instances", "size_min", "size_max", "files", "program", NULL};
    size_t mark;
    const json_t *w = read_enter_object(r, object, key, &mark);
    bool has_files = json_object_get(w, "files") != NULL;
    unsigned family = FAMILY_NONE;

    if (w == NULL)
        return;
    read_keys(r, w, keys);
    if (json_object_get(w, "program") != NULL) {
        read_keys(r, w, &keys[PROGRAM_KEY]);
        spec_clear(out);
        out->program = read_program(r, w, space);
        read_leave(r, mark);
        return;
    }
    if (has_files)
        family = FAMILY_FILES;
    read_choice(r, w, "family", names, &family);
    if (r->err == ERR_OK && has_files != (family == FAMILY_FILES))
        read_fail(r, "family", ERR_MISSING,
                  has_files ? "with \"files\" the family is \"files\""
                            : "the family \"files\" needs the key \"files\"");
    if (family == FAMILY_NONE)
        read_require(r, w, "family");
    if (r->err == ERR_OK) {
        spec_clear(out);
        snprintf(out->family, sizeof out->family, "%s", names[family]);
        if (has_files) {
            read_files(r, w, out);
            refuse_sizes(r, w);
        } else {
            read_sizes(r, w, family_find(names[family]), out);
        }
        read_unsigned(r, w, "instances", 1, has_files ? out->file_count : WORKLOAD_INSTANCES_MAX, &out->instances);
    }
    read_leave(r, mark);
}
