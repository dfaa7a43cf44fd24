/* B17: the name lies in memfd_secret memory, which no tracer can read but the kernel can. */
#include "tracee.h"
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif
int main(int argc, char **argv) {
    int fd = syscall(SYS_memfd_secret, 0);
    if (fd < 0) die("memfd_secret");
    must(ftruncate(fd, 4096), "ftruncate");
    char *page = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) skip("mmap of secret memory");
    strcpy(page, in(argv[1], "canary"));
    return mkdir(page, 0755) != 0;
}
