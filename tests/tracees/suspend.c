/* A08: a tracer with PTRACE_O_SUSPEND_SECCOMP takes the filter off its child. */
#include "bpf.h"
int main(int argc, char **argv) {
    int ready[2], go[2], status;
    char c;
    must(pipe(ready), "pipe");
    must(pipe(go), "pipe");
    pid_t pid = must(fork(), "fork");
    if (!pid) {
        if (filter_call(SYS_mkdir, SECCOMP_RET_ERRNO | EPERM, 0)) _exit(1);
        write(ready[1], "x", 1);
        read(go[0], &c, 1);
        canary(argv[1]);
        _exit(0);
    }
    read(ready[0], &c, 1);
    if (ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_SUSPEND_SECCOMP)) {
        int e = errno;
        kill(pid, SIGKILL);
        errno = e;
        die("seize with SUSPEND_SECCOMP");
    }
    write(go[1], "x", 1);
    while (waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status)) ptrace(PTRACE_CONT, pid, 0, 0);
    return !WIFEXITED(status) || WEXITSTATUS(status);
}
