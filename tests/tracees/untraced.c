/* A04, A05: a child that asks not to be traced; with argv[2] "own", traced by the step itself instead. */
#include "tracee.h"
int main(int argc, char **argv) {
    int own = argc > 2, go[2], status;
    must(pipe(go), "pipe");
    pid_t pid = must(syscall(SYS_clone, CLONE_UNTRACED | SIGCHLD, 0, 0, 0, 0), "clone");
    if (!pid) {
        char c;
        close(go[1]);
        read(go[0], &c, 1);
        canary(argv[1]);
        _exit(0);
    }
    if (own && ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESECCOMP)) perror("seize");
    close(go[0]);
    close(go[1]);
    while (waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status)) ptrace(PTRACE_CONT, pid, 0, 0);
    return !WIFEXITED(status) || WEXITSTATUS(status);
}
