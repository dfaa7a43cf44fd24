/* Runs argv[3...] as on a kernel that lacks something. argv[2]: wakeup (listeners cannot be told how to wake), getfd (no
   descriptor can be taken out of another process), listener (there is one around us already). */
#include "bpf.h"
int main(int argc, char **argv) {
    if (!strcmp(argv[2], "wakeup")) {
        struct sock_filter code[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x40082104, 0, 1), /* SECCOMP_IOCTL_NOTIF_SET_FLAGS */
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog prog = {6, code};
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) die("no_new_privs");
        must(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog), "seccomp");
    } else if (!strcmp(argv[2], "getfd")) {
        must(filter_call(438, SECCOMP_RET_ERRNO | EPERM, 0), "seccomp"); /* pidfd_getfd */
    } else {
        long fd = filter_call(1023, SECCOMP_RET_ALLOW, SECCOMP_FILTER_FLAG_NEW_LISTENER);
        if (fd < 0) skip("seccomp");
        must(fcntl((int)fd, F_SETFD, 0), "F_SETFD");
    }
    execv(argv[3], argv + 3);
    die("execv");
}
