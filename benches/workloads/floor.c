/* floor COMMAND...: the least that recording by ptrace and a seccomp listener can cost. It is told of every new process, execve and end, refuses
 * clone3, opens what is opened for reading and hands the descriptor over; it looks at nothing, checks nothing and writes nothing. What sekisho
 * costs beyond it is sekisho's; what it costs itself is the kernel's (ptrace(2), seccomp_unotify(2)). */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif
#ifndef SECCOMP_ADDFD_FLAG_SEND
#define SECCOMP_ADDFD_FLAG_SEND 2
#endif

enum { ANSWERING = 2, PAGE = 4096 };
static int listener;

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IF(number, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, yes, no)

static struct sock_filter filter[] = {
    LOAD(nr),
    IF(SYS_execve, 6, 0),
    IF(SYS_clone3, 5, 0),
    IF(SYS_openat, 0, 3),
    LOAD(args[2]),
    BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_ACCMODE | O_CREAT | O_TRUNC | O_PATH | O_DIRECTORY, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE),
};

static int open_for(const struct seccomp_notif *call)
{
    char name[PAGE];
    struct iovec own = {name, PAGE - call->data.args[1] % PAGE};
    struct iovec theirs = {(void *)call->data.args[1], own.iov_len};

    if (process_vm_readv(call->pid, &own, 1, &theirs, 1, 0) <= 0 || !memchr(name, 0, own.iov_len)) {
        errno = EFAULT;
        return -1;
    }
    return open(name, (int)call->data.args[2]);
}

static void *answer(void *unused)
{
    struct seccomp_notif call;

    (void)unused;
    while (memset(&call, 0, sizeof call), !ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) || errno == EINTR || errno == ENOENT) {
        int fd = call.id ? open_for(&call) : -1;
        if (fd >= 0) {
            struct seccomp_notif_addfd given = {call.id, SECCOMP_ADDFD_FLAG_SEND, fd, 0, call.data.args[2] & O_CLOEXEC};
            ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &given);
            close(fd);
        } else if (call.id) {
            struct seccomp_notif_resp none = {call.id, 0, -errno, 0};
            ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &none);
        }
    }
    return NULL;
}

static int begin(char **argv, int tell)
{
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    int own;

    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    own = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    if (own < 0 || write(tell, &own, sizeof own) != sizeof own)
        return 126;
    raise(SIGSTOP);
    close(own);
    execvp(argv[1], argv + 1);
    return 127;
}

/* Lets one go on that has stopped. */
static void go_on(pid_t tid, int status)
{
    int event = status >> 16;
    int signal = event ? 0 : WSTOPSIG(status);

    if (event == PTRACE_EVENT_SECCOMP) {
        struct __ptrace_syscall_info info;
        ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof info, &info);
        if (info.seccomp.nr == SYS_clone3)
            ptrace(PTRACE_POKEUSER, tid, offsetof(struct user_regs_struct, orig_rax), -1L);
    }
    ptrace(PTRACE_CONT, tid, 0, signal);
}

int main(int argc, char **argv)
{
    long options = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL;
    __u64 sync = 1;
    int tell[2], theirs, status, ended = 125;
    pid_t first, tid;

    if (argc < 2 || pipe2(tell, O_CLOEXEC) || (first = fork()) < 0)
        return 125;
    if (!first)
        _exit(begin(argv, tell[1]));
    waitpid(first, &status, WUNTRACED);
    if (!WIFSTOPPED(status) || read(tell[0], &theirs, sizeof theirs) != sizeof theirs)
        return 125;
    listener = (int)syscall(SYS_pidfd_getfd, syscall(SYS_pidfd_open, first, 0), theirs, 0);
    if (listener < 0 || ptrace(PTRACE_SEIZE, first, 0, options)) {
        perror("floor");
        kill(first, SIGKILL);
        return 125;
    }
    ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, sync);
    for (int n = 0; n < ANSWERING; n++) {
        pthread_t thread;
        pthread_create(&thread, NULL, answer, NULL);
    }
    kill(first, SIGCONT);
    while ((tid = wait4(-1, &status, __WALL, NULL)) > 0) {
        if (WIFSTOPPED(status))
            go_on(tid, status);
        else if (tid == first)
            ended = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return ended;
}
