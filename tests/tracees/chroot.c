/* C04: in a chroot, names mean other files. */
#include "tracee.h"
int main(int argc, char **argv) {
    must(mkdir(in(argv[1], "root"), 0755), "root");
    if (getuid()) private_view(0);
    must(chroot(in(argv[1], "root")), "chroot");
    must(chdir("/"), "chdir");
    must(mkdir("/canary", 0755), "mkdir");
    return 0;
}
