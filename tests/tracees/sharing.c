/* A, B, I: threads that do not share what threads usually share, and memory that somebody shares who is no thread.
   argv[2]: threadmem, taskmem, linkmem (the caller's own memory by other names of /proc/self/mem), unshared, closerange, leaderless
   (a thread with descriptors of its own connects to argv[3]), heir (who was made by a vfork child changes names of its grandparent),
   starved (no memory for copies of arguments). */
#include "tracee.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <sys/resource.h>
#ifndef CLOSE_RANGE_UNSHARE
#define CLOSE_RANGE_UNSHARE 2
#endif
static char *dir, *how;
static int port, used;
static int is(const char *name) { return !strcmp(how, name); }
static const char constant[] = "constant";
/* What is read-only changes all the same. */
static void *rewrites(void *arg) {
    char name[128];
    int tid = syscall(SYS_gettid);
    if (is("threadmem")) strcpy(name, "/proc/thread-self/mem");
    else if (is("taskmem")) snprintf(name, sizeof name, "/proc/self/task/%d/mem", tid);
    else {
        snprintf(name, sizeof name, "/proc/self/task/%d/mem", tid);
        must(symlink(name, in(dir, "l")), "symlink");
        strcpy(name, in(dir, "l"));
    }
    int fd = must(open(name, O_RDWR), name);
    must(pwrite(fd, "rewritten", 9, (off_t)(uintptr_t)constant), "pwrite");
    if (*(volatile const char *)constant == 'r') canary(dir);
    return NULL;
}
/* The leader's descriptor of this number is a pair of UNIX sockets; the thread's is a connection. */
static void *connects(void *arg) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (is("leaderless")) nap(100);
    else if (is("closerange")) { if (syscall(SYS_close_range, 900, 901, CLOSE_RANGE_UNSHARE)) skip("close_range"); }
    else must(unshare(CLONE_FILES), "unshare");
    int s = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
    must(dup2(s, used), "dup2");
    must(connect(used, (void *)&to, sizeof to), "connect");
    must(write(used, "seen", 4), "write");
    if (is("leaderless")) _exit(0);
    return NULL;
}
/* memory of the grandparent, and a process that nobody waits for */
static char *name, *stack, *stack2;
static volatile int *stop;
static int flips(void *arg) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0; !*stop; i++) name[strlen(dir) + 1] = i & 1 ? 'g' : 'e';
    _exit(0);
}
static int between(void *arg) {
    *(pid_t *)arg = clone(flips, stack2 + 65536, CLONE_VM | CLONE_PARENT | SIGCHLD, NULL);
    _exit(0);
}
static int counted(const char *where) {
    struct dirent *e;
    int n = 0;
    for (DIR *d = opendir(in(dir, where)); (e = readdir(d));) n += e->d_name[0] == 'n';
    return n;
}
static void makes(void) {
    for (int i = 0; i < 150; i++) {
        char number[8];
        snprintf(number, sizeof number, "n%04d", i);
        memcpy(name + strlen(dir) + 3, number, 5);
        mkdir(name, 0755);
    }
}
static void raced(void) {
    pid_t pid = 0;
    must(mkdir(in(dir, "g"), 0755), "g"), must(mkdir(in(dir, "e"), 0755), "e");
    char *page = mmap(0, 4096, PROT_READ | PROT_WRITE, (is("heir") ? MAP_PRIVATE : MAP_SHARED) | MAP_ANONYMOUS, -1, 0);
    stop = (void *)page, name = page + 64;
    snprintf(name, 4000, "%s/g/n0000", dir);
    stack = malloc(65536), stack2 = malloc(65536);
    if (is("heir")) reap(must(clone(between, stack + 65536, CLONE_VM | CLONE_VFORK | SIGCHLD, &pid), "clone"));
    else if (!(pid = must(fork(), "fork"))) flips(NULL);
    must(pid, "clone in the child");
    if (is("heir")) makes();
    else {
        pid_t starved = must(fork(), "fork");
        struct rlimit none = {1 << 20, 1 << 20};
        if (!starved) must(setrlimit(RLIMIT_AS, &none), "RLIMIT_AS"), makes(), _exit(0);
        reap(starved);
    }
    *stop = 1;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}
int main(int argc, char **argv) {
    dir = argv[1], how = argv[2], port = argc > 3 ? atoi(argv[3]) : 0;
    if (strstr(how, "mem")) pthread_join(thread(rewrites, NULL), NULL);
    else if (port) {
        int pair[2];
        must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), "socketpair");
        used = pair[0];
        pthread_t t = thread(connects, NULL);
        if (is("leaderless")) pthread_exit(NULL);
        pthread_join(t, NULL);
    } else raced(), printf("good %d\nevil %d\n", counted("g"), counted("e"));
    return 0;
}
