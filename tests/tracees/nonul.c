/* B14, B18: names without end, and pointers to nowhere; then a plain act. */
#include "tracee.h"
int main(int argc, char **argv) {
    char *page = mmap(0, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(page, 'n', 2 * 4096);
    must(munmap(page + 2 * 4096, 4096), "munmap");
    if (open(page, O_RDONLY) != -1 || errno != ENAMETOOLONG) die("open 8192 bytes");
    if (open(page + 2 * 4096 - 100, O_RDONLY) != -1 || errno != EFAULT) die("open at the edge");
    if (syscall(SYS_open, 0L, O_RDONLY) != -1 || errno != EFAULT) die("open NULL");
    if (syscall(SYS_mkdir, 1L, 0755) != -1 || errno != EFAULT) die("mkdir 1");
    if (syscall(SYS_execve, page, 8L, -1L) != -1) die("execve");
    if (syscall(SYS_connect, 0, -1L, 16L) != -1) die("connect");
    if (syscall(SYS_sendmsg, 0, -1L, 0L) != -1) die("sendmsg");
    canary(argv[1]);
    return 0;
}
