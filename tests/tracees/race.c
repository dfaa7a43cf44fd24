/* B01, B02, B07-B09: another thread (or process) changes what a name means while open has it. Every open goes to good or evil;
   how often each was really opened is printed. argv[2]: thread, shared, dirfd, cwd, symlink. */
#include "tracee.h"
static char *dir, *mode, *name, *link_, *spare;
static int dirfd_, a, b;
static volatile int *stop;
static void flip_once(int i) {
    if (!strcmp(mode, "dirfd")) dup2(i & 1 ? a : b, dirfd_);
    else if (!strcmp(mode, "cwd")) fchdir(i & 1 ? a : b);
    else if (!strcmp(mode, "symlink")) {
        unlink(spare);
        symlink(i & 1 ? "a" : "b", spare);
        rename(spare, link_);
    } else name[strlen(dir) + 1] = i & 1 ? 'a' : 'b';
}
static void *flip(void *arg) {
    for (int i = 0; !*stop; i++) flip_once(i);
    return NULL;
}
int main(int argc, char **argv) {
    struct stat good, evil, st;
    int n[2] = {0, 0};
    dir = argv[1], mode = argv[2];
    must(mkdir(in(dir, "a"), 0755), "mkdir");
    must(mkdir(in(dir, "b"), 0755), "mkdir");
    put(in(dir, "a/x"), "good");
    put(in(dir, "b/x"), "evil");
    stat(in(dir, "a/x"), &good), stat(in(dir, "b/x"), &evil);
    a = open(in(dir, "a"), O_RDONLY), b = open(in(dir, "b"), O_RDONLY), dirfd_ = dup(a);
    stop = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    name = (char *)stop + 4096, link_ = in(dir, "l"), spare = in(dir, "spare");
    snprintf(name, 4096, "%s/a/x", dir);
    symlink("a", link_);
    if (!strcmp(mode, "cwd")) fchdir(a);
    pid_t pid = 0;
    pthread_t t = 0;
    if (!strcmp(mode, "shared")) {
        if (!(pid = must(fork(), "fork"))) flip(NULL), _exit(0);
    } else t = thread(flip, NULL);
    for (int i = 0; i < 2000; i++) {
        int fd = !strcmp(mode, "dirfd") ? openat(dirfd_, "x", O_RDONLY) : !strcmp(mode, "cwd") ? open("x", O_RDONLY)
                 : !strcmp(mode, "symlink") ? open(in(dir, "l/x"), O_RDONLY) : open(name, O_RDONLY);
        if (fd < 0) continue;
        fstat(fd, &st);
        n[st.st_ino == evil.st_ino]++;
        close(fd);
    }
    *stop = 1;
    if (pid) reap(pid);
    else pthread_join(t, NULL);
    printf("good %d\nevil %d\n", n[0], n[1]);
    return 0;
}
