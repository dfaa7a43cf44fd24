/* A15: `parent PROG ARG...` leaves a ring open as descriptor 9 and executes PROG; `child DIR` uses it without setup. */
#include "uring.h"
int main(int argc, char **argv) {
    struct ring r;
    if (!strcmp(argv[1], "parent")) {
        ring_new(&r);
        char text[2 * sizeof r.p + 1];
        for (size_t i = 0; i < sizeof r.p; i++) sprintf(text + 2 * i, "%02x", ((unsigned char *)&r.p)[i]);
        setenv("RING", text, 1);
        must(dup2(r.fd, 9), "dup2");
        close(r.fd);
        execv(argv[2], argv + 2);
        die("execv");
    }
    const char *text = getenv("RING");
    memset(&r, 0, sizeof r);
    for (size_t i = 0; i < sizeof r.p; i++) sscanf(text + 2 * i, "%2hhx", (unsigned char *)&r.p + i);
    r.fd = 9;
    if (syscall(SYS_io_uring_enter, 9, 0, 0, 0, 0, 0) < 0) die("io_uring_enter");
    ring_map(&r);
    struct io_uring_sqe s;
    memset(&s, 0, sizeof s);
    s.opcode = IORING_OP_MKDIRAT;
    s.fd = AT_FDCWD;
    s.len = 0755;
    s.addr = (uintptr_t)in(argv[2], "canary");
    return ring_do(&r, s) < 0;
}
