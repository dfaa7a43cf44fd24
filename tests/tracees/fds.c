/* G08: nothing of the recorder's may be open in the step: 0, 1 and 2, and no more. Prints what else there is. */
#include "tracee.h"
int main(int argc, char **argv) {
    int more = 0;
    char link[4096], name[64];
    for (int fd = 3; fd < 4096; fd++) {
        if (fcntl(fd, F_GETFD) < 0) continue;
        snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(name, link, sizeof link);
        fprintf(stderr, "descriptor %d is %.*s\n", fd, (int)n, link);
        more++;
    }
    sigset_t set;
    sigprocmask(SIG_BLOCK, NULL, &set);
    for (int s = 1; s < 32; s++) {
        struct sigaction sa;
        if (sigismember(&set, s)) fprintf(stderr, "signal %d is blocked\n", s), more++;
        if (s != SIGKILL && s != SIGSTOP && !sigaction(s, NULL, &sa) && sa.sa_handler != SIG_DFL) fprintf(stderr, "signal %d is not at its default\n", s), more++;
    }
    return more != 0;
}
