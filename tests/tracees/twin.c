/* Positive twins: what a normal program does with the calls whose abuse is refused. argv[2] names it. */
#include "bpf.h"
#include <netdb.h>
#include <sys/resource.h>
static int hits;
static void *hit(void *arg) {
    __atomic_fetch_add(&hits, 1, __ATOMIC_SEQ_CST);
    return NULL;
}
int main(int argc, char **argv) {
    char *how = argv[2];
    if (!strcmp(how, "threads")) {
        pthread_t t[50];
        for (int i = 0; i < 50; i++) t[i] = thread(hit, NULL);
        for (int i = 0; i < 50; i++) pthread_join(t[i], NULL);
        if (hits != 50) die("threads");
    } else if (!strcmp(how, "filter")) {
        must(filter_call(SYS_acct, SECCOMP_RET_ERRNO | EPERM, 0), "a plain filter");
    } else if (!strcmp(how, "getaddrinfo")) {
        struct addrinfo *a, hints = {.ai_socktype = SOCK_STREAM};
        if (getaddrinfo("localhost", "80", &hints, &a)) die("getaddrinfo localhost");
    } else if (!strcmp(how, "limits")) {
        struct rlimit r;
        must(prlimit(0, RLIMIT_NOFILE, NULL, &r), "prlimit 0");
        must(prlimit(getpid(), RLIMIT_NOFILE, &r, NULL), "prlimit self");
        must(setpriority(PRIO_PROCESS, 0, 5), "setpriority");
        pid_t pid = must(fork(), "fork");
        if (!pid) pause();
        must(setpriority(PRIO_PROCESS, pid, 6), "setpriority child");
        must(prlimit(pid, RLIMIT_NOFILE, &r, NULL), "prlimit child");
        must(kill(pid, SIGTERM), "kill child");
        waitpid(pid, NULL, 0);
    } else if (!strcmp(how, "pidfd")) {
        pid_t pid = must(fork(), "fork");
        if (!pid) pause();
        int fd = must(syscall(SYS_pidfd_open, pid, 0), "pidfd_open");
        must(syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0), "pidfd_send_signal");
        siginfo_t si;
        must(waitid(P_PIDFD, fd, &si, WEXITED), "waitid");
    } else if (!strcmp(how, "dumpable")) {
        must(prctl(PR_SET_DUMPABLE, 0), "PR_SET_DUMPABLE");
        if (prctl(PR_GET_DUMPABLE) != 0) die("PR_GET_DUMPABLE");
    } else if (!strcmp(how, "passfd")) {
        int s[2];
        must(socketpair(AF_UNIX, SOCK_STREAM, 0, s), "socketpair");
        must(write(s[0], "x", 1), "write");
    }
    canary(argv[1]);
    return 0;
}
