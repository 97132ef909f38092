/* Control groups are folders; their settings are files. */
#define _GNU_SOURCE

#include "program/control_group.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "program/processes.h"

enum { THREADS = 64 }; /* that a process may have, on average */

/* Where the second version is mounted: the fourth field after " - cgroup2" says nothing that we need, the fifth field
 * of the line is the place (proc_pid_mountinfo(5)). */
static bool mount_find(char *out, size_t size)
{
    FILE *f = fopen("/proc/self/mountinfo", "r");
    char line[4096], place[CONTROL_GROUP_PATH];
    bool found = false;

    while (f != NULL && !found && fgets(line, sizeof line, f) != NULL) {
        found = strstr(line, " - cgroup2 ") != NULL && sscanf(line, "%*s %*s %*s %*s %511s", place) == 1;
        if (found)
            snprintf(out, size, "%s", place);
    }
    if (f != NULL)
        fclose(f);
    return found;
}

void control_group_find(char path[CONTROL_GROUP_PATH])
{
    char mounted[CONTROL_GROUP_PATH], line[4096];
    FILE *f = fopen("/proc/self/cgroup", "r");

    path[0] = '\0';
    if (f == NULL)
        return;
    while (mount_find(mounted, sizeof mounted) && fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, "0::/", 4) != 0)
            continue;
        line[strcspn(line, "\n")] = '\0';
        if (strlen(mounted) + strlen(line) + 64 < CONTROL_GROUP_PATH)
            text_put(text_put(path, mounted), strcmp(line, "0::/") == 0 ? "" : line + 3);
        break;
    }
    fclose(f);
}

static int file_open(const struct control_group *group, const char *name, int flags)
{
    char path[CONTROL_GROUP_PATH + 64];

    text_put(text_put(text_put(path, group->path), "/"), name);
    return open(path, flags | O_CLOEXEC);
}

static bool setting_write(const struct control_group *group, const char *name, const char *value)
{
    int fd = file_open(group, name, O_WRONLY);
    bool ok = fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value);

    if (fd >= 0)
        close(fd);
    return ok;
}

/* A process that was killed leaves its group behind, empty, and its number is given to others later. */
static bool folder_make(const char *path)
{
    return mkdir(path, 0755) == 0 || (errno == EEXIST && rmdir(path) == 0 && mkdir(path, 0755) == 0);
}

bool control_group_make(const char *parent, uint64_t memory, unsigned processes, struct control_group *out)
{
    struct control_group group = {0};
    char number[24];

    out->path[0] = '\0';
    if (parent[0] == '\0' || strlen(parent) + 40 > CONTROL_GROUP_PATH)
        return false;
    text_put_number(text_put(text_put(group.path, parent), "/prismfed-"), (uint64_t)getpid());
    if (!folder_make(group.path))
        return false;
    text_put_number(number, memory);
    group.counts_memory = memory > 0 && setting_write(&group, "memory.max", number);
    (void)(group.counts_memory && setting_write(&group, "memory.swap.max", "0"));
    text_put_number(number,
                    ((uint64_t)processes + 1) * THREADS); /* it counts threads; the exact number is the warden's */
    (void)setting_write(&group, "pids.max", number);
    *out = group;
    return true;
}

bool control_group_enter(const struct control_group *group)
{
    return group->path[0] != '\0' && setting_write(group, "cgroup.procs", "0");
}

void control_group_kill(const struct control_group *group)
{
    if (group->path[0] != '\0')
        (void)setting_write(group, "cgroup.kill", "1");
}

bool control_group_memory_ran_out(const struct control_group *group)
{
    char text[512];
    ssize_t n = 0;
    const char *at;
    int fd = group->counts_memory ? file_open(group, "memory.events", O_RDONLY) : -1;

    if (fd >= 0) {
        n = read(fd, text, sizeof text - 1);
        close(fd);
    }
    text[n > 0 ? n : 0] = '\0';
    at = strstr(text, "oom_kill ");
    return at != NULL && at[9] != '0';
}

void control_group_remove(struct control_group *group)
{
    if (group->path[0] != '\0')
        (void)rmdir(group->path);
    group->path[0] = '\0';
}
