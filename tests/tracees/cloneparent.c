/* A07: the child is a sibling of its creator: the kernel's parent is whoever started us. */
#include "tracee.h"
int main(int argc, char **argv) {
    int done[2];
    char c;
    must(pipe(done), "pipe");
    pid_t pid = must(syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0), "clone CLONE_PARENT");
    if (!pid) {
        canary(argv[1]);
        must(write(done[1], "x", 1), "write");
        _exit(0);
    }
    close(done[1]);
    return read(done[0], &c, 1) != 1;
}
