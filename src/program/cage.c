/* What a program may see: a cleared environment and a list of files for Landlock. Landlock can only allow, and what it
 * allows for a folder it allows for all below it; so where a program's own folder holds what is others', its entries
 * are named one by one. */
#define _GNU_SOURCE

#include "program/cage.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mutate.h"

enum { READ_AND_RUN = CONFINE_READ | CONFINE_EXECUTE, PATHS_MAX = 4096, DEPTH_MAX = 32 };

/* ---- its surroundings */

static const char *const set_names[] = {"HOME", "TMPDIR", "LANG", "LANGUAGE", "TZ", "PYTHONHASHSEED"};

bool cage_is_set(const char *name, size_t len)
{
    if (len >= 3 && memcmp(name, "LC_", 3) == 0)
        return true;
    for (unsigned i = 0; i < sizeof set_names / sizeof set_names[0]; i++) {
        if (strlen(set_names[i]) == len && memcmp(set_names[i], name, len) == 0)
            return true;
    }
    return false;
}

static void environment_add(struct cage *cage, const char *name, const char *value)
{
    struct buf text = {0};
    char *entry;

    buf_printf(&text, "%s=%s", name, value);
    entry = mem_alloc(text.len + 1);
    memcpy(entry, buf_text(&text), text.len + 1);
    buf_free(&text);
    cage->environment = mem_resize(cage->environment, (size_t)cage->environment_count + 1, sizeof cage->environment[0]);
    cage->environment[cage->environment_count++] = entry;
}

static const char *path_variable(void)
{
    const char *path = getenv("PATH");

    return path != NULL && *path != '\0' ? path : "/usr/local/bin:/usr/bin:/bin";
}

/* What makes an answer depend on where it is given is made the same everywhere. */
static void environment_fill(struct cage *cage, const struct cage_rules *rules)
{
    environment_add(cage, "LC_ALL", "C.UTF-8");
    environment_add(cage, "TZ", "UTC");
    environment_add(cage, "PYTHONHASHSEED", "0");
    environment_add(cage, "PATH", path_variable());
    for (unsigned i = 0; i < rules->environment_count; i++) {
        const char *name = rules->environment[i], *value = getenv(name);

        if (value != NULL && strcmp(name, "PATH") != 0 && !cage_is_set(name, strlen(name)))
            environment_add(cage, name, value);
    }
}

/* ---- its files */

static void path_add(struct cage *cage, const char *path, unsigned access)
{
    char *copy = mem_alloc(strlen(path) + 1);

    memcpy(copy, path, strlen(path) + 1);
    cage->paths = mem_resize(cage->paths, (size_t)cage->path_count + 1, sizeof cage->paths[0]);
    cage->paths[cage->path_count++] = (struct confine_path){copy, access};
}

/* The system's own, which are nobody's secret. */
static void paths_of_the_system(struct cage *cage)
{
    static const struct confine_path system[] = {
        {"/usr", READ_AND_RUN},
        {"/bin", READ_AND_RUN},
        {"/sbin", READ_AND_RUN},
        {"/lib", READ_AND_RUN},
        {"/lib32", READ_AND_RUN},
        {"/lib64", READ_AND_RUN},
        {"/libx32", READ_AND_RUN},
        {"/opt", READ_AND_RUN},
        {"/etc/alternatives", READ_AND_RUN},
        {"/etc/group", CONFINE_READ},
        {"/etc/ld.so.cache", CONFINE_READ},
        {"/etc/ld.so.conf", CONFINE_READ},
        {"/etc/ld.so.conf.d", CONFINE_READ},
        {"/etc/ld.so.preload", CONFINE_READ},
        {"/etc/locale.alias", CONFINE_READ},
        {"/etc/localtime", CONFINE_READ},
        {"/etc/nsswitch.conf", CONFINE_READ},
        {"/etc/passwd", CONFINE_READ},
        {"/etc/timezone", CONFINE_READ},
        {"/proc", CONFINE_READ},
        {"/sys/devices/system", CONFINE_READ},
        {"/sys/fs/cgroup", CONFINE_READ},
        {"/sys/kernel/mm/transparent_hugepage", CONFINE_READ},
        {"/dev/full", CONFINE_READ | CONFINE_WRITE},
        {"/dev/null", CONFINE_READ | CONFINE_WRITE},
        {"/dev/random", CONFINE_READ},
        {"/dev/urandom", CONFINE_READ},
        {"/dev/zero", CONFINE_READ | CONFINE_WRITE},
    };

    for (unsigned i = 0; i < sizeof system / sizeof system[0]; i++)
        path_add(cage, system[i].path, system[i].access);
    MUTATE(CAGE_ALL_FILES, path_add(cage, "/", CONFINE_READ), (void)0);
}

