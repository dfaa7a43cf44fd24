/* F13, E12, K7: `hold FILE PROG ARG...` runs PROG beside a process outside the step that keeps FILE open at 9 and a secret in
   memory; its number is in $VAULT. `fd`: takes the descriptor by pidfd_getfd. `mem`, `vm`, `environ`, `ptrace`: reads the secret. */
#include "tracee.h"
static char secret[64] = "marker-";
int main(int argc, char **argv) {
    char *how = argv[1], text[64], name[64];
    if (!strcmp(how, "hold")) {
        must(dup2(must(open(argv[2], O_RDWR | O_CREAT, 0666), argv[2]), 9), "dup2");
        fcntl(9, F_SETFD, FD_CLOEXEC);
        strcat(secret, "of-the-vault");
        snprintf(text, sizeof text, "%d:%lx", getpid(), (unsigned long)secret);
        setenv("VAULT", text, 1);
        beside(argv + 3);
        for (;;) pause();
    }
    pid_t pid = 0;
    unsigned long at = 0;
    sscanf(getenv("VAULT") ? getenv("VAULT") : "", "%d:%lx", &pid, &at);
    if (kill(pid, 0) && errno == ESRCH) quit(76, "the process is not to be seen from here");
    struct iovec mine = {secret, sizeof secret}, theirs = {(void *)at, sizeof secret};
    memset(secret, 0, sizeof secret);
    if (!strcmp(how, "fd")) {
        int p = must(syscall(SYS_pidfd_open, pid, 0), "pidfd_open"), fd = must(syscall(SYS_pidfd_getfd, p, 9, 0), "pidfd_getfd");
        return write(fd, "by a stolen descriptor", 22) != 22;
    } else if (!strcmp(how, "vm")) {
        must(process_vm_readv(pid, &mine, 1, &theirs, 1, 0), "process_vm_readv");
    } else if (!strcmp(how, "mem")) {
        snprintf(name, sizeof name, "/proc/%d/mem", pid);
        must(pread(must(open(name, O_RDONLY), name), secret, sizeof secret, at), "read");
    } else {
        must(ptrace(PTRACE_ATTACH, pid, 0, 0), "PTRACE_ATTACH");
        waitpid(pid, NULL, __WALL);
        for (int i = 0; i < 64; i += 8) *(long *)(secret + i) = ptrace(PTRACE_PEEKDATA, pid, at + i, 0);
        must(ptrace(PTRACE_DETACH, pid, 0, 0), "PTRACE_DETACH");
    }
    puts(secret);
    return strcmp(secret, "marker-of-the-vault") != 0;
}
