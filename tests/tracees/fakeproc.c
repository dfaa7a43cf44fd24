/* C11: `PROG ARG...` under an empty file system mounted over /proc. */
#include "tracee.h"
#include <sys/mount.h>
int main(int argc, char **argv) {
    if (getuid()) private_view(CLONE_NEWNS);
    else must(unshare(CLONE_NEWNS), "unshare");
    must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private");
    must(mount("none", "/proc", "tmpfs", 0, NULL), "tmpfs on /proc");
    execv(argv[1], argv + 1);
    die("execv");
}
