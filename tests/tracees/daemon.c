/* F01: a daemon by double fork and setsid acts argv[2] milliseconds after its parents have ended. */
#include "tracee.h"
int main(int argc, char **argv) {
    pid_t pid = must(fork(), "fork");
    if (pid) return 0;
    setsid();
    if (must(fork(), "fork")) _exit(0);
    for (int fd = 0; fd < 3; fd++) close(fd);
    open("/dev/null", O_RDWR), dup(0), dup(0);
    nap(atol(argv[2]));
    mkdir(in(argv[1], "canary"), 0755);
    _exit(0);
}
