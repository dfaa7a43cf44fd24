/* A10, A11: mkdir by another calling convention of this processor. argv[2]: int80 (i386), x32. */
#include "tracee.h"
int main(int argc, char **argv) {
    char *low = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    if (low == MAP_FAILED) skip("MAP_32BIT");
    strcpy(low, in(argv[1], "canary"));
    long rc;
    if (!strcmp(argv[2], "int80"))
        __asm__ volatile("int $0x80" : "=a"(rc) : "a"(39L), "b"(low), "c"(0755L) : "memory", "r8", "r9", "r10", "r11");
    else
        rc = syscall(0x40000000 + SYS_mkdir, low, 0755) ? -errno : 0;
    if (rc < 0) {
        errno = -rc;
        die(argv[2]);
    }
    return 0;
}
