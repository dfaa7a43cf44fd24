/* C, D: names that lead to other places than they seem to. argv[2] says which way; the act is on canary. */
#include "tracee.h"
#include <linux/openat2.h>
#include <stdarg.h>
#include <sys/mount.h>
#include <sys/xattr.h>
#ifndef SYS_open_tree
#define SYS_open_tree 428
#define SYS_openat2 437
#endif
static char *dir, *how, text[PATH_MAX];
static int is(const char *name) { return !strcmp(how, name); }
static char *named(const char *format, ...) {
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return strdup(text);
}
static int directory(const char *name) { return must(open(in(dir, name), O_PATH | O_DIRECTORY), name); }
/* Through the caller's own entries in /proc, and through links to them; all lead to b/canary. */
static int own(void) {
    const char *all[] = {"slashes", "dots", "linkcwd", "linkfd", "linkdev", "linkthread", "fromproc", "task", "linkchmod", "linkrename"};
    size_t n = sizeof all / sizeof *all, i = 0;
    while (i < n && !is(all[i])) i++;
    if (i == n) return 0;
    must(mkdir(in(dir, "b"), 0755), "b");
    int fd = directory("b");
    if (is("slashes")) must(chdir(in(dir, "b")), "chdir"), must(mkdir("//proc/self/cwd/canary", 0755), "mkdir");
    else if (is("dots")) must(chdir(in(dir, "b")), "chdir"), must(mkdir("/proc/./self/../self/cwd/canary", 0755), "mkdir");
    else if (is("linkcwd")) {
        must(symlink("/proc/self/cwd", in(dir, "l")), "symlink");
        must(chdir(in(dir, "b")), "chdir");
        must(mkdir(in(dir, "l/canary"), 0755), "mkdir");
    } else if (is("linkfd")) {
        must(symlink(named("/proc/self/fd/%d", fd), in(dir, "l")), "symlink");
        must(mkdir(in(dir, "l/canary"), 0755), "mkdir");
    } else if (is("linkdev")) {
        must(symlink("/dev/fd", in(dir, "l")), "symlink");
        must(mkdir(in(dir, named("l/%d/canary", fd)), 0755), "mkdir");
    } else if (is("linkthread")) {
        must(symlink("/proc/thread-self/cwd", in(dir, "l")), "symlink");
        must(chdir(in(dir, "b")), "chdir");
        must(mkdir(in(dir, "l/canary"), 0755), "mkdir");
    } else if (is("fromproc")) must(chdir("/proc"), "chdir"), must(mkdir(named("self/fd/%d/canary", fd), 0755), "mkdir");
    else if (is("task")) must(mkdir(named("/proc/self/task/%d/root%s/b/canary", (int)syscall(SYS_gettid), dir), 0755), "mkdir");
    else if (is("linkchmod")) {
        put(in(dir, "b/canary"), "x");
        must(symlink("/proc/self/cwd/canary", in(dir, "l")), "symlink");
        must(chdir(in(dir, "b")), "chdir");
        must(chmod(in(dir, "l"), 0600), "chmod");
    } else if (is("linkrename")) {
        put(in(dir, "b/x"), "x");
        must(symlink("/proc/self/cwd", in(dir, "l")), "symlink");
        must(chdir(in(dir, "b")), "chdir");
        must(rename(in(dir, "l/x"), in(dir, "l/canary")), "rename");
    }
    return 1;
}
/* A child in a private view, with a file system of its own over m, gives a way in: by its root, or by a descriptor. */
static int entered(void *arg) {
    int *fd = arg;
    private_view(CLONE_NEWNS);
    must(mount("none", in(dir, "m"), "tmpfs", 0, NULL), "tmpfs");
    put(in(dir, "m/good"), "not the good one");
    copy_file(sibling("mk"), in(dir, "m/mk"), 0755);
    fd[0] = must(open(in(dir, "m"), O_PATH | O_DIRECTORY), "m");
    must(write(fd[2], "x", 1), "tell");
    pause();
    return 0;
}
static int foreign(void) {
    if (strncmp(how, "foreign", 7)) return 0;
    int fd[3] = {-1};
    char byte, *stack = malloc(1 << 18);
    must(mkdir(in(dir, "m"), 0755), "m");
    put(in(dir, "m/good"), "good");
    must(pipe(fd + 1), "pipe");
    int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    memcpy(shared, fd, sizeof fd);
    pid_t pid = must(clone(entered, stack + (1 << 18), CLONE_FILES | SIGCHLD, shared), "clone");
    if (read(fd[1], &byte, 1) != 1) die("the child");
    char *root = named("/proc/%d/root%s/m", pid, dir);
    if (is("foreign-root")) put(in(root, "canary"), "elsewhere");
    else if (is("foreign-mkdir")) must(mkdir(in(root, "canary"), 0755), "mkdir");
    else if (is("foreign-fd")) must(write(must(openat(shared[0], "canary", O_CREAT | O_WRONLY, 0644), "openat"), "x", 1), "write");
    else if (is("foreign-read")) must(openat(shared[0], "good", O_RDONLY), "openat");
    else if (is("foreign-link")) must(linkat(shared[0], "good", shared[0], "canary", 0), "linkat");
    else if (is("foreign-cwd")) must(fchdir(shared[0]), "fchdir"), must(open("good", O_RDONLY), "open");
    else if (is("foreign-exec")) {
        pid_t child = must(fork(), "fork");
        if (!child) execl(in(root, "mk"), "mk", dir, (char *)NULL), die("execl");
        reap(child);
    } else quit(2, "no such way");
    kill(pid, SIGKILL);
    return 1;
}
static long how_open(int at, const char *name, uint64_t flags, uint64_t resolve) {
    struct open_how h = {.flags = flags, .mode = flags & O_CREAT ? 0644 : 0, .resolve = resolve};
    return syscall(SYS_openat2, at, name, &h, sizeof h);
}
/* openat2 with a root of its own: what an absolute name means is below b. */
static int rooted(void) {
    if (strncmp(how, "rooted", 6)) return 0;
    must(mkdir(in(dir, "b"), 0755), "b"), must(mkdir(in(dir, "b/etc"), 0755), "b/etc");
    int fd = directory("b");
    if (is("rooted-new")) must(how_open(fd, "/etc/passwd", O_CREAT | O_WRONLY, RESOLVE_IN_ROOT), "openat2");
    else if (is("rooted-missing")) return how_open(fd, "/etc/passwd", O_RDONLY, RESOLVE_IN_ROOT) >= 0 ? quit(2, "openat2"), 0 : 1;
    else if (is("rooted-link")) {
        must(symlink("/etc", in(dir, "b/l")), "symlink");
        must(how_open(fd, "l/passwd", O_CREAT | O_WRONLY, RESOLVE_IN_ROOT), "openat2");
    } else if (is("rooted-up")) must(how_open(fd, "../../../etc/passwd", O_CREAT | O_WRONLY, RESOLVE_IN_ROOT), "openat2");
    
    else quit(2, "no such way");
    return 1;
}
/* Below another root: relative names, links on the way, the way out. */
static int jailed(void) {
    if (strncmp(how, "jail", 4)) return 0;
    must(mkdir(in(dir, "j"), 0755), "j"), must(mkdir(in(dir, "j/b"), 0755), "b"), must(mkdir(in(dir, "j/c"), 0755), "c");
    must(symlink("/b", in(dir, "j/c/l")), "symlink");
    put(in(dir, "j/b/old"), "x");
    int out = must(open(dir, O_PATH | O_DIRECTORY), dir);
    if (getuid()) private_view(0);
    must(chroot(in(dir, "j")), "chroot");
    must(chdir("/c"), "chdir");
    if (is("jail-relative")) must(mkdir("../b/canary", 0755), "mkdir");
    else if (is("jail-link")) must(mkdir("l/canary", 0755), "mkdir");
    else if (is("jail-old")) must(open("../b/old", O_CREAT | O_RDWR, 0644), "open");
    else if (is("jail-rename")) must(rename("l/old", "../b/canary"), "rename");
    else if (is("jail-up")) must(mkdir("../../../../b/canary", 0755), "mkdir");
    else if (is("jail-out")) must(fchdir(out), "fchdir"), must(mkdir("canary", 0755), "mkdir");
    else if (is("jail-outat")) must(mkdirat(out, "j/../canary", 0755), "mkdirat");
    else if (is("jail-home")) { /* out, and the old root again */
        must(fchdir(out), "fchdir");
        for (int i = 0; i < 64; i++) must(chdir(".."), "chdir");
        must(chroot("."), "chroot");
        must(mkdir(in(dir, "canary"), 0755), "mkdir");
    } else quit(2, "no such way");
    return 1;
}
/* One thread has a view of its own, and another asks for a root that it has already. */
static int told[2], back[2];
static void *apart(void *arg) {
    char byte;
    must(unshare(CLONE_NEWNS), "unshare"), must(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
    must(mount("none", in(dir, "m"), "tmpfs", 0, NULL), "tmpfs");
    must(write(told[1], "x", 1), "tell"), must(read(back[0], &byte, 1), "hear");
    must(mkdir(in(dir, "m/canary"), 0755), "mkdir");
    return NULL;
}
static int roots(void) {
    char byte, *stack = malloc(65536);
    if (is("thread")) {
        must(mkdir(in(dir, "m"), 0755), "m");
        if (getuid()) private_view(0);
        must(pipe(told), "pipe"), must(pipe(back), "pipe");
        pthread_t t = thread(apart, NULL);
        must(read(told[0], &byte, 1), "hear"), must(chroot("/"), "chroot"), must(write(back[1], "x", 1), "tell");
        pthread_join(t, NULL);
    } else if (is("shared")) { /* who shares our root takes another */
        must(mkdir(in(dir, "j"), 0755), "j");
        if (getuid()) private_view(0);
        reap(must(clone((int (*)(void *))chroot, stack + 65536, CLONE_FS | SIGCHLD, in(dir, "j")), "clone"));
        must(mkdir("/canary", 0755), "mkdir");
    } else return 0;
    return 1;
}
static volatile int stop;
static void *spin(void *arg) {
    while (!stop) sched_yield();
    return NULL;
}
/* Descriptors that the step passes to itself while a thread of it runs: what stands beside the message arrives, too. */
static int passing(void) {
    if (!is("passing")) return 0;
    int pair[2], fd = must(open(in(dir, "canary"), O_CREAT | O_WRONLY, 0644), "open");
    char byte = 'x', control[CMSG_SPACE(sizeof fd)] = {0}, got[CMSG_SPACE(sizeof fd)] = {0};
    struct iovec io = {&byte, 1};
    struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    pthread_t t = thread(spin, NULL);
    c->cmsg_level = SOL_SOCKET, c->cmsg_type = SCM_RIGHTS, c->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    must(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), "socketpair");
    must(sendmsg(pair[0], &m, 0), "sendmsg");
    m.msg_control = got;
    must(recvmsg(pair[1], &m, 0), "recvmsg");
    memcpy(&fd, CMSG_DATA((struct cmsghdr *)got), sizeof fd);
    must(write(fd, "passed", 6), "write");
    stop = 1;
    pthread_join(t, NULL);
    return 1;
}
static struct { const void *value; uint32_t size, flags; } word __attribute__((aligned(8))) = {"v", 1, 0};
/* The working directory itself, by an empty name or none. */
static int nameless(void) {
    must(mkdir(in(dir, "canary"), 0755), "canary");
    must(chdir(in(dir, "canary")), "chdir");
    if (is("emptychown")) must(fchownat(AT_FDCWD, "", getuid(), -1, AT_EMPTY_PATH), "fchownat");
    else if (is("emptychmod")) { if (syscall(NR_FCHMODAT2, AT_FDCWD, "", 0700, AT_EMPTY_PATH)) skip("fchmodat2"); }
    else if (is("emptyutime")) must(utimensat(AT_FDCWD, "", NULL, AT_EMPTY_PATH), "utimensat");
    else if (is("emptyxattr")) { if (syscall(NR_SETXATTRAT, AT_FDCWD, "", AT_EMPTY_PATH, "user.a", &word, sizeof word)) skip("setxattrat"); }
    else if (is("nullxattr")) { if (syscall(NR_SETXATTRAT, AT_FDCWD, NULL, AT_EMPTY_PATH, "user.a", &word, sizeof word)) skip("setxattrat"); }
    else return 0;
    return 1;
}
static int links(void) {
    if (is("dangling")) { /* a file is made where a link leads */
        must(symlink("canary", in(dir, "l")), "symlink");
        return must(open(in(dir, "l"), O_CREAT | O_WRONLY, 0644), "open");
    }
    if (is("uplink")) { /* .. of where a link leads, not of where it is */
        must(mkdir(in(dir, "b"), 0755), "b"), must(mkdir(in(dir, "b/c"), 0755), "b/c");
        must(symlink("b/c", in(dir, "l")), "symlink");
        return must(mkdir(in(dir, "l/../canary"), 0755), "mkdir") + 1;
    }
    if (is("longlink")) { /* forty links, one after the other */
        must(mkdir(in(dir, "b"), 0755), "b");
        must(symlink("b", in(dir, "l0")), "symlink");
        for (int i = 1; i < 40; i++) must(symlink(named("l%d", i - 1), in(dir, named("l%d", i))), "symlink");
        return must(mkdir(in(dir, "l39/canary"), 0755), "mkdir") + 1;
    }
    if (is("detached")) { /* in our own namespace: a tree that is mounted nowhere */
        must(mkdir(in(dir, "b"), 0755), "b");
        int fd = syscall(SYS_open_tree, AT_FDCWD, in(dir, "b"), 1 | O_CLOEXEC);
        if (fd < 0) skip("open_tree");
        return must(openat(fd, "canary", O_CREAT | O_WRONLY, 0644), "openat");
    }
    return 0;
}
int main(int argc, char **argv) {
    dir = argv[1], how = argv[2];
    if (own() || roots() || passing() || foreign() || rooted() || jailed() || links() || nameless()) return 0;
    quit(2, "no such way");
}
