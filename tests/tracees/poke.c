/* A09: one process of the step writes into another, which then acts for it. argv[2]: vm, mem, ptrace. */
#include "tracee.h"
static char where[4096] = "nothing here";
int main(int argc, char **argv) {
    int go[2], status;
    char c, *text = in(argv[1], "canary");
    must(pipe(go), "pipe");
    pid_t pid = must(fork(), "fork");
    if (!pid) {
        close(go[1]);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        read(go[0], &c, 1);
        _exit(mkdir(where, 0755) != 0);
    }
    size_t n = strlen(text) + 1;
    if (!strcmp(argv[2], "vm")) {
        struct iovec mine = {text, n}, theirs = {where, n};
        if (process_vm_writev(pid, &mine, 1, &theirs, 1, 0) != (ssize_t)n) die("process_vm_writev");
    } else if (!strcmp(argv[2], "mem")) {
        char proc[64];
        snprintf(proc, sizeof proc, "/proc/%d/mem", pid);
        int fd = must(open(proc, O_RDWR), proc);
        if (pwrite(fd, text, n, (uintptr_t)where) != (ssize_t)n) die("write mem");
    } else {
        if (ptrace(PTRACE_ATTACH, pid, 0, 0)) die("PTRACE_ATTACH");
        must(waitpid(pid, &status, __WALL), "wait");
        for (size_t i = 0; i < n; i += sizeof(long)) {
            long word = 0;
            memcpy(&word, text + i, n - i < sizeof word ? n - i : sizeof word);
            if (ptrace(PTRACE_POKEDATA, pid, where + i, word)) die("PTRACE_POKEDATA");
        }
        must(ptrace(PTRACE_DETACH, pid, 0, 0), "detach");
    }
    write(go[1], "x", 1);
    reap(pid);
    return 0;
}
