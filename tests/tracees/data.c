/* A03: the child's RET_TRACE|0 stands before the recorder's, and its data value comes first. argv[2] "plain": no filter. */
#include "bpf.h"
#include "uring.h"
int main(int argc, char **argv) {
    struct ring r;
    struct io_uring_sqe s;
    if (argc < 3 && filter_call(SYS_io_uring_setup, SECCOMP_RET_TRACE | 0, 0)) die("seccomp");
    ring_new(&r);
    memset(&s, 0, sizeof s);
    s.opcode = IORING_OP_MKDIRAT;
    s.fd = AT_FDCWD;
    s.len = 0755;
    s.addr = (uintptr_t)in(argv[1], "canary");
    if (ring_do(&r, s) < 0) die("mkdirat");
    return 0;
}
