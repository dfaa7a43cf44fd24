/* Beyond the catalogue, of the same kinds: argv[2] names the way. */
#include "tracee.h"
#include <mqueue.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <linux/capability.h>
static char *dir, *how, *arg;
static int is(const char *name) { return !strcmp(how, name); }
static void until(const char *name) {
    struct stat st;
    for (int i = 0; i < 100 && stat(in(dir, name), &st); i++) nap(20);
}
static int hear(void) { return atoi(getenv("HEAR") ? getenv("HEAR") : "0"); }
/* A message to somebody outside: a signal of no weight, with a word or without; a POSIX message. */
static int messages(void) {
    siginfo_t si = {.si_code = SI_QUEUE, .si_value.sival_int = 7};
    int pid = hear();
    if (is("winch")) must(kill(pid, SIGWINCH), "kill");
    else if (is("cont")) must(syscall(SYS_tkill, pid, SIGCONT), "tkill");
    else if (is("queue")) must(syscall(SYS_rt_sigqueueinfo, pid, SIGURG, &si), "rt_sigqueueinfo");
    else if (is("pidfd")) must(syscall(SYS_pidfd_send_signal, must(syscall(SYS_pidfd_open, pid, 0), "pidfd_open"), SIGWINCH, 0, 0), "pidfd");
    else if (is("mq")) must(mq_send(must(mq_open(getenv("HEAR_QUEUE"), O_WRONLY), "mq_open"), "do", 2, 0), "mq_send");
    else return 0;
    until("canary");
    return 1;
}
static int reads(const char *path) {
    char text[4096] = {0};
    int fd = must(open(path, O_RDONLY), path);
    must(read(fd, text, sizeof text - 1), path);
    close(fd);
    return 0;
}
static int rewrites(const char *path) {
    char text[256] = {0};
    int fd = must(open(path, O_RDWR), path);
    int n = must(read(fd, text, sizeof text), path);
    must(pwrite(fd, text, n, 0), path);
    close(fd);
    return 0;
}
/* /proc by another name, or hidden. */
static int views(void) {
    char name[128];
    must(mkdir(in(dir, "p"), 0755), "p");
    snprintf(name, sizeof name, "p/%s/environ", strtok(strdup(getenv("VAULT") ? getenv("VAULT") : "1"), ":"));
    if (is("bindproc")) return must(mount("/proc", in(dir, "p"), NULL, MS_BIND | MS_REC, NULL), "bind"), reads(in(dir, name));
    if (is("newproc")) return must(mount("proc", in(dir, "p"), "proc", 0, NULL), "proc"), reads(in(dir, name));
    if (is("newsys")) return must(mount("proc", in(dir, "p"), "proc", 0, NULL), "proc"), rewrites(in(dir, "p/sys/kernel/core_pattern"));
    if (is("nssys")) return must(unshare(CLONE_NEWNS), "unshare"), rewrites("/proc/sys/kernel/core_pattern");
    if (is("cgroup")) return must(mount("c", in(dir, "p"), "cgroup2", 0, NULL), "cgroup2"), must(open(in(dir, "p/cgroup.procs"), O_WRONLY), "cgroup.procs") < 0;
    if (is("hideproc")) must(mount("none", "/proc", "tmpfs", 0, NULL), "tmpfs");
    if (is("hidefd")) { /* every descriptor of ours seems to lead to good */
        put(in(dir, "good"), "good"), must(mkdir(in(dir, "fake"), 0755), "fake");
        for (int i = 0; i < 32; i++) snprintf(name, sizeof name, "fake/%d", i), must(symlink(in(dir, "good"), in(dir, name)), "symlink");
        snprintf(name, sizeof name, "/proc/%d/fd", getpid());
        must(mount(in(dir, "fake"), name, NULL, MS_BIND, NULL), "bind");
    }
    put(in(dir, "canary"), "hidden");
    return 0;
}
static int network(void) {
    struct ifreq r = {.ifr_name = "lo"};
    int s = must(socket(AF_INET, SOCK_DGRAM, 0), "socket");
    must(ioctl(s, SIOCGIFMTU, &r), "SIOCGIFMTU");
    must(ioctl(s, SIOCSIFMTU, &r), "SIOCSIFMTU");
    return 0;
}
/* Receives a descriptor while a thread wipes out what says so. */
static char control[CMSG_SPACE(sizeof(int))];
static volatile int stop;
static void *wipe(void *a) {
    while (!stop) ((volatile char *)control)[0] = 0, ((volatile char *)control)[8] = 0;
    return NULL;
}
static int receives(void) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    char byte;
    struct iovec io = {&byte, 1};
    struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    int s = must(socket(AF_UNIX, SOCK_STREAM, 0), "socket"), next = dup(s);
    strncpy(a.sun_path, arg, sizeof a.sun_path - 1);
    close(next);
    must(connect(s, (void *)&a, sizeof a), "connect");
    pthread_t t = thread(wipe, NULL);
    must(recvmsg(s, &m, 0), "recvmsg");
    stop = 1;
    pthread_join(t, NULL);
    return write(next, "by a received descriptor", 24) != 24;
}
static int programs(void) {
    char *argv[] = {"script", NULL}, *env[] = {NULL};
    if (is("check")) { /* AT_EXECVE_CHECK (6.14): may it be run? It is not. */
        long rc = syscall(SYS_execveat, AT_FDCWD, sibling("mk"), argv, env, 0x10000);
        if (rc) quit(errno == EINVAL ? 77 : 1, "execveat AT_EXECVE_CHECK");
        canary(dir);
        return 0;
    }
    put(in(dir, "script"), "#!/bin/sh\nmkdir canary\n");
    chmod(in(dir, "script"), 0755);
    must(chdir(dir), "chdir");
    syscall(SYS_execveat, must(open("script", O_RDONLY), "open"), "", argv, env, AT_EMPTY_PATH);
    die("execveat");
    return 1;
}
static int outputs(void) {
    must(mkdir(in(dir, "d"), 0755), "d");
    put(in(dir, "d/x"), "moved with its directory");
    if (is("renamedir")) must(rename(in(dir, "d"), in(dir, "out")), "rename");
    else if (is("swapdirs")) {
        must(mkdir(in(dir, "out"), 0755), "out");
        put(in(dir, "out/x"), "the other");
        must(syscall(SYS_renameat2, AT_FDCWD, in(dir, "d"), AT_FDCWD, in(dir, "out"), 2), "RENAME_EXCHANGE");
    }
    return 0;
}
/* sysenter from 64-bit code: the kernel's 32-bit entry. The way back is lost, the call is made. */
static int enters(void) {
    char *low = mmap((void *)0x10000000, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    strcpy(low, in(dir, "canary"));
    pid_t pid = must(fork(), "fork");
    if (!pid) {
        /* The kernel takes the sixth argument from where ebp points. */
        __asm__ volatile("mov %0, %%rbx; mov %0, %%rbp; add $4096, %%rbp; mov $0755, %%ecx; mov $39, %%eax; sysenter" ::"r"((long)low) : "rbx", "rcx", "rax");
        _exit(3);
    }
    wait(NULL);
    struct stat st;
    return must(stat(in(dir, "canary"), &st), "sysenter") != 0;
}
static int inner(void *a) {
    char c;
    nap(100);
    int fd = open(in(dir, "closed"), O_RDONLY);
    printf("errno %d\n", fd < 0 ? errno : (int)read(fd, &c, 1) * 0);
    fflush(stdout);
    return 0;
}
/* Rights that are laid down: the recorder must not open what the step may no longer. */
static int rights(void) {
    struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2] = {{0}};
    char *stack = malloc(65536);
    put(in(dir, "closed"), "x");
    must(chown(in(dir, "closed"), 1234, 1234), "chown"), must(chmod(in(dir, "closed"), 0600), "chmod");
    if (is("capset")) return must(syscall(SYS_capset, &h, none), "capset"), inner(NULL);
    reap(must(clone(inner, stack + 65536, CLONE_NEWUSER | SIGCHLD, NULL), "clone"));
    return 0;
}
int main(int argc, char **argv) {
    dir = argv[1], how = argv[2], arg = argv[3];
    if (messages()) return 0;
    if (is("bindproc") || is("newproc") || is("newsys") || is("nssys") || is("cgroup") || is("hideproc") || is("hidefd")) return views();
    if (is("network")) return network();
    if (is("wiped")) return receives();
    if (is("check") || is("fdscript")) return programs();
    if (is("renamedir") || is("swapdirs")) return outputs();
    if (is("sysenter")) return enters();
    if (is("capset") || is("userns")) return rights();
    if (is("kcore")) return reads("/proc/kcore");
    quit(2, "no such way");
}
