/* G01-G07: acts aimed at the process that runs us, by each call that can. argv[2] names it. 0: it was done. */
#include "tracee.h"
#include <linux/kcmp.h>
#include <sys/resource.h>
#define ACT(name, ...) if (!strcmp(how, #name)) return acted(__VA_ARGS__);
static pid_t pid;
static int acted(long rc) {
    if (rc == -1) die("the call");
    return 0;
}
/* Stopped, and told to go on, or nobody would see that it was. */
static long stop_(void) { return kill(pid, SIGSTOP) || kill(pid, SIGCONT) ? -1 : 0; }
static int proc(const char *file, int flags) {
    char name[64];
    snprintf(name, sizeof name, "/proc/%d/%s", pid, file);
    return open(name, flags);
}
/* Address of something readable in the parent. */
static unsigned long somewhere(void) {
    char line[64] = {0};
    read(proc("maps", O_RDONLY), line, 20);
    return strtoul(line, NULL, 16);
}
static long readv_(void) {
    char buf[16];
    struct iovec mine = {buf, 16}, theirs = {(void *)(somewhere() ? somewhere() : 0x400000), 16};
    return process_vm_readv(pid, &mine, 1, &theirs, 1, 0);
}
static long rewrite(const char *file) {
    char buf[64] = {0};
    int n = read(proc(file, O_RDONLY), buf, sizeof buf - 1), fd = proc(file, O_WRONLY);
    return fd < 0 || n <= 0 ? -1 : write(fd, buf, n);
}
static long readable(const char *file) {
    char c;
    int fd = proc(file, O_RDONLY);
    return fd < 0 ? -1 : read(fd, &c, 1);
}
static long attach(void) {
    if (ptrace(PTRACE_ATTACH, pid, 0, 0)) return -1;
    waitpid(pid, NULL, __WALL);
    return ptrace(PTRACE_DETACH, pid, 0, 0);
}
static long own(void) {
    int p[2];
    pipe(p);
    return fcntl(p[0], F_SETOWN, pid) ? -1 : fcntl(p[0], F_SETSIG, SIGWINCH) ? -1 : fcntl(p[0], F_SETFL, O_ASYNC) ? -1 : write(p[1], "x", 1);
}
int main(int argc, char **argv) {
    char *how = argv[2];
    struct rlimit r;
    cpu_set_t cpus;
    struct sched_param sp = {0};
    siginfo_t si = {.si_code = SI_QUEUE};
    pid = getppid();
    if (!pid) quit(76, "the parent is not to be seen from here");
    sched_getaffinity(0, sizeof cpus, &cpus);
    unsigned int sa[14] = {56};
    int pidfd = syscall(SYS_pidfd_open, pid, 0);
    unsigned long node = 1;
    struct iovec one = {(void *)somewhere(), 4096};
    ACT(stop, stop_());
    ACT(kill, kill(pid, SIGKILL)) ACT(stop, kill(pid, SIGSTOP)) ACT(tgkill, syscall(SYS_tgkill, pid, pid, SIGWINCH)) ACT(tkill, syscall(SYS_tkill, pid, SIGWINCH))
    ACT(sigqueue, syscall(SYS_rt_sigqueueinfo, pid, SIGWINCH, &si)) ACT(tgsigqueue, syscall(SYS_rt_tgsigqueueinfo, pid, pid, SIGWINCH, &si))
    ACT(pidfd_signal, syscall(SYS_pidfd_send_signal, pidfd, SIGWINCH, 0, 0)) ACT(setown, own())
    ACT(seize, ptrace(PTRACE_SEIZE, pid, 0, 0)) ACT(attach, attach())
    ACT(vm_readv, readv_()) ACT(mem, proc("mem", O_RDWR)) ACT(environ, readable("environ")) ACT(maps, readable("maps")) ACT(fd, proc("fd/0", O_RDONLY))
    ACT(cwd, proc("cwd/.", O_RDONLY | O_DIRECTORY)) ACT(auxv, readable("auxv")) ACT(clear_refs, write(proc("clear_refs", O_WRONLY), "1", 1))
    ACT(prlimit, prlimit(pid, RLIMIT_FSIZE, NULL, &r) ? -1 : prlimit(pid, RLIMIT_FSIZE, &r, NULL))
    ACT(affinity, syscall(SYS_sched_setaffinity, pid, sizeof cpus, &cpus)) ACT(scheduler, sched_setscheduler(pid, SCHED_BATCH, &sp))
    ACT(setattr, syscall(SYS_sched_setattr, pid, sa, 0)) ACT(setparam, sched_setparam(pid, &sp))
    ACT(priority, setpriority(PRIO_PROCESS, pid, 1)) ACT(ioprio, syscall(SYS_ioprio_set, 1, pid, 2 << 13 | 4))
    ACT(oom, rewrite("oom_score_adj")) ACT(coredump, rewrite("coredump_filter"))
    ACT(getfd, syscall(SYS_pidfd_getfd, pidfd, 1, 0)) ACT(madvise, syscall(SYS_process_madvise, pidfd, &one, 1, MADV_COLD, 0))
    ACT(move_pages, syscall(SYS_move_pages, pid, 0, NULL, NULL, NULL, 0)) ACT(migrate, syscall(SYS_migrate_pages, pid, 64, &node, &node))
    ACT(kcmp, syscall(SYS_kcmp, pid, getpid(), KCMP_VM, 0, 0)) ACT(setpgid, setpgid(pid, 0)) ACT(mrelease, syscall(SYS_process_mrelease, pidfd, 0) + 1 ? 0 : errno == EINVAL ? 0 : -1)
    quit(2, "no such act");
}
