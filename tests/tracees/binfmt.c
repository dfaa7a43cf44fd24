/* C09, D03: a private binfmt_misc makes the kernel run a program for a file that looks like nothing. argv[2] "fixed": the kernel
   opens that program when it is told of it (flag F), and its file is gone when it runs. */
#include "tracee.h"
#include <sys/mount.h>
int main(int argc, char **argv) {
    char rule[4300], *helo = in(argv[1], "helo");
    put(helo, "HELO there");
    chmod(helo, 0755);
    private_view(CLONE_NEWNS);
    must(mount("none", "/proc/sys/fs/binfmt_misc", "binfmt_misc", 0, NULL), "mount binfmt_misc");
    char *script = in(argv[1], "interp");
    copy_file(sibling("binfmt_interp"), script, 0755);
    snprintf(rule, sizeof rule, ":sekisho-test:M::HELO::%s:%s", script, argc > 2 ? "F" : "");
    put("/proc/sys/fs/binfmt_misc/register", rule);
    if (argc > 2) must(unlink(script), "unlink");
    pid_t pid = must(fork(), "fork");
    if (!pid) execl(helo, helo, argv[1], (char *)NULL), die("execl");
    reap(pid);
    return 0;
}