/* Settings of the languages that programs are written in. */
static void paths_of_languages(struct cage *cage)
{
    static const char *const prefixes[] = {"R", "java", "julia", "octave", "openmpi", "perl", "python", "OpenCL"};
    DIR *folder = opendir("/etc");

    for (struct dirent *e; folder != NULL && (e = readdir(folder)) != NULL;) {
        for (unsigned i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
            char path[PATH_MAX];

            if (strncmp(e->d_name, prefixes[i], strlen(prefixes[i])) != 0)
                continue;
            snprintf(path, sizeof path, "/etc/%s", e->d_name);
            path_add(cage, path, CONFINE_READ);
        }
    }
    if (folder != NULL)
        closedir(folder);
}

/* Does outer hold inner, or are they one? Both as realpath() gives them. */
static bool holds(const char *outer, const char *inner)
{
    size_t len = strlen(outer);

    if (len == 1) /* the root */
        return true;
    return strncmp(outer, inner, len) == 0 && (inner[len] == '/' || inner[len] == '\0');
}

static char *real_path(const char *folder, const char *name)
{
    struct buf path = {0};
    char *real;

    buf_printf(&path, "%s%s%s", *name == '/' ? "" : folder, *name == '/' ? "" : "/", name);
    real = realpath(buf_text(&path), NULL);
    buf_free(&path);
    return real;
}

/* "bin" of an installation in a folder of its own (a virtual environment, a home-made prefix) is of little use
 * without what stands beside it. */
static void paths_of_commands(struct cage *cage)
{
    static const char *const tails[] = {"/bin", "/sbin", "/shims"};
    char *home = getenv("HOME") != NULL ? realpath(getenv("HOME"), NULL) : NULL;

    for (const char *p = path_variable(); *p != '\0'; p += strcspn(p, ":"), p += *p == ':') {
        char name[PATH_MAX], *real;

        snprintf(name, sizeof name, "%.*s", (int)strcspn(p, ":"), p);
        real = *name == '/' ? realpath(name, NULL) : NULL;
        if (real == NULL)
            continue;
        path_add(cage, real, READ_AND_RUN);
        for (unsigned i = 0; i < sizeof tails / sizeof tails[0]; i++) {
            size_t len = strlen(real), tail = strlen(tails[i]);

            if (len > tail && strcmp(real + len - tail, tails[i]) == 0)
                real[len - tail] = '\0';
            else
                continue;
            if (home == NULL || !holds(real, home))
                path_add(cage, real, READ_AND_RUN);
            break;
        }
        free(real);
    }
    free(home);
}

/* What is others', as real paths; below a program's own folder. */
struct hidden {
    unsigned count;
    char **paths;
};

static void hidden_add(struct hidden *h, char *path)
{
    h->paths = mem_resize(h->paths, (size_t)h->count + 1, sizeof h->paths[0]);
    h->paths[h->count++] = path;
}

static void hidden_free(struct hidden *h)
{
    for (unsigned i = 0; i < h->count; i++)
        free(h->paths[i]);
    mem_free(h->paths);
}

