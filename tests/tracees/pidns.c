/* A24: in a process id namespace of its own, numbers mean other processes; the kill must hit ours, the act be recorded. */
#include "tracee.h"
int main(int argc, char **argv) {
    private_view(CLONE_NEWPID);
    pid_t pid = must(fork(), "fork");
    if (!pid) {
        if (getpid() != 1) die("not process 1");
        pid_t two = must(fork(), "fork");
        if (!two) for (;;) pause();
        int status;
        must(kill(two, SIGTERM), "kill 2");
        if (waitpid(two, &status, 0) != two || !WIFSIGNALED(status)) die("kill missed");
        canary(argv[1]);
        _exit(0);
    }
    reap(pid);
    return 0;
}
