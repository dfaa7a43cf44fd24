/* A31, E03, E06, E08: one act on a file by each call that has one. argv[2] names the call; the file is canary, or comes to be. */
#include "tracee.h"
#include <linux/fs.h>
#include <mqueue.h>
#include <sys/ioctl.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <utime.h>
#define ACT(name, ...) if (!strcmp(how, #name)) return put(f, "content"), acted(__VA_ARGS__);
#define NEW(name, ...) if (!strcmp(how, #name)) return acted(__VA_ARGS__);
static int acted(long rc) {
    if (rc != -1) return 0;
    quit(errno == ENOSYS || errno == EOPNOTSUPP ? 77 : 1, "the call");
    return 1;
}
static long setflags(const char *f) {
    int fd = open(f, O_RDONLY), flags = 0;
    if (ioctl(fd, FS_IOC_GETFLAGS, &flags)) skip("FS_IOC_GETFLAGS");
    flags ^= FS_NODUMP_FL;
    return ioctl(fd, FS_IOC_SETFLAGS, &flags);
}
static long bind_to(const char *f) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    strncpy(a.sun_path, f, sizeof a.sun_path - 1);
    return bind(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&a, sizeof a);
}
int main(int argc, char **argv) {
    char *d = argv[1], *how = argv[2], *f = in(d, "canary"), mq[64];
    struct timespec t[2] = {{1, 0}, {2, 0}};
    struct timeval tv[2] = {{1, 0}, {2, 0}};
    struct utimbuf ut = {1, 2};
    struct { const void *value; uint32_t size, flags; } xa __attribute__((aligned(8))) = {"v", 1, 0};
    struct { uint64_t xflags; uint32_t extsize, nextents, projid, cowextsize; } fa = {FS_XFLAG_NODUMP, 0, 0, 0, 0};
    snprintf(mq, sizeof mq, "/sekisho-test-%d", getpid());
    must(chdir(d), "chdir");
    ACT(truncate, truncate(f, 1)) ACT(ftruncate, ftruncate(open(f, O_RDWR), 1)) ACT(otrunc, open(f, O_RDONLY | O_TRUNC))
    ACT(chmod, chmod(f, 0600)) ACT(fchmod, fchmod(open(f, O_RDONLY), 0600)) ACT(fchmodat, fchmodat(AT_FDCWD, "canary", 0600, 0))
    ACT(fchmodat2, syscall(NR_FCHMODAT2, AT_FDCWD, f, 0600, AT_SYMLINK_NOFOLLOW))
    ACT(chown, chown(f, getuid(), -1)) ACT(lchown, lchown(f, getuid(), -1)) ACT(fchown, fchown(open(f, O_RDONLY), getuid(), -1))
    ACT(fchownat, fchownat(AT_FDCWD, "canary", getuid(), -1, 0))
    ACT(utimensat, utimensat(AT_FDCWD, f, t, 0)) ACT(futimens, futimens(open(f, O_RDONLY), t)) ACT(utimes, syscall(SYS_utimes, f, tv))
    ACT(utime, syscall(SYS_utime, f, &ut)) ACT(futimesat, syscall(SYS_futimesat, AT_FDCWD, "canary", tv))
    ACT(setxattr, setxattr(f, "user.a", "v", 1, 0)) ACT(lsetxattr, lsetxattr(f, "user.a", "v", 1, 0))
    ACT(fsetxattr, fsetxattr(open(f, O_RDONLY), "user.a", "v", 1, 0))
    ACT(setxattrat, syscall(NR_SETXATTRAT, AT_FDCWD, f, 0, "user.a", &xa, sizeof xa))
    ACT(removexattr, setxattr(f, "user.a", "v", 1, 0) ? -1 : removexattr(f, "user.a"))
    ACT(file_setattr, syscall(NR_FILE_SETATTR, AT_FDCWD, f, &fa, sizeof fa, 0)) ACT(setflags, setflags(f))
    ACT(unlink, syscall(SYS_unlink, f)) ACT(unlinkat, unlinkat(AT_FDCWD, "canary", 0)) ACT(link, syscall(SYS_link, f, "other"))
    ACT(rename, syscall(SYS_rename, f, "other")) ACT(renameat, syscall(SYS_renameat, AT_FDCWD, f, AT_FDCWD, "other"))
    ACT(fallocate, fallocate(open(f, O_RDWR), 0, 0, 9000))
    NEW(creat, syscall(SYS_creat, f, 0644)) NEW(open, syscall(SYS_open, f, O_CREAT | O_WRONLY, 0644))
    NEW(symlink, syscall(SYS_symlink, "text", f)) NEW(symlinkat, symlinkat("text", AT_FDCWD, "canary"))
    NEW(mknod, syscall(SYS_mknod, f, S_IFIFO | 0644, 0)) NEW(mknodat, mknodat(AT_FDCWD, "canary", S_IFREG | 0644, 0))
    NEW(mkdirat, mkdirat(AT_FDCWD, "canary", 0755)) NEW(rmdir, mkdir("dir", 0755) ? -1 : rmdir("dir")) NEW(bind, bind_to("canary"))
    NEW(shm_open, shm_open(mq, O_CREAT | O_RDWR, 0600) < 0 ? -1 : shm_unlink(mq))
    NEW(mq_open, mq_open(mq, O_CREAT | O_RDWR, 0600, NULL) < 0 ? -1 : mq_unlink(mq))
    NEW(memfd, memfd_create("canary", 0))
    quit(2, "no such act");
}