/* Is one of the program's own files below this folder (or in it)? */
static bool holds_own(const struct cage_rules *rules, const char *folder)
{
    bool found = false;

    for (unsigned i = 0; i < rules->file_count && !found; i++) {
        char *real = real_path(rules->folder, rules->files[i]);

        found = real != NULL && holds(folder, real);
        free(real);
    }
    for (unsigned i = 0; rules->arguments[i] != NULL && !found; i++) {
        char *real = real_path(rules->folder, rules->arguments[i]);

        found = real != NULL && holds(folder, real);
        free(real);
    }
    return found;
}

/* A folder that holds a file of others and none of ours is theirs as a whole. */
static void hidden_of_others(struct hidden *h, const struct cage_rules *rules)
{
    for (unsigned i = 0; i < rules->hidden_count; i++) {
        char *real = real_path(rules->folder, rules->hidden[i]), *slash;

        if (real == NULL)
            continue;
        if (!holds_own(rules, real)) {
            while ((slash = strrchr(real, '/')) != NULL && slash != real) {
                *slash = '\0';
                if (holds_own(rules, real)) {
                    *slash = '/';
                    break;
                }
            }
            hidden_add(h, real);
        } else {
            free(real);
        }
    }
}

/* Whoever keeps a scenario at home does not mean to show what programs keep there. */
static void hidden_at_home(struct hidden *h)
{
    const char *home = getenv("HOME");
    DIR *folder = home != NULL ? opendir(home) : NULL;

    for (struct dirent *e; folder != NULL && (e = readdir(folder)) != NULL;) {
        char *real;

        if (e->d_name[0] != '.' || strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        real = real_path(home, e->d_name);
        if (real != NULL)
            hidden_add(h, real);
    }
    if (folder != NULL)
        closedir(folder);
}

static bool is_hidden(const struct hidden *h, const char *path, bool *holds_some)
{
    *holds_some = false;
    for (unsigned i = 0; i < h->count; i++) {
        if (strcmp(h->paths[i], path) == 0)
            return true;
        *holds_some |= holds(path, h->paths[i]);
    }
    return false;
}

static enum err paths_below(struct cage *cage, const struct hidden *h, const char *path, unsigned depth,
                            struct diag *diag)
{
    enum err err = ERR_OK;
    bool holds_some;
    DIR *folder;

    if (is_hidden(h, path, &holds_some))
        return ERR_OK;
    if (cage->path_count >= PATHS_MAX || depth > DEPTH_MAX)
        return diag_set(diag, ERR_LIMIT,
                        "%s: there are too many files beside those of other sites; a site's program, or the other "
                        "sites' files, should have a folder of their own",
                        path);
    holds_some = MUTATE(CAGE_SHOWS_OTHERS, false, holds_some);
    path_add(cage, path, holds_some ? CONFINE_LIST : READ_AND_RUN);
    folder = holds_some ? opendir(path) : NULL;
    for (struct dirent *e; folder != NULL && err == ERR_OK && (e = readdir(folder)) != NULL;) {
        struct buf below = {0};

        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 || e->d_type == DT_LNK)
            continue;
        buf_printf(&below, "%s/%s", strcmp(path, "/") == 0 ? "" : path, e->d_name);
        err = paths_below(cage, h, buf_text(&below), depth + 1, diag);
        buf_free(&below);
    }
    if (folder != NULL)
        closedir(folder);
    return err;
}

/* A word that names a file: the file, and the folder that it lies in when that is the scenario's or one below it. A
 * word that names a folder: the folder. */
static enum err paths_of_word(struct cage *cage, const struct cage_rules *rules, const struct hidden *h,
                              const char *word, struct diag *diag)
{
    char *real = real_path(rules->folder, word), *top = realpath(rules->folder, NULL), *slash;
    enum err err = ERR_OK;
    struct stat status;

    if (*word == '\0' || real == NULL || top == NULL || strcmp(real, "/") == 0 || stat(real, &status) != 0)
        goto out;
    path_add(cage, real, S_ISDIR(status.st_mode) ? CONFINE_LIST : READ_AND_RUN);
    slash = strrchr(real, '/');
    if (!S_ISDIR(status.st_mode) && holds(top, real) && slash != NULL)
        slash[slash == real] = '\0';
    else if (!S_ISDIR(status.st_mode))
        goto out;
    err = paths_below(cage, h, real, 0, diag);
out:
    free(real);
    free(top);
    return err;
}

