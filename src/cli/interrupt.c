/* interrupt.c - Ctrl-C without a handler: the two signals are held back and asked for, so there is no global flag. */
#include "cli_int.h"

#include <signal.h>

static void both(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
}

void ohm_signals_hold(void)
{
    sigset_t set;

    both(&set);
    sigprocmask(SIG_BLOCK, &set, NULL); /* before any thread is made: they inherit it */
}

int ohm_signal_pending(void)
{
    sigset_t pending;

    if (sigpending(&pending) != 0)
        return 0;
    return sigismember(&pending, SIGINT) == 1 ? SIGINT : sigismember(&pending, SIGTERM) == 1 ? SIGTERM : 0;
}
