/* A program that is out to get away: escape WAY [ARGUMENT]. What it has found it prints; some ways sleep for
 * $TEST_MARK seconds, so that a test finds what is left of them (mark.h). */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static void say(const char *text)
{
    puts(text);
    fflush(stdout);
}

static _Noreturn void sleep_on(void)
{
    execlp("sleep", "sleep", getenv("TEST_MARK"), (char *)NULL);
    _exit(1);
}

static pid_t parent_of(pid_t pid)
{
    char path[64], text[512] = "";
    FILE *f;
    int parent = 0;

    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    f = fopen(path, "r");
    if (f == NULL)
        return 0;
    if (fgets(text, sizeof text, f) != NULL && strrchr(text, ')') != NULL)
        sscanf(strrchr(text, ')'), ") %*c %d", &parent);
    fclose(f);
    return parent;
}

/* One digit for each process above us: is it sent the signal? */
static void signal_above(const char *which, int number)
{
    pid_t above[8];
    unsigned count = 0;

    for (pid_t pid = getppid(); pid > 0 && count < strlen(which); pid = parent_of(pid))
        above[count++] = pid;
    for (unsigned i = count; i > 0; i--) {
        if (which[i - 1] == '1')
            (void)kill(above[i - 1], number);
    }
}

/* A grandchild in a session of its own, so that its death is nobody's duty. */
static void kill_above(const char *which)
{
    pid_t chain[8];
    unsigned count = 0;
    char ready;
    int pipes[2];

    for (pid_t pid = getppid(); pid > 0 && count < strlen(which); pid = parent_of(pid))
        chain[count++] = pid;
    if (pipe(pipes) != 0)
        _exit(1);
    if (fork() == 0) {
        setsid();
        if (fork() != 0)
            _exit(0);
        (void)!write(pipes[1], "", 1);
        for (unsigned i = count; i > 0; i--) {
            if (which[i - 1] == '1')
                (void)kill(chain[i - 1], SIGKILL);
        }
        sleep_on();
    }
    (void)!read(pipes[0], &ready, 1);
    sleep_on();
}

static void *fork_many(void *context)
{
    (void)context;
    for (int i = 0; i < 40; i++) {
        if (fork() == 0)
            sleep_on();
    }
    pause();
    return NULL;
}

static void fork_in_a_thread(void)
{
    pthread_t thread;

    pthread_create(&thread, NULL, fork_many, NULL);
    pthread_join(thread, NULL);
}

/* Many small files below a folder. */
static void write_files(const char *kilobytes)
{
    static char block[16384];
    int count = atoi(kilobytes) / 16, written = 0;

    if (chdir(getenv("HOME")) != 0)
        _exit(1);
    for (int i = 0; i < count; i++) {
        char name[32];

        snprintf(name, sizeof name, "f%d", i);
        FILE *f = fopen(name, "w");
        written += f != NULL && fwrite(block, sizeof block, 1, f) == 1;
        if (f != NULL)
            fclose(f);
    }
    printf("%d\n", written);
}

/* Whether anybody's environment holds the text. */
static void find_secret(const char *text)
{
    DIR *proc = opendir("/proc");

    say(getenv("PRISMFED_TEST_SECRET") != NULL ? "given" : "not given");
    for (struct dirent *e; proc != NULL && (e = readdir(proc)) != NULL;) {
        static char all[1 << 20];
        char path[300];
        FILE *f;

        if (e->d_name[0] < '0' || e->d_name[0] > '9' || atoi(e->d_name) == getpid()) /* it is in our command line */
            continue;
        snprintf(path, sizeof path, "/proc/%s/environ", e->d_name);
        f = fopen(path, "r");
        if (f == NULL)
            continue;
        size_t n = fread(all, 1, sizeof all, f);
        fclose(f);
        if (memmem(all, n, text, strlen(text)) != NULL)
            say("found");
    }
    if (proc != NULL)
        closedir(proc);
}

static void open_file(const char *path, int flags)
{
    int fd = open(path, flags, 0600);

    say(fd >= 0 ? "opened" : "refused");
}

static void reach(const char *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    int tcp = socket(AF_INET, SOCK_STREAM, 0), udp = socket(AF_INET, SOCK_DGRAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    say(tcp >= 0 && connect(tcp, (struct sockaddr *)&address, sizeof address) == 0 ? "tcp" : "no tcp");
    say(udp >= 0 && sendto(udp, "", 1, 0, (struct sockaddr *)&address, sizeof address) == 1 ? "udp" : "no udp");
}

static void trace_above(void)
{
    say(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0 ? "traced" : "refused");
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "", *argument = argc > 2 ? argv[2] : "";

    if (strcmp(way, "stop") == 0) {
        signal_above(argument, SIGSTOP);
        sleep_on();
    } else if (strcmp(way, "kill") == 0) {
        kill_above(argument);
    } else if (strcmp(way, "thread") == 0) {
        fork_in_a_thread();
    } else if (strcmp(way, "files") == 0) {
        write_files(argument);
    } else if (strcmp(way, "secret") == 0) {
        find_secret(argument);
    } else if (strcmp(way, "read") == 0) {
        open_file(argument, O_RDONLY);
    } else if (strcmp(way, "write") == 0) {
        open_file(argument, O_WRONLY | O_CREAT);
    } else if (strcmp(way, "reach") == 0) {
        reach(argument);
    } else if (strcmp(way, "trace") == 0) {
        trace_above();
    } else {
        return 2;
    }
    return 0;
}
