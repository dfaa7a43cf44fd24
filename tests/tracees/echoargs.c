/* Appends its first argument to argv[2]: what the kernel really passed. */
#include "tracee.h"
int main(int argc, char **argv) {
    int fd = open(argv[2], O_WRONLY | O_APPEND | O_CREAT, 0644);
    return fd < 0 || write(fd, argv[1], 1) != 1;
}