static enum err paths_of_its_own(struct cage *cage, const struct cage_rules *rules, struct diag *diag)
{
    struct hidden h = {0};
    enum err err;

    hidden_of_others(&h, rules);
    hidden_at_home(&h);
    err = strchr(rules->file, '/') != NULL ? paths_of_word(cage, rules, &h, rules->file, diag) : ERR_OK;
    for (unsigned i = 1; rules->arguments[0] != NULL && rules->arguments[i] != NULL && err == ERR_OK; i++)
        err = paths_of_word(cage, rules, &h, rules->arguments[i], diag);
    for (unsigned i = 0; i < rules->file_count; i++) {
        char *real = real_path(rules->folder, rules->files[i]);

        if (real != NULL)
            path_add(cage, real, CONFINE_READ);
        free(real);
    }
    for (unsigned i = 0; i < rules->readable_count; i++) {
        char *real = real_path(rules->folder, rules->readable[i]);

        if (real != NULL)
            path_add(cage, real, READ_AND_RUN);
        free(real);
    }
    hidden_free(&h);
    return err;
}

enum err cage_init(struct cage *cage, const struct cage_rules *rules, struct diag *diag)
{
    struct cage made = {.network = rules->network};
    enum err err;

    environment_fill(&made, rules);
    paths_of_the_system(&made);
    paths_of_languages(&made);
    paths_of_commands(&made);
    err = paths_of_its_own(&made, rules, diag);
    if (err != ERR_OK)
        cage_fini(&made);
    else
        *cage = made;
    return err;
}

void cage_fini(struct cage *cage)
{
    for (unsigned i = 0; i < cage->environment_count; i++)
        mem_free(cage->environment[i]);
    for (unsigned i = 0; i < cage->path_count; i++)
        mem_free((void *)(uintptr_t)cage->paths[i].path);
    mem_free(cage->environment);
    mem_free(cage->paths);
    *cage = (struct cage){0};
}

/* ---- what is said of it */

static void list_add(struct buf *out, const char *name)
{
    buf_printf(out, "%s%s", out->len > 0 ? ", " : "", name);
}

void cage_text(unsigned force, bool network_allowed, struct buf *out)
{
    static const struct {
        unsigned force;
        const char *name;
    } all[] = {
        {CAGE_PROCESSES, "processes of its own (pid namespace)"},
        {CAGE_SIGNALS, "no signals to others"},
        {CAGE_FILES, "only its own files (Landlock)"},
        {CAGE_NETWORK, "no network"},
        {CAGE_SPACE, "a working folder of limited size (tmpfs)"},
        {CAGE_GROUP, "a control group"},
    };
    struct buf has = {0}, lacks = {0};

    if ((force & CAGE_PROCESSES) != 0)
        force |= CAGE_SIGNALS; /* it sees nobody else */
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i].force == CAGE_NETWORK && network_allowed)
            continue;
        if (all[i].force == CAGE_NETWORK && (force & (CAGE_NETWORK | CAGE_TCP)) == CAGE_TCP)
            list_add(&has, "no TCP");
        list_add((force & all[i].force) != 0 ? &has : &lacks, all[i].name);
    }
    if (network_allowed)
        list_add(&has, "the network is allowed");
    buf_printf(out, "%s", has.len > 0 ? buf_text(&has) : "nothing");
    if (lacks.len > 0)
        buf_printf(out, "; not to be had here: %s", buf_text(&lacks));
    buf_free(&has);
    buf_free(&lacks);
}
