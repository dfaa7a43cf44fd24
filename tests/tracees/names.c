/* C12-C15, C19, D07-D09, E01: names that lie. argv[2] says which; each acts on "canary" or prints the inode it really used. */
#include "tracee.h"
#include <sys/ioctl.h>
static char link_of[64];
static char *self_fd(int fd) {
    snprintf(link_of, sizeof link_of, "/proc/self/fd/%d", fd);
    return link_of;
}
int main(int argc, char **argv) {
    char *d = argv[1], *how = argv[2], *file = in(d, "file"), *target = in(d, "canary");
    int fd;
    put(file, "one");
    if (!strcmp(how, "deleted")) {
        put(in(d, "file (deleted)"), "two");
        tell_ino("named", in(d, "file (deleted)"));
        tell_ino("unlinked", file);
        fd = must(open(file, O_PATH), "O_PATH");
        must(unlink(file), "unlink");
        must(write(must(open(self_fd(fd), O_WRONLY | O_TRUNC), "reopen"), "three", 5), "write");
        must(open(in(d, "file (deleted)"), O_RDWR), "open named");
    } else if (!strcmp(how, "rename")) {
        fd = must(open(in(d, "before"), O_CREAT | O_WRONLY, 0644), "open");
        must(rename(in(d, "before"), target), "rename");
        must(write(fd, "later", 5), "write");
    } else if (!strcmp(how, "hardlink")) {
        must(link(file, target), "link");
        fd = must(open(target, O_WRONLY | O_TRUNC), "open");
        must(write(fd, "by the other name", 17), "write");
    } else if (!strcmp(how, "exchange")) {
        put(target, "evil");
        must(syscall(SYS_renameat2, AT_FDCWD, file, AT_FDCWD, target, 2), "RENAME_EXCHANGE");
    } else if (!strcmp(how, "whiteout")) {
        if (syscall(SYS_renameat2, AT_FDCWD, file, AT_FDCWD, target, 4)) skip("RENAME_WHITEOUT");
    } else if (!strcmp(how, "opath")) {
        fd = must(open(file, O_PATH), "O_PATH");
        must(write(must(open(self_fd(fd), O_RDWR), "reopen"), "reopened", 8), "write");
        must(linkat(AT_FDCWD, self_fd(fd), AT_FDCWD, target, AT_SYMLINK_FOLLOW), "linkat");
    } else if (!strcmp(how, "empty")) {
        fd = must(open(file, O_PATH), "O_PATH");
        if (syscall(NR_FCHMODAT2, fd, "", 0600, AT_EMPTY_PATH)) quit(errno == ENOSYS ? 77 : 1, "fchmodat2");
    } else if (!strcmp(how, "tmpfile")) {
        fd = must(open(d, O_TMPFILE | O_WRONLY, 0644), "O_TMPFILE");
        must(write(fd, "appears", 7), "write");
        must(linkat(AT_FDCWD, self_fd(fd), AT_FDCWD, target, AT_SYMLINK_FOLLOW), "linkat");
    } else if (!strcmp(how, "symlink")) {
        must(symlink("real", in(d, "out")), "symlink");
        put(in(d, "out"), "through a link");
    } else if (!strcmp(how, "nfd")) {
        must(mkdir(in(d, "cafe\xcc\x81"), 0755), "nfd");
        must(mkdir(in(d, "caf\xc3\xa9"), 0755), "nfc");
    }
    return 0;
}
