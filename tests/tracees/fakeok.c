/* A02: the child's own filter makes a call "succeed" without effect; nothing may be recorded as done. */
#include "bpf.h"
int main(int argc, char **argv) {
    if (filter_call(SYS_mkdir, SECCOMP_RET_ERRNO | 0, 0)) die("seccomp");
    if (syscall(SYS_mkdir, in(argv[1], "canary"), 0755)) die("mkdir");
    gone(argv[1], "canary");
    puts("outcome fake");
    return 0;
}
