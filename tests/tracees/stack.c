/* G20: `N PROG ARG...` fills up what a process may have of seccomp filters and then runs PROG. */
#include "bpf.h"
int main(int argc, char **argv) {
    static struct sock_filter code[4096];
    for (int i = 0; i < 4095; i++) code[i] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0);
    code[4095] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog prog = {4096, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) die("no_new_privs");
    while (!syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog)) {}
    for (prog.len = 2048; prog.len >= 8; prog.len /= 2) {
        prog.filter = code + 4096 - prog.len;
        while (!syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog)) {}
    }
    execv(argv[1], argv + 1);
    die("execv");
}
