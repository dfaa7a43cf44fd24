/* The cage of every case: own session, mounts, limits and time. cage [--uid N] [--pidns] [--pid-max N] [--uts]
   [--nofile N] [--fsize N] [--grace MS] [--time S] --status FILE -- CMD ARG...
   FILE gets: exit N | signal N | timeout, then "survivors N": what still ran when the grace was over (and was then ended). */
#include "tracee.h"
#include <dirent.h>
#include <grp.h>
#include <sys/mount.h>
#include <sys/resource.h>
static volatile sig_atomic_t late;
static void on_alarm(int sig) { late = 1; }
static void limit(int what, rlim_t n) {
    struct rlimit r;
    getrlimit(what, &r);
    if (r.rlim_max > n) r = (struct rlimit){n, n};
    setrlimit(what, &r);
}
/* Sends a signal to every child of ours; descendants become our children as theirs die. Returns how many there were. */
static int each_child(int sig) {
    DIR *d = opendir("/proc");
    struct dirent *e;
    int n = 0;
    while (d && (e = readdir(d))) {
        char path[300], text[512], *p, state;
        int ppid, fd, len;
        if (e->d_name[0] < '0' || e->d_name[0] > '9') continue;
        snprintf(path, sizeof path, "/proc/%s/stat", e->d_name);
        if ((fd = open(path, O_RDONLY)) < 0) continue;
        len = read(fd, text, sizeof text - 1);
        close(fd);
        if (len <= 0) continue;
        text[len] = 0;
        p = strrchr(text, ')');
        if (p && sscanf(p + 1, " %c %d", &state, &ppid) == 2 && ppid == getpid() && state != 'Z') {
            n++;
            if (sig) kill(atoi(e->d_name), sig);
        }
    }
    if (d) closedir(d);
    return n;
}
static void abort_fuse(int from) {
    DIR *d = opendir("/sys/fs/fuse/connections");
    struct dirent *e;
    char path[400];
    while (d && (e = readdir(d)))
        if (atoi(e->d_name) > from) {
            snprintf(path, sizeof path, "/sys/fs/fuse/connections/%s/abort", e->d_name);
            int fd = open(path, O_WRONLY);
            if (fd >= 0) write(fd, "1", 1), close(fd);
        }
}
static int newest_fuse(void) {
    DIR *d = opendir("/sys/fs/fuse/connections");
    struct dirent *e;
    int top = 0;
    while (d && (e = readdir(d))) if (atoi(e->d_name) > top) top = atoi(e->d_name);
    return top;
}
int main(int argc, char **argv) {
    int uid = -1, pidns = 0, uts = 0, time_s = 60, grace = 300, i = 1, status = 0, result;
    rlim_t nofile = 4096, fsize = 1ULL << 43;
    const char *file = NULL, *pid_max = NULL;
    for (; i < argc && strcmp(argv[i], "--"); i++) {
        if (!strcmp(argv[i], "--uid")) uid = atoi(argv[++i]);
        else if (!strcmp(argv[i], "--pidns")) pidns = 1;
        else if (!strcmp(argv[i], "--pid-max")) pid_max = argv[++i], pidns = 1;
        else if (!strcmp(argv[i], "--uts")) uts = 1;
        else if (!strcmp(argv[i], "--nofile")) nofile = atoi(argv[++i]);
        else if (!strcmp(argv[i], "--fsize")) fsize = atoll(argv[++i]);
        else if (!strcmp(argv[i], "--grace")) grace = atoi(argv[++i]);
        else if (!strcmp(argv[i], "--time")) time_s = atoi(argv[++i]);
        else if (!strcmp(argv[i], "--status")) file = argv[++i];
        else return 2;
    }
    if (!file || ++i >= argc) return 2;
    FILE *out = fopen(file, "we");
    if (!out) die(file);
    if (!getuid()) {
        if (unshare(CLONE_NEWNS | (uts ? CLONE_NEWUTS : 0) | (pidns ? CLONE_NEWPID : 0))) die("unshare");
        must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private mounts");
    } else if (pidns || uts) {
        skip("a process id or host name namespace needs root");
    }
    if (pidns) {
        pid_t init = must(fork(), "fork");
        if (init) {
            signal(SIGINT, SIG_IGN);
            waitpid(init, &status, 0);
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        }
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        must(mount("proc", "/proc", "proc", 0, NULL), "mount proc");
        if (pid_max) put("/proc/sys/kernel/pid_max", pid_max);
    }
    if (!getuid()) mount("fusectl", "/sys/fs/fuse/connections", "fusectl", 0, NULL);
    int fuse = newest_fuse();
    must(prctl(PR_SET_CHILD_SUBREAPER, 1), "subreaper");
    pid_t pid = must(fork(), "fork");
    if (!pid) {
        setsid();
        for (int s = 1; s < 65; s++) signal(s, SIG_DFL); // whatever nohup or CI ignored
        limit(RLIMIT_NPROC, 6000);
        limit(RLIMIT_NOFILE, nofile);
        limit(RLIMIT_FSIZE, fsize);
        if (uid >= 0) {
            must(setgroups(0, NULL), "setgroups");
            must(setresgid(uid, uid, uid), "setgid");
            must(setresuid(uid, uid, uid), "setuid");
        }
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        syscall(SYS_close_range, 3, ~0U, 0);
        execvp(argv[i], argv + i);
        die(argv[i]);
    }
    struct sigaction sa = {.sa_handler = on_alarm};
    sigaction(SIGALRM, &sa, NULL);
    alarm(time_s);
    pid_t got;
    while ((got = waitpid(-1, &status, __WALL)) != pid && !(got < 0 && (late || errno == ECHILD))) {}
    if (got != pid) fprintf(out, "timeout\n"), result = 124;
    else if (WIFEXITED(status)) fprintf(out, "exit %d\n", result = WEXITSTATUS(status));
    else fprintf(out, "signal %d\n", WTERMSIG(status)), result = 128 + WTERMSIG(status);
    alarm(0);
    long end = now_ms() + (got == pid ? grace : 0);
    do {
        while ((got = waitpid(-1, NULL, WNOHANG | __WALL)) > 0) {}
        if (got < 0) break;
        nap(5);
    } while (now_ms() < end);
    fprintf(out, "survivors %d\n", each_child(0));
    for (end = now_ms() + 3000; each_child(SIGKILL) && now_ms() < end; nap(5)) {
        while (waitpid(-1, NULL, WNOHANG | __WALL) > 0) {}
        if (now_ms() > end - 2500) abort_fuse(fuse);
    }
    if (each_child(0)) fprintf(out, "unkillable %d\n", each_child(0));
    fclose(out);
    return result;
}
