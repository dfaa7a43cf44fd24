/* A16: kernel AIO writes to a file that was opened before; the open is the act, the content must be right at the end. */
#include "tracee.h"
#include <linux/aio_abi.h>
int main(int argc, char **argv) {
    aio_context_t ctx = 0;
    struct iocb cb, *list = &cb;
    struct io_event ev;
    int fd = must(open(in(argv[1], "canary"), O_CREAT | O_RDWR, 0644), "open");
    if (syscall(SYS_io_setup, 1, &ctx)) die("io_setup");
    memset(&cb, 0, sizeof cb);
    cb.aio_fildes = fd;
    cb.aio_lio_opcode = IOCB_CMD_PWRITE;
    cb.aio_buf = (uintptr_t) "asynchronous";
    cb.aio_nbytes = 12;
    if (syscall(SYS_io_submit, ctx, 1, &list) != 1) die("io_submit");
    if (syscall(SYS_io_getevents, ctx, 1, 1, &ev, 0) != 1 || ev.res != 12) die("io_getevents");
    return 0;
}
