#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/prng.h"
#include "base/spool.h"
#include "tap.h"

static char folder[] = "/tmp/prismfed-spool-XXXXXX";

static unsigned files_in(const char *path)
{
    DIR *dir = opendir(path);
    unsigned count = 0;

    while (dir != NULL && readdir(dir) != NULL)
        count++;
    if (dir != NULL)
        closedir(dir);
    return count - 2;
}

/* Pieces of any length come back, wherever one asks; the file has no name. */
static void pieces_come_back(struct spool_room *room)
{
    struct spool *s = spool_new(room);
    struct buf all = {0};
    struct prng prng;
    uint8_t piece[3000], back[6000];

    tap_seed(7);
    prng_seed(&prng, 7);
    for (unsigned i = 0; i < 300; i++) {
        size_t len = (size_t)prng_below(&prng, sizeof piece);

        for (size_t k = 0; k < len; k++)
            piece[k] = (uint8_t)prng_next(&prng);
        buf_add(&all, piece, len);
        spool_add(s, bytes_of(piece, len));
        len = (size_t)prng_below(&prng, (all.len < sizeof back ? all.len : sizeof back) + 1);
        uint64_t at = prng_below(&prng, all.len - len + 1);
        CHECK_OK(spool_read(s, at, back, len));
        CHECK(len == 0 || memcmp(back, all.data + at, len) == 0);
    }
    CHECK_EQ_U64(spool_size(s), all.len);
    CHECK_EQ_U64(files_in(folder), 0);
    spool_free(s);
    buf_free(&all);
}

static void in_memory(void)
{
    pieces_come_back(NULL);
}

static void in_a_file(void)
{
    struct spool_room room = {.folder = folder};

    pieces_come_back(&room);
    CHECK_OK(room.err);
}

static void add_much(struct spool_room *room)
{
    struct spool *s = spool_new(room);
    uint8_t piece[1000] = {1};

    for (unsigned i = 0; i < 100; i++)
        spool_add(s, bytes_of(piece, sizeof piece));
    spool_free(s);
}

static void a_folder_that_is_not_there(void)
{
    struct spool_room room = {.folder = "/tmp/prismfed-no-such-folder"};

    add_much(&room);
    CHECK_ERR(room.err, ERR_IO);
    CHECK(strstr(room.diag.text, "/tmp/prismfed-no-such-folder: cannot make") != NULL);
}

/* In a child, whose limits end with it. */
static void a_full_disk_is_known_to_the_room(void)
{
    int status;
    pid_t child;

    fflush(stdout);
    child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        struct rlimit limit = {50000, 50000};
        struct spool_room room = {.folder = folder};

        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        add_much(&room);
        _exit(room.err == ERR_IO && strstr(room.diag.text, "cannot write") != NULL ? 42 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42);
}

int main(void)
{
    if (mkdtemp(folder) == NULL)
        return 1;
    TAP_RUN(in_memory);
    TAP_RUN(in_a_file);
    TAP_RUN(a_folder_that_is_not_there);
    TAP_RUN(a_full_disk_is_known_to_the_room);
    rmdir(folder);
    return tap_done();
}
