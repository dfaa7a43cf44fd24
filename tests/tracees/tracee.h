/* What every tracee needs. Exit status: 0 the act was done, 1 it failed or was refused, 76 what it aims at cannot be
   reached from here at all, 77 this kernel (or this user) cannot do it; the last line on stderr says why. argv[1] is the
   directory to work in; lines "NAME VALUE" on stdout become variables of the case. */
#ifndef TRACEE_H
#define TRACEE_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Numbers newer than some C libraries (asm-generic/unistd.h). */
#define NR_FCHMODAT2 452
#define NR_SETXATTRAT 463
#define NR_FILE_SETATTR 469

static inline void quit(int status, const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    fflush(stdout);
    _exit(status);
}
/* The act failed or was refused. */
static inline void die(const char *what) { quit(1, what); }
/* This kernel or user cannot do it, with us or without. */
static inline void skip(const char *what) { quit(77, what); }
/* A system call that must not fail. */
static inline long must(long rc, const char *what) {
    if (rc == -1) die(what);
    return rc;
}
/* dir/name in a buffer of its own. */
static inline char *in(const char *dir, const char *name) {
    char *p = NULL;
    if (asprintf(&p, "%s/%s", dir, name) < 0) abort();
    return p;
}
/* Writes text to a new or emptied file. */
static inline void put(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) die(path);
    close(fd);
}
/* The canary of most cases: a directory. */
static inline void canary(const char *dir) {
    if (mkdir(in(dir, "canary"), 0755)) die("mkdir canary");
}
static inline void gone(const char *dir, const char *name) {
    struct stat st;
    if (!lstat(in(dir, name), &st)) {
        fprintf(stderr, "%s is there and should not be\n", name);
        exit(1);
    }
}
/* Waits for a child and dies if it did not end with 0. */
static inline void reap(pid_t pid) {
    int status;
    if (waitpid(pid, &status, __WALL) != pid) die("waitpid");
    if (!WIFEXITED(status) || WEXITSTATUS(status)) {
        fprintf(stderr, "child ended with %#x\n", status);
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
    }
}
static inline pthread_t thread(void *(*run)(void *), void *arg) {
    pthread_t t;
    if ((errno = pthread_create(&t, NULL, run, arg))) die("pthread_create");
    return t;
}
static inline void nap(long ms) {
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&t, &t) && errno == EINTR) {}
}
static inline long now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
/* Inode number of a name, printed as a variable. */
static inline void tell_ino(const char *name, const char *path) {
    struct stat st;
    must(stat(path, &st), path);
    printf("%s %lu\n", name, (unsigned long)st.st_ino);
    fflush(stdout);
}
/* A new user namespace with this user mapped to root in it, and the further namespaces in flags, mounts private. */
static inline void private_view(int flags) {
    int uid = getuid(), gid = getgid(), fd;
    char map[64];
    if (unshare(CLONE_NEWUSER | flags)) die("unshare user namespace");
    if ((fd = open("/proc/self/setgroups", O_WRONLY)) >= 0) {
        must(write(fd, "deny", 4), "setgroups");
        close(fd);
    }
    snprintf(map, sizeof map, "0 %d 1", uid);
    put("/proc/self/uid_map", map);
    snprintf(map, sizeof map, "0 %d 1", gid);
    put("/proc/self/gid_map", map);
}
static inline void copy_file(const char *from, const char *to, int mode) {
    char buf[65536];
    ssize_t n;
    int a = open(from, O_RDONLY | O_CLOEXEC), b = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
    if (a < 0 || b < 0) die("copy_file");
    while ((n = read(a, buf, sizeof buf)) > 0) must(write(b, buf, n), to);
    fchmod(b, mode);
    close(a);
    close(b);
}
/* What is to be taken away once the program beside us has ended. */
static void (*beside_over)(void) __attribute__((unused));
static inline void beside_ended(int sig) {
    int status;
    (void)sig;
    if (waitpid(-1, &status, WNOHANG) <= 0) return;
    if (beside_over) beside_over();
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}
/* Runs a program beside us; we are outside of its tree, and end as it ends. */
static inline void beside(char **argv) {
    signal(SIGCHLD, beside_ended);
    pid_t pid = must(fork(), "fork");
    if (!pid) {
        signal(SIGCHLD, SIG_DFL);
        execv(argv[0], argv);
        die(argv[0]);
    }
}
/* Path of a sibling program in the tracees' own directory. */
static inline char *sibling(const char *name) {
    static char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n < 0) die("readlink exe");
    self[n] = 0;
    *strrchr(self, '/') = 0;
    return in(self, name);
}
#endif
