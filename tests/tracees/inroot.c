/* C03: openat2 with RESOLVE_IN_ROOT: an absolute name means one below the directory. */
#include "tracee.h"
#include <linux/openat2.h>
int main(int argc, char **argv) {
    struct open_how how = {.flags = O_CREAT | O_WRONLY, .mode = 0644, .resolve = RESOLVE_IN_ROOT};
    must(mkdir(in(argv[1], "root"), 0755), "root");
    must(mkdir(in(argv[1], "root/etc"), 0755), "etc");
    int dir = must(open(in(argv[1], "root"), O_PATH), "open");
    must(syscall(SYS_openat2, dir, "/etc/canary", &how, sizeof how), "openat2");
    return 0;
}
