/* C05-C07, C10, C20: a private view of mounts in which a trusted name is another file. argv[2]: bind, pivot, detached, fsmount,
   overlay, shadow (a file system over the directory). Prints the inode that was really read or made. */
#include "tracee.h"
#include <sys/mount.h>
#ifndef SYS_open_tree
#define SYS_open_tree 428
#define SYS_fsopen 430
#define SYS_fsconfig 431
#define SYS_fsmount 432
#endif
static void create(int at, const char *name) {
    struct stat st;
    int fd = must(openat(at, name, O_CREAT | O_WRONLY, 0644), name);
    must(write(fd, "evil", 4), "write");
    fstat(fd, &st);
    printf("ino %lu\n", (unsigned long)st.st_ino);
}
int main(int argc, char **argv) {
    char *d = argv[1], *how = argv[2], opts[3 * 4096];
    put(in(d, "good"), "good");
    put(in(d, "evil"), "evil");
    must(mkdir(in(d, "m"), 0755), "m");
    tell_ino("good", in(d, "good"));
    tell_ino("evil", in(d, "evil"));
    private_view(CLONE_NEWNS);
    if (!strcmp(how, "bind")) {
        must(mount(in(d, "evil"), in(d, "good"), NULL, MS_BIND, NULL), "bind");
        close(must(open(in(d, "good"), O_RDONLY), "open good"));
    } else if (!strcmp(how, "pivot")) {
        must(mount("none", in(d, "m"), "tmpfs", 0, NULL), "tmpfs");
        must(mkdir(in(d, "m/old"), 0755), "old");
        must(syscall(SYS_pivot_root, in(d, "m"), in(d, "m/old")), "pivot_root");
        must(chdir("/"), "chdir");
        create(AT_FDCWD, "/canary");
    } else if (!strcmp(how, "detached")) {
        create(must(syscall(SYS_open_tree, AT_FDCWD, d, 1 | O_CLOEXEC), "open_tree"), "canary");
    } else if (!strcmp(how, "fsmount")) {
        int fs = must(syscall(SYS_fsopen, "tmpfs", 0), "fsopen");
        must(syscall(SYS_fsconfig, fs, 6, NULL, NULL, 0), "fsconfig");
        create(must(syscall(SYS_fsmount, fs, 0, 0), "fsmount"), "canary");
    } else if (!strcmp(how, "overlay")) {
        must(mkdir(in(d, "l"), 0755), "l"), must(mkdir(in(d, "u"), 0755), "u"), must(mkdir(in(d, "w"), 0755), "w");
        snprintf(opts, sizeof opts, "lowerdir=%s/l,upperdir=%s/u,workdir=%s/w,userxattr", d, d, d);
        must(mount("overlay", in(d, "m"), "overlay", 0, opts), "overlay");
        create(AT_FDCWD, in(d, "m/canary"));
    } else {
        must(mount("none", in(d, "m"), "tmpfs", 0, NULL), "tmpfs");
        create(AT_FDCWD, in(d, "m/canary"));
    }
    return 0;
}
