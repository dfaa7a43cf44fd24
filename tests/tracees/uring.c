/* A14: acts by io_uring, where no system call of theirs happens. argv[2]: mkdir, write, connect, unlink, rename. */
#include "uring.h"
#include <arpa/inet.h>
int main(int argc, char **argv) {
    struct ring r;
    struct io_uring_sqe s;
    const char *what = argv[2];
    int res;
    ring_new(&r);
    memset(&s, 0, sizeof s);
    s.fd = AT_FDCWD;
    s.addr = (uintptr_t)in(argv[1], "canary");
    if (!strcmp(what, "mkdir")) {
        s.opcode = IORING_OP_MKDIRAT;
        s.len = 0755;
    } else if (!strcmp(what, "unlink")) {
        s.opcode = IORING_OP_UNLINKAT;
    } else if (!strcmp(what, "rename")) {
        s.opcode = IORING_OP_RENAMEAT;
        s.addr2 = (uintptr_t)in(argv[1], "renamed");
        s.len = AT_FDCWD;
    } else if (!strcmp(what, "write")) {
        s.opcode = IORING_OP_OPENAT;
        s.open_flags = O_CREAT | O_WRONLY;
        s.len = 0644;
    } else {
        static struct sockaddr_in to = {.sin_family = AF_INET};
        to.sin_port = htons(atoi(argv[3]));
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        memset(&s, 0, sizeof s);
        s.opcode = IORING_OP_CONNECT;
        s.fd = must(socket(AF_INET, SOCK_STREAM, 0), "socket");
        s.addr = (uintptr_t)&to;
        s.off = sizeof to;
    }
    res = ring_do(&r, s);
    if (res < 0) errno = -res, die(what);
    if (!strcmp(what, "connect")) must(write(s.fd, "seen", 4), "write");
    return 0;
}
