/* C08: enters the network namespace of a process outside the step (our grandparent stands for it). argv[2]: outside, own. */
#include "tracee.h"
int main(int argc, char **argv) {
    char path[64];
    int fd;
    if (!strcmp(argv[2], "own")) {
        private_view(CLONE_NEWNS);
        fd = must(open("/proc/self/ns/mnt", O_RDONLY), "open");
    } else {
        snprintf(path, sizeof path, "/proc/%d/ns/net", getppid());
        fd = must(open(path, O_RDONLY), path);
    }
    if (setns(fd, 0)) die("setns");
    canary(argv[1]);
    return 0;
}
