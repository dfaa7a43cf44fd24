/* C09: a private binfmt_misc makes the kernel run mk for a file that looks like nothing. */
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
    snprintf(rule, sizeof rule, ":sekisho-test:M::HELO::%s:", script);
    put("/proc/sys/fs/binfmt_misc/register", rule);
    pid_t pid = must(fork(), "fork");
    if (!pid) execl(helo, helo, argv[1], (char *)NULL), die("execl");
    reap(pid);
    return 0;
}
