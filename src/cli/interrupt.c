#include "cli/interrupt.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* A handler may call little (POSIX.1-2008, 2.4.3): the text lies ready, and is written by write(). */

enum { TEXT_MAX = 8192 };

static char text[TEXT_MAX];
static volatile sig_atomic_t length;

static void say_and_die(int number)
{
    size_t done = 0, all = (size_t)length;

    while (done < all) {
        ssize_t n = write(STDERR_FILENO, text + done, all - done);

        if (n <= 0)
            break;
        done += (size_t)n;
    }
    /* SA_RESETHAND: this time it is the system's own way */
    (void)raise(number);
}

static void handle(int number)
{
    struct sigaction action = {.sa_handler = say_and_die, .sa_flags = (int)SA_RESETHAND | SA_NODEFER}, now;

    /* who was started with the signal ignored goes on ignoring it */
    if (sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN)
        return;
    sigemptyset(&action.sa_mask);
    (void)sigaction(number, &action, NULL);
}

void interrupt_says(struct bytes said)
{
    length = 0;
    if (said.len > TEXT_MAX)
        return;
    memcpy(text, said.data, said.len);
    length = (sig_atomic_t)said.len;
    handle(SIGINT);
    handle(SIGTERM);
}

void interrupt_is_silent(void)
{
    length = 0;
}
