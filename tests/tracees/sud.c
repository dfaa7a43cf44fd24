/* A27: Syscall User Dispatch turns calls into SIGSYS before any tracer sees them; the handler then does the act. */
#include "tracee.h"
#include <linux/prctl.h>
#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif
static volatile char selector;
static char *path;
static int result = -1;
static void on_sys(int sig, siginfo_t *info, void *ctx) {
    selector = 0;
    result = mkdir(path, 0755);
}
int main(int argc, char **argv) {
    struct sigaction sa = {.sa_sigaction = on_sys, .sa_flags = SA_SIGINFO};
    path = in(argv[1], "canary");
    sigaction(SIGSYS, &sa, NULL);
    if (prctl(PR_SET_SYSCALL_USER_DISPATCH, 1, 0, 0, &selector)) skip("PR_SET_SYSCALL_USER_DISPATCH");
    selector = 1;
    syscall(SYS_getppid);
    selector = 0;
    return result;
}
